-- Objects, closures, string building and a priority queue.
local seed = 42
local function random(bound)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 256 % bound
end
local heap = {}
local function push(item)
  heap[#heap + 1] = item
  local i = #heap
  while i > 1 and heap[i // 2].cost > heap[i].cost do
    heap[i // 2], heap[i] = heap[i], heap[i // 2]
    i = i // 2
  end
end
local parts, objects = {}, {}
for i = 1, 60000 do
  local item = { cost = random(1000000), name = "item" .. i, next = function() return i end }
  push(item)
  objects[random(20000) + 1] = item
  if i % 10 == 0 then parts[#parts + 1] = item.name .. ":" .. item.cost end
end
local text = table.concat(parts, ",")
local found = 0
for word in text:gmatch("[^,]+") do
  if word:find("7") then found = found + 1 end
end
print(#text, found, heap[1].cost)
