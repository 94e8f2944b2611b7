// The wrappers' counters under many threads.
#include "counting.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "failing.hpp"
#include "global_heap.hpp"
#include "limited.hpp"

namespace mote {
namespace {

constexpr unsigned thread_count = 8;
constexpr unsigned round_count = 20'000;

template <class Work>
void in_threads(Work work) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

TEST(counting_in_threads, loses_nothing) {
  Counting<GlobalHeap, PowersOfTwo> counting;
  in_threads([&] {
    for (unsigned i = 0; i < round_count; ++i) {
      void* ptr = counting.allocate(10, 1);
      ptr = counting.reallocate(ptr, 10, 1, 100);
      counting.free(ptr, 100, 1);
    }
  });
  const Counts counts = counting.counts();
  constexpr uint64_t call_count = uint64_t{thread_count} * round_count;
  EXPECT_EQ(counts.allocation_count, call_count);
  EXPECT_EQ(counts.reallocation_count, call_count);
  EXPECT_EQ(counts.free_count, call_count);
  EXPECT_EQ(counts.requested_bytes, call_count * 100);
  EXPECT_EQ(counts.live_bytes, 0);
  EXPECT_GE(counts.peak_bytes, 100u);
  EXPECT_LE(counts.peak_bytes, thread_count * 100u);
  const ClassCounts small = counting.class_counts(4);  // 9 to 16
  EXPECT_EQ(small.request_count, call_count);
  EXPECT_EQ(small.live_count, 0u);
}

TEST(limited_in_threads, holds_the_cap_at_every_instant) {
  Counting<GlobalHeap> counting;
  constexpr size_t live_bytes_max = 3 * 64;  // of eight threads, three have one
  Limited limited(counting, live_bytes_max);
  in_threads([&] {
    for (unsigned i = 0; i < round_count; ++i) {
      if (void* ptr = limited.allocate(64, 1)) limited.free(ptr, 64, 1);
    }
  });
  EXPECT_LE(counting.counts().peak_bytes, live_bytes_max);
  EXPECT_EQ(limited.live_bytes(), 0u);
}

TEST(failing_in_threads, refuses_the_nth_request_once) {
  Counting<GlobalHeap> inner;
  Failing failing(inner, RefuseNth(1000));
  Counting<decltype(failing)&> outer(failing);
  in_threads([&] {
    for (unsigned i = 0; i < round_count; ++i) {
      if (void* ptr = outer.allocate(64, 1)) outer.free(ptr, 64, 1);
    }
  });
  EXPECT_EQ(outer.counts().refusal_count, 1u);
}

}  // namespace
}  // namespace mote
