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

#include <thread>
#include <vector>

#include "stress/program.hpp"
#include "stress/swapping.hpp"
#include "support/random.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {
namespace {

using Work = Swapping<heap>;

size_t thread_last = 0;

void run_all(Random& random, size_t thread_count, size_t operation_count) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back(Work::run, random.next(),
                         operation_count / thread_count, ++thread_last);
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
  Work::drop_all();
  const auto [broken_count, refused_count, foreign_count] = Work::counts();
  printf("%zu blocks taken from another thread\n", foreign_count);
  result.expect(broken_count == 0, "a block was overwritten", round_count);
  result.expect(refused_count == 0, "memory was refused", round_count);
  // How many there are is up to the scheduler.
  result.expect(foreign_count > operation_count / 20, "few blocks of others",
                round_count);
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
  return mote::run_stress(count, arguments, mote::main_of);
}
