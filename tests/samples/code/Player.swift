import Foundation

protocol Playing {
    func play() throws
}

struct Player: Playing {
    let name: String

    init(name: String) {
        self.name = name
    }

    func play() throws {
        guard !name.isEmpty else { return }
        print("\(name) plays {")
    }
}

extension Player {
    static func == (left: Player, right: Player) -> Bool {
        left.name == right.name
    }
}
