// One thread lists and counts what a heap consists of, again and again, while
// others allocate and free so that slabs are born and die, which takes no lock:
// what it is told must be a heap.
//   walks OPERATIONS [THREADS [SEED]]
// Prints `N passed, M failed`.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <thread>
#include <vector>

#include "inspect.hpp"
#include "stress/program.hpp"
#include "support/pieces.hpp"
#include "support/random.hpp"

// What native/malloc_info.cpp asks.
extern "C" {
void mote_stats(mote_statistics* statistics) {
  mote::Inspection<mote::heap>::stats(statistics);
}
struct Mallinfo {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks,
      fordblks, keepcost;
};
Mallinfo mallinfo2();
}

namespace mote {
namespace {

// Slabs are born while many blocks of a size are allocated, and die while they
// are freed; what was written to some of the blocks lies where others are born.
void allocate_and_free(uint64_t seed, size_t operation_count) {
  constexpr size_t bytes_max = size_t{1} << 20;
  Random random(seed);
  std::vector<void*> blocks;
  for (size_t done = 0; done < operation_count; done += 2 * blocks.size()) {
    const size_t size =
        random.one_in(8) ? random.between(1, 20'000) : random.between(1, 1000);
    const size_t count = random.between(1, 400);
    const int byte = static_cast<int>(random.below(256));
    blocks.clear();
    for (size_t i = 0; i < count && i * size < bytes_max; ++i) {
      blocks.push_back(heap.allocate(size));
      if (byte % 2 != 0) memset(blocks.back(), byte, size);
    }
    for (void* block : blocks) heap.free(block);
  }
}

// No sum of the two is asked for: what is counted below 0 would not be seen.
bool exceeds(size_t used_bytes, size_t free_bytes, size_t footprint_bytes) {
  return used_bytes > footprint_bytes ||
         free_bytes > footprint_bytes - used_bytes;
}

const char* check_counts(const mote_statistics& s) {
  size_t used_count = 0, used_bytes = 0, free_count = 0, free_bytes = 0;
  for (const mote_blocks& blocks : s.by_size) {
    used_count += blocks.used_count;
    used_bytes += blocks.used_bytes;
    free_count += blocks.free_count;
    free_bytes += blocks.free_bytes;
  }
  if (used_count != s.used_count || used_bytes != s.used_bytes ||
      free_count != s.free_count || free_bytes != s.free_bytes)
    return "sizes that are not the sum";
  if (exceeds(used_bytes, free_bytes, s.footprint_bytes))
    return "blocks of more bytes than there are";
  if (s.footprint_bytes > s.peak_footprint_bytes) return "more than ever";
  if (s.slab_count > s.footprint_bytes / native_profile.slab_size)
    return "more slabs than pages";
  if (s.largest_free_bytes > free_bytes || s.last_free_bytes > free_bytes)
    return "a free block of more bytes than are free";
  return nullptr;
}

const char* check_mallinfo() {
  const Mallinfo info = mallinfo2();
  return exceeds(info.uordblks, info.fordblks, info.arena)
             ? "mallinfo2: blocks of more bytes than there are"
             : nullptr;
}

constexpr size_t piece_count_max = size_t{1} << 19;
mote_piece pieces[piece_count_max];

const char* check_walk() {
  const size_t count = Inspection<heap>::walk(pieces, piece_count_max);
  if (count > piece_count_max) return "too many pieces for this test";
  return check_pieces<native_profile.alignment>(pieces, count);
}

const char* look() {
  mote_statistics statistics;
  mote_stats(&statistics);
  const char* problem = check_counts(statistics);
  if (problem == nullptr) problem = check_mallinfo();
  return problem != nullptr ? problem : check_walk();
}

int main_of(size_t operation_count, size_t thread_count, uint64_t seed) {
  Random random(seed);
  printf("%zu operations, %zu threads and one that looks, seed %llu\n",
         operation_count, thread_count, static_cast<unsigned long long>(seed));
  std::atomic<size_t> running = thread_count;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, own_seed = random.next()] {
      allocate_and_free(own_seed, operation_count / thread_count);
      --running;
    });
  }
  size_t look_count = 0;
  size_t problem_count = 0;
  for (; running != 0; ++look_count) {
    const char* const problem = look();
    if (problem == nullptr) continue;
    ++problem_count;
    printf("%s\n", problem);
  }
  for (std::thread& thread : threads) thread.join();
  printf("looked %zu times, %zu problems\n", look_count, problem_count);
  if (look_count < 10) puts("that is less than ten times");
  const bool is_good = look_count >= 10 && problem_count == 0;
  printf("%d passed, %d failed\n", is_good ? 1 : 0, is_good ? 0 : 1);
  return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace mote

int main(int count, char** arguments) {
  return mote::run_stress(count, arguments, mote::main_of);
}
