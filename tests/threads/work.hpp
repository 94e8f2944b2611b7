// What threads do to a heap, through the C names only; the same for modules
// without a C library and for pthreads. What is wrong traps, and the name of
// the function is in the stack that the engine shows.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mote/mote.h"
#include "split_mix.hpp"
#include "support/filled_block.hpp"

extern "C" {
void* malloc(size_t size);
void free(void* ptr);
void* realloc(void* ptr, size_t size);
void* aligned_alloc(size_t align, size_t size);
}

namespace work {

inline void check(bool condition) {
  if (!condition) __builtin_trap();
}

struct Random {
  uint64_t state;

  explicit Random(uint64_t seed) : state(seed << 32) {}
  uint64_t next() { return mote::split_mix(state += mote::split_mix_step); }
};

using Block = mote::FilledBlock;

inline Block* filled(void* ptr, size_t size) {
  if (!ptr) return nullptr;
  return Block::write(ptr, size, static_cast<uint32_t>(size));
}

inline Block* allocate(size_t size) { return filled(malloc(size), size); }

inline void check_block(Block* block) {
  check(mote_usable_size(block) >= block->size && block->is_whole());
}

inline void drop(Block* block) {
  if (!block) return;
  check_block(block);
  free(block);
}

// Mostly what slabs serve, some beyond, a few that the memory must grow for.
inline size_t any_size(Random& random) {
  const uint64_t bits = random.next();
  const size_t max = bits % 64 == 0 ? 60000 : bits % 8 == 0 ? 4000 : 384;
  return Block::size_min + (bits >> 16) % max;
}

// Where threads leave blocks for others, and find those of others.
inline constexpr size_t shelf_size = 1024;
inline Block* shelf[shelf_size];

inline Block* exchange(size_t index, Block* block) {
  return __atomic_exchange_n(&shelf[index % shelf_size], block,
                             __ATOMIC_ACQ_REL);
}

inline void empty_shelf() {
  for (size_t i = 0; i < shelf_size; ++i) drop(exchange(i, nullptr));
}

// Allocates, moves, frees, and leaves to others, at random.
inline void churn(uint64_t seed, size_t operation_count) {
  constexpr size_t own_max = 512;
  Random random(seed);
  auto** own = static_cast<Block**>(mote_zalloc(own_max * sizeof(Block*), 0));
  check(own);
  for (size_t i = 0; i < operation_count; ++i) {
    Block*& block = own[random.next() % own_max];
    const uint64_t what = random.next();
    if (!block) {
      const size_t size = any_size(random);
      const size_t align = size_t{16} << what % 6;
      block =
          what % 16 ? allocate(size) : filled(aligned_alloc(align, size), size);
      check(block);
    } else if (what % 4 == 0) {
      drop(exchange(static_cast<size_t>(what >> 8), block));
      block = nullptr;
    } else if (what % 8 == 1) {
      const size_t size = any_size(random);
      check_block(block);
      block = filled(realloc(block, size), size);
      check(block);
    } else {
      drop(block);
      block = nullptr;
    }
  }
  for (size_t i = 0; i < own_max; ++i) drop(own[i]);
  free(own);
}

// Leaves live blocks behind, in the place of those of threads before.
inline void leave_blocks(uint64_t seed, size_t count) {
  Random random(seed);
  for (size_t i = 0; i < count; ++i) {
    Block* block = allocate(Block::size_min + random.next() % 376);
    check(block);
    drop(exchange(static_cast<size_t>(random.next()), block));
  }
}

// Large blocks, so that the memory grows from several threads at once.
inline void grow(uint64_t seed, size_t count) {
  Random random(seed);
  auto** blocks = static_cast<Block**>(mote_zalloc(count * sizeof(Block*), 0));
  check(blocks);
  for (size_t i = 0; i < count; ++i)
    check((blocks[i] = allocate(50000 + random.next() % 250000)));
  for (size_t i = 0; i < count; ++i) drop(blocks[i]);
  free(blocks);
}

// Takes memory until there is none, frees all of it; how many blocks there
// were.
inline size_t exhaust(size_t size) {
  Block* last = nullptr;
  size_t count = 0;
  while (auto* block = static_cast<Block**>(malloc(size))) {
    *block = last;
    last = reinterpret_cast<Block*>(block);
    ++count;
  }
  while (last) {
    Block* next = *reinterpret_cast<Block**>(last);
    free(last);
    last = next;
  }
  return count;
}

// One thread only allocates, another only frees.
struct Ring {
  static constexpr size_t capacity = 512;
  Block* blocks[capacity];
  size_t produced;
  size_t consumed;
};
inline Ring ring;

inline void produce(uint64_t seed, size_t count) {
  Random random(seed);
  for (size_t i = 0; i < count; ++i) {
    Block* block = allocate(Block::size_min + random.next() % 500);
    check(block);
    const size_t at = ring.produced;
    while (at - __atomic_load_n(&ring.consumed, __ATOMIC_ACQUIRE) ==
           Ring::capacity) {
    }
    ring.blocks[at % Ring::capacity] = block;
    __atomic_store_n(&ring.produced, at + 1, __ATOMIC_RELEASE);
  }
}

inline void consume(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const size_t at = ring.consumed;
    while (__atomic_load_n(&ring.produced, __ATOMIC_ACQUIRE) == at) {
    }
    drop(ring.blocks[at % Ring::capacity]);
    __atomic_store_n(&ring.consumed, at + 1, __ATOMIC_RELEASE);
  }
}

}  // namespace work
