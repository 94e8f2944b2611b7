#include "failing.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <vector>

#include "c_malloc.hpp"
#include "counting.hpp"

namespace mote {
namespace {

TEST(failing, always_refuses) {
  Failing<CMalloc, RefuseAlways> failing{RefuseAlways()};
  EXPECT_EQ(failing.allocate(0, 1), nullptr);
  EXPECT_EQ(failing.allocate(16, 16), nullptr);
  EXPECT_EQ(failing.reallocate(nullptr, 0, 1, 16), nullptr);
  failing.free(nullptr, 0, 1);
}

TEST(failing, the_null_allocator_refuses_too) {
  NullAllocator null;
  EXPECT_EQ(null.allocate(1, 1), nullptr);
  EXPECT_EQ(null.reallocate(nullptr, 0, 1, 1), nullptr);
}

TEST(failing, refuses_the_nth_request_alone) {
  Failing<CMalloc, RefuseNth> failing(RefuseNth(2));
  void* ptr = failing.allocate(10, 1);
  ASSERT_NE(ptr, nullptr);
  memset(ptr, 0x5A, 10);
  EXPECT_EQ(failing.reallocate(ptr, 10, 1, 100), nullptr);
  EXPECT_EQ(static_cast<char*>(ptr)[9], 0x5A);  // untouched
  ptr = failing.reallocate(ptr, 10, 1, 100);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(failing.rule().requests(), 3u);
  failing.free(ptr, 100, 1);
}

// A program that needs three blocks gets one more on each run, and leaves
// nothing behind on any.
TEST(failing, each_request_of_a_program_can_be_refused_in_turn) {
  const auto program = [](auto& allocator) {
    void* blocks[3] = {};
    bool is_done = true;
    for (void*& block : blocks) {
      block = allocator.allocate(100, 1);
      is_done = is_done && block != nullptr;
      if (!is_done) break;
    }
    for (void* block : blocks) allocator.free(block, 100, 1);
    return is_done;
  };
  for (uint64_t n = 1; n <= 4; ++n) {
    Counting<CMalloc> counting;
    Failing failing(counting, RefuseNth(n));
    EXPECT_EQ(program(failing), n == 4);
    EXPECT_EQ(failing.rule().requests(), n == 4 ? 3 : n);
    EXPECT_EQ(counting.counts().live_bytes, 0);
  }
}

TEST(failing, refuses_above_a_size) {
  Failing<CMalloc, RefuseAbove> failing(RefuseAbove(100));
  void* ptr = failing.allocate(100, 1);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(failing.allocate(101, 1), nullptr);
  EXPECT_EQ(failing.allocate(SIZE_MAX, 1), nullptr);
  EXPECT_EQ(failing.reallocate(ptr, 100, 1, 101), nullptr);
  ptr = failing.reallocate(ptr, 100, 1, 50);
  EXPECT_NE(ptr, nullptr);
  failing.free(ptr, 50, 1);
}

std::vector<bool> refusals(uint64_t seed, double probability) {
  RefuseAtRandom rule(seed, probability);
  std::vector<bool> result(10'000);
  for (size_t i = 0; i < result.size(); ++i) result[i] = rule.refuses(1);
  return result;
}

TEST(failing, refuses_at_random_the_same_for_a_seed) {
  EXPECT_EQ(refusals(1, 0.5), refusals(1, 0.5));
  EXPECT_NE(refusals(1, 0.5), refusals(2, 0.5));
}

TEST(failing, refuses_with_the_probability_asked_for) {
  for (double probability : {0.0, 0.01, 0.25, 0.5, 1.0}) {
    double count = 0;
    for (bool is_refused : refusals(3, probability)) count += is_refused;
    const double deviation = 5 * 100 * probability * (1 - probability) + 30;
    EXPECT_NEAR(count, 10'000 * probability,
                probability == 0 || probability == 1 ? 0 : deviation);
  }
}

TEST(failing, lets_frees_through) {
  Counting<CMalloc> counting;
  void* const ptr = counting.allocate(10, 1);
  Failing failing(counting, RefuseAlways());
  failing.free(ptr, 10, 1);
  EXPECT_EQ(counting.counts().live_bytes, 0);
}

}  // namespace
}  // namespace mote
