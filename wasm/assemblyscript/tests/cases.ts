// What AssemblyScript's standard library and its collector do with mote: each
// export is a test, which stops the module when it fails.

class Node {
  next: Node | null = null;
  values: StaticArray<i32> = new StaticArray<i32>(8);
  constructor(public number: i32) {
    this.values[7] = number;
  }
}

function list_of(count: i32): Node | null {
  let first: Node | null = null;
  for (let i = 0; i < count; ++i) {
    const node = new Node(i);
    node.next = first;
    first = node;
  }
  return first;
}

export function test_the_collector_keeps_what_is_reachable(): void {
  const kept = list_of(5000);
  for (let round = 0; round < 20; ++round) {
    list_of(5000);
    __collect();
  }
  let number = 5000;
  let node = kept;
  while (node) {
    --number;
    assert(node.number == number && node.values[7] == number);
    node = node.next;
  }
  assert(number == 0);
}

export function test_garbage_leaves_the_memory_as_large_as_it_was(): void {
  for (let round = 0; round < 5; ++round) list_of(20000);
  __collect();
  const pages = memory.size();
  for (let round = 0; round < 50; ++round) list_of(20000);
  assert(memory.size() <= pages + pages / 4);
}

export function test_arrays_grow_and_keep_their_values(): void {
  const numbers: i64[] = [];
  for (let i = 0; i < 100000; ++i) numbers.push(i);
  for (let i = 0; i < 100000; ++i) assert(numbers[i] == i);
  numbers.length = 10;
  assert(numbers[9] == 9);
}

export function test_strings_and_maps(): void {
  const seen = new Map<string, string>();
  for (let i = 0; i < 5000; ++i) seen.set("key " + i.toString(), "value ".repeat(i % 50) + i.toString());
  for (let i = 0; i < 5000; ++i) {
    const value = seen.get("key " + i.toString());
    assert(value == "value ".repeat(i % 50) + i.toString());
  }
  assert(seen.size == 5000);
}

export function test_heap_blocks_are_aligned_and_keep_their_bytes(): void {
  let ptr = heap.alloc(100);
  for (let i = 0; i < 100; ++i) store<u8>(ptr + i, i);
  for (let size = 200; size < 2000000; size *= 3) {
    ptr = heap.realloc(ptr, size);
    assert((ptr & 15) == 0);
    for (let i = 0; i < 100; ++i) assert(load<u8>(ptr + i) == i);
  }
  heap.free(ptr);
}

export function test_heap_blocks_that_were_freed_serve_again(): void {
  const first = heap.alloc(1000000);
  heap.free(first);
  const pages = memory.size();
  for (let i = 0; i < 100; ++i) heap.free(heap.alloc(1000000));
  assert(memory.size() == pages);
}

// A literal is in static memory, which __realloc must copy from.
const literal: StaticArray<u8> = [1, 2, 3, 4, 5];

export function test_static_memory_is_copied_when_it_grows(): void {
  const grown = __renew(changetype<usize>(literal), 1000);
  for (let i = 0; i < 5; ++i) assert(load<u8>(grown + i) == i + 1);
  assert(grown != changetype<usize>(literal));
}

export function test_large_buffers_are_zero(): void {
  for (let i = 1; i < 40; ++i) {
    const bytes = new Uint8Array(i * 5000);
    for (let j = 0; j < bytes.length; ++j) assert(bytes[j] == 0);
    bytes.fill(0xFF);
  }
}

// Each stops the module.
export function refuse_a_block_of_everything(): void {
  heap.alloc(0xFFFFFFF8);
}

export function refuse_to_grow_a_block_to_everything(): void {
  heap.realloc(heap.alloc(10), 0xFFFFFFF8);
}

export function refuse_a_second_free(): void {
  const ptr = heap.alloc(100);
  heap.free(ptr);
  heap.free(ptr);
}
