-- Counts things.
local Counter = {}

--[[ Makes a counter.
end ]]
function Counter.new(start)
  local text = [[
end
]]
  return { value = start }
end

function Counter:add(n)
  if n then
    self.value = self.value + n
  end
end

local twice = function(n)
  return n * 2
end

return Counter
