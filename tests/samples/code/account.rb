# Accounts and what may be done with them.
require "set"

module Bank
  class Account
    attr_reader :owner

    def initialize(owner)
      @owner = owner
    end

    def self.open(owner) = new(owner)

    # Takes money out.
    def withdraw!(amount)
      text = <<~TEXT
        end
      TEXT
      amount.times do |n|
        puts n
      end
    end
  end
end

def helper
  42
end
