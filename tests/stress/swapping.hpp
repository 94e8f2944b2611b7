// What many threads do to one heap, natively and on wasm: each takes what
// another left in a slot, checks that it holds what was written there,
// reallocates or frees it, and leaves a block of its own. To some blocks nobody
// ever writes: what lay there before stays there.
//
// `heap` has allocate, reallocate and free as mote::Heap has them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "support/filled_block.hpp"
#include "support/random.hpp"

namespace mote {

template <auto& heap>
class Swapping {
  using Block = FilledBlock;

 public:
  // Of all threads, since the beginning.
  struct Counts {
    size_t broken;   // blocks that did not hold what was written there
    size_t refused;  // calls
    size_t foreign;  // blocks that another thread than theirs took
  };

  // `thread`: any number that sets it apart from others.
  static void run(uint64_t seed, size_t operation_count, size_t thread) {
    Swapping self(seed, thread);
    for (size_t i = 0; i < operation_count; ++i) self.step();
    self.add_counts();
  }

  // Frees what lies in the slots; while no thread runs.
  static void drop_all() {
    Swapping self(0, 0);
    for (Block*& slot : slots) self.drop(exchange(slot, nullptr));
    self.add_counts();
  }

  static Counts counts() { return all_counts; }

 private:
  static constexpr size_t slot_count = 8192;
  // A block that was never written to lies there by its address and 1.
  static inline Block* slots[slot_count];
  static inline Counts all_counts;

  Random random_;
  uint32_t thread_mark_;
  Counts counts_ = {};

  Swapping(uint64_t seed, size_t thread)
      : random_(seed), thread_mark_(static_cast<uint32_t>(thread) << 16) {}

  static Block* exchange(Block*& slot, Block* block) {
    return __atomic_exchange_n(&slot, block, __ATOMIC_ACQ_REL);
  }

  void step() {
    Block*& slot = slots[random_.below(slot_count)];
    Block* block = take(slot, random_.one_in(3) ? nullptr : make());
    if (block != nullptr && random_.one_in(8))
      block = take(slot, resize(block));
    drop(block);
  }

  Block* take(Block*& slot, Block* instead) {
    Block* const block = exchange(slot, instead);
    if (is_written(block) && (block->mark ^ thread_mark_) >> 16 != 0)
      ++counts_.foreign;
    return block;
  }

  size_t random_size() {
    if (random_.one_in(500)) return random_.between(4096, 300'000);
    if (random_.one_in(8)) return random_.between(512, 6000);
    return random_.between(Block::size_min, 512);
  }

  uint32_t random_mark() {
    return thread_mark_ | static_cast<uint16_t>(random_.next());
  }

  Block* make() {
    const size_t size = random_size();
    void* const ptr =
        random_.one_in(16)
            ? heap.allocate(size, size_t{1} << random_.between(4, 12))
            : heap.allocate(size);
    if (ptr == nullptr) {
      ++counts_.refused;
      return nullptr;
    }
    return random_.one_in(4) ? unwritten(ptr)
                             : Block::write(ptr, size, random_mark());
  }

  void drop(Block* block) {
    if (is_written(block) && !block->is_whole()) ++counts_.broken;
    heap.free(ptr_of(block));
  }

  Block* resize(Block* block) {
    const size_t old_size = is_written(block) ? block->size : 0;
    const size_t size = random_size();
    auto* moved = static_cast<Block*>(heap.reallocate(ptr_of(block), 1, size));
    if (moved == nullptr) {
      ++counts_.refused;
      return block;
    }
    if (old_size != 0 && !moved->is_whole(old_size < size ? old_size : size))
      ++counts_.broken;
    return Block::write(moved, size, random_mark());
  }

  static Block* unwritten(void* ptr) {
    return reinterpret_cast<Block*>(static_cast<char*>(ptr) + 1);
  }
  static bool is_written(const Block* block) {
    return block != nullptr && address_of(block) % 2 == 0;
  }
  static void* ptr_of(Block* block) {
    return reinterpret_cast<char*>(block) - address_of(block) % 2;
  }

  void add_counts() {
    __atomic_add_fetch(&all_counts.broken, counts_.broken, __ATOMIC_RELAXED);
    __atomic_add_fetch(&all_counts.refused, counts_.refused, __ATOMIC_RELAXED);
    __atomic_add_fetch(&all_counts.foreign, counts_.foreign, __ATOMIC_RELAXED);
  }
};

}  // namespace mote
