// Many threads on one heap: blocks are allocated by one, reallocated and freed
// by others, threads begin and end, and every byte that a thread finds in a
// block is the one that was written there. The heap is verified whenever no
// thread runs. Not under the sanitizer's malloc: the heap is the program's own.
//   threads OPERATIONS [THREADS [SEED]]
// Prints `N passed, M failed`.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "hardened_heap.hpp"
#include "hardened_mmap.hpp"
#include "lock.hpp"
#include "mmap.hpp"
#include "support/random.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {
namespace {

// As native/malloc.cpp has it, in the profile that the build chose.
#ifdef MOTE_PROFILE_HARDENED
constexpr Config config = {.class_count = 32,
                           .is_hardened = true,
                           .quarantine_count = 256,
                           .quarantined_size_max = 8192};
using Source = HardenedMmap;
#else
constexpr Config config = {
    .class_count = 32, .front_bytes = 4096, .thread_cache_bytes = 131072};
using Source = Mmap;
#endif

void end_thread();
using Threads = PerThread<Lock, ThreadSlot<end_thread>>;
constinit HeapFor<config, Source, Threads> heap;
void end_thread() { heap.end_thread(true); }

// What is at the beginning of each block; the rest repeats `fill`.
struct Block {
  uint32_t size;
  uint32_t fill;
};

constexpr size_t slot_count = 4096;
std::atomic<Block*> slots[slot_count];
std::atomic<size_t> broken_count;
std::atomic<size_t> refused_count;

void write(Block* block, size_t size, uint32_t fill) {
  *block = {static_cast<uint32_t>(size), fill};
  memset(block + 1, static_cast<int>(fill & 0xFF), size - sizeof(Block));
}

// Up to `size` bytes of it: what a reallocation kept.
bool is_whole(const Block* block, size_t size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block + 1);
  const auto fill = static_cast<unsigned char>(block->fill & 0xFF);
  return std::all_of(bytes, bytes + size - sizeof(Block),
                     [fill](unsigned char byte) { return byte == fill; });
}

size_t random_size(Random& random) {
  if (random.one_in(500)) return random.between(4096, 300'000);
  if (random.one_in(8)) return random.between(512, 6000);
  return random.between(sizeof(Block), 512);
}

Block* make(Random& random) {
  const size_t size = random_size(random);
  void* const ptr =
      random.one_in(16)
          ? heap.allocate(size, size_t{1} << random.between(4, 12))
          : heap.allocate(size);
  if (ptr == nullptr) {
    ++refused_count;
    return nullptr;
  }
  auto* block = static_cast<Block*>(ptr);
  write(block, size, static_cast<uint32_t>(random.next()));
  return block;
}

void drop(Block* block) {
  if (block == nullptr) return;
  if (!is_whole(block, block->size)) ++broken_count;
  heap.free(block);
}

Block* resize(Block* block, Random& random) {
  const size_t old_size = block->size;
  const size_t size = random_size(random);
  auto* moved = static_cast<Block*>(heap.reallocate(block, 1, size));
  if (moved == nullptr) {
    ++refused_count;
    return block;
  }
  if (!is_whole(moved, std::min(old_size, size))) ++broken_count;
  write(moved, size, moved->fill + 1);
  return moved;
}

// Swaps blocks with whoever uses the same slot.
void run(uint64_t seed, size_t operation_count) {
  Random random(seed);
  for (size_t i = 0; i < operation_count; ++i) {
    std::atomic<Block*>& slot = slots[random.below(slot_count)];
    Block* block = random.one_in(3) ? nullptr : make(random);
    block = slot.exchange(block, std::memory_order_acq_rel);
    if (block != nullptr && random.one_in(8)) {
      block = resize(block, random);
      block = slot.exchange(block, std::memory_order_acq_rel);
    }
    drop(block);
  }
}

void run_all(Random& random, size_t thread_count, size_t operation_count) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back(run, random.next(), operation_count / thread_count);
  }
  for (std::thread& thread : threads) thread.join();
}

size_t slab_count() {
  size_t count = 0;
  walk(heap, [&](const mote_piece& piece) {
    count += piece.kind == mote_piece_slab;
  });
  return count;
}

struct Result {
  size_t passed = 0;
  size_t failed = 0;

  void expect(bool holds, const char* what, size_t round) {
    ++(holds ? passed : failed);
    if (!holds) printf("round %zu: %s\n", round, what);
  }
};

int main_of(size_t operation_count, size_t thread_count, uint64_t seed) {
  constexpr size_t round_count = 20;
  Random random(seed);
  Result result;
  printf("%zu operations, %zu threads at a time, seed %llu\n", operation_count,
         thread_count, static_cast<unsigned long long>(seed));
  for (size_t round = 0; round < round_count; ++round) {
    run_all(random, thread_count, operation_count / round_count);
    const char* const broken = verify(heap);
    result.expect(broken == nullptr, broken ? broken : "", round);
  }
  for (std::atomic<Block*>& slot : slots) drop(slot.exchange(nullptr));
  result.expect(broken_count == 0, "a block was overwritten", round_count);
  result.expect(refused_count == 0, "memory was refused", round_count);
  heap.end_thread(false);
  // Before this is refused, all memory that can be had is looked for.
  result.expect(heap.allocate(SIZE_MAX / 4) == nullptr, "half of all addresses",
                round_count);
  result.expect(slab_count() == 0, "a block was lost", round_count);
  result.expect(verify(heap) == nullptr, "verify at the end", round_count);
  printf("%zu passed, %zu failed\n", result.passed, result.failed);
  return result.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace mote

int main(int count, char** arguments) {
  if (count < 2) {
    fputs("usage: threads OPERATIONS [THREADS [SEED]]\n", stderr);
    return 2;
  }
  const auto number = [&](int at, size_t otherwise) {
    return at < count ? strtoull(arguments[at], nullptr, 0) : otherwise;
  };
  return mote::main_of(number(1, 0), number(2, 4), number(3, 1));
}
