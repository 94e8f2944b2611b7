// What arenas are measured on. An `Arena` here is a contender's adapter:
//   allocate(size, align), grow(ptr, old_size, align, size),
//   drop(ptr, size, align)   for one that must free each block, else nothing
//   reset()                  all blocks go
// bumpalo.rs does the same in Rust.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace bench {

inline constexpr unsigned block_count = 20'000;  // of each round

struct Request {
  uint16_t size;
  uint16_t align;
};

// Marsaglia, "Xorshift RNGs", 2003; bumpalo.rs has the same.
struct Requests {
  Request strings[block_count];
  Request mixed[block_count];

  constexpr Requests() : strings(), mixed() {
    uint32_t state = 1;
    const auto below = [&](uint32_t limit) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      return static_cast<uint16_t>(state % limit);
    };
    for (Request& request : strings) {
      request.size = static_cast<uint16_t>(below(64) + 1);
      request.align = 1;
    }
    for (Request& request : mixed) {
      request.align = static_cast<uint16_t>(1 << below(5));
      request.size = static_cast<uint16_t>(below(200) + 1);
    }
  }
};

inline Requests requests;
inline void* blocks[block_count];

struct Node {
  Node* next;
  uint64_t value;
  uint64_t unused;
};

// Objects of one size in a list.
template <class Arena>
uint64_t nodes(Arena& arena, unsigned count) {
  Node* first = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    auto* node =
        static_cast<Node*>(arena.allocate(sizeof(Node), alignof(Node)));
    node->next = first;
    node->value = i;
    first = node;
  }
  const uint64_t sum = first->value;
  while (first) {
    Node* node = first;
    first = node->next;
    arena.drop(node, sizeof(Node), alignof(Node));
    if constexpr (!Arena::must_drop) break;
  }
  arena.reset();
  return sum;
}

template <class Arena>
uint64_t serve(Arena& arena, const Request* list) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < block_count; ++i) {
    const Request request = list[i];
    auto* bytes = static_cast<volatile char*>(
        arena.allocate(request.size, request.align));
    bytes[0] = 1;
    bytes[request.size - 1] = 2;
    blocks[i] = const_cast<char*>(bytes);
    sum += request.size;
  }
  if constexpr (Arena::must_drop) {
    for (unsigned i = 0; i < block_count; ++i)
      arena.drop(blocks[i], list[i].size, list[i].align);
  }
  arena.reset();
  return sum;
}

// A vector that is filled with nothing else going on, of 4 bytes each.
template <class Arena>
uint64_t vector(Arena& arena) {
  size_t capacity = 4;
  auto* numbers = static_cast<uint32_t*>(arena.allocate(4 * capacity, 4));
  for (uint32_t i = 0; i < block_count; ++i) {
    if (i == capacity) {
      numbers = static_cast<uint32_t*>(
          arena.grow(numbers, 4 * capacity, 4, 8 * capacity));
      capacity *= 2;
    }
    static_cast<volatile uint32_t*>(numbers)[i] = i;
  }
  const uint64_t sum = numbers[block_count - 1];
  arena.drop(numbers, 4 * capacity, 4);
  arena.reset();
  return sum;
}

// An arena for each of many small pieces of work.
template <class Arena>
uint64_t requests_of_ten() {
  uint64_t sum = 0;
  for (unsigned i = 0; i < block_count / 10; ++i) {
    Arena arena;
    sum += nodes(arena, 10);
  }
  return sum;
}

inline constexpr const char* row_names[] = {
    "nodes of 24 bytes", "strings of 1 to 64 bytes",
    "1 to 200 bytes, aligned 1 to 16", "one vector that grows",
    "an arena for ten nodes"};
inline constexpr unsigned row_count = 5;

template <class Arena>
uint64_t run(unsigned row, unsigned rounds) {
  static Arena* const arena = new Arena;
  uint64_t sum = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    switch (row) {
      case 0:
        sum += nodes(*arena, block_count);
        break;
      case 1:
        sum += serve(*arena, requests.strings);
        break;
      case 2:
        sum += serve(*arena, requests.mixed);
        break;
      case 3:
        sum += vector(*arena);
        break;
      default:
        sum += requests_of_ten<Arena>();
    }
  }
  return sum;
}

}  // namespace bench
