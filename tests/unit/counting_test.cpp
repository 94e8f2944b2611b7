#include "counting.hpp"

#include <gtest/gtest.h>

#include "c_malloc.hpp"
#include "failing.hpp"
#include "heap.hpp"
#include "limited.hpp"
#include "native/static_array.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

using TestHeap = Heap<standard_profile, StaticArray<65536>>;

constinit TestHeap early_heap;
constinit Counting early(early_heap);
void* const taken_before_main = early.allocate(100, 1);

TEST(counting, counts_before_main) {
  EXPECT_NE(taken_before_main, nullptr);
  EXPECT_EQ(early.counts().live_bytes, 100);
}

TEST(counting, starts_at_nothing) {
  Counting<CMalloc> counting;
  const Counts counts = counting.counts();
  EXPECT_EQ(counts.allocation_count, 0u);
  EXPECT_EQ(counts.live_count(), 0);
  EXPECT_EQ(counts.live_bytes, 0);
  EXPECT_EQ(counts.peak_bytes, 0u);
}

TEST(counting, counts_each_kind_of_call) {
  Counting<CMalloc> counting;
  void* first = counting.allocate(100, 1);
  void* const second = counting.allocate(50, 64);
  first = counting.reallocate(first, 100, 1, 300);
  counting.free(second, 50, 64);
  first = counting.reallocate(first, 300, 1, 20);
  const Counts counts = counting.counts();
  EXPECT_EQ(counts.allocation_count, 2u);
  EXPECT_EQ(counts.free_count, 1u);
  EXPECT_EQ(counts.reallocation_count, 2u);
  EXPECT_EQ(counts.refusal_count, 0u);
  EXPECT_EQ(counts.requested_bytes, 100u + 50u + 200u);
  EXPECT_EQ(counts.live_bytes, 20);
  EXPECT_EQ(counts.live_count(), 1);
  EXPECT_EQ(counts.peak_bytes, 350u);
  counting.free(first, 20, 1);
  EXPECT_EQ(counting.counts().live_bytes, 0);
  EXPECT_EQ(counting.counts().peak_bytes, 350u);
}

TEST(counting, null_is_no_block) {
  Counting<CMalloc> counting;
  counting.free(nullptr, 100, 1);
  EXPECT_EQ(counting.counts().free_count, 0u);
  EXPECT_EQ(counting.counts().live_bytes, 0);
  void* const ptr = counting.reallocate(nullptr, 0, 1, 10);
  EXPECT_EQ(counting.counts().allocation_count, 1u);
  EXPECT_EQ(counting.counts().reallocation_count, 0u);
  counting.free(ptr, 10, 1);
}

TEST(counting, refusals_change_nothing_else) {
  TestHeap heap;
  Counting counting(heap);
  void* const ptr = counting.allocate(1000, 1);
  EXPECT_EQ(counting.allocate(1 << 20, 1), nullptr);
  EXPECT_EQ(counting.reallocate(ptr, 1000, 1, 1 << 20), nullptr);
  const Counts counts = counting.counts();
  EXPECT_EQ(counts.refusal_count, 2u);
  EXPECT_EQ(counts.allocation_count, 1u);
  EXPECT_EQ(counts.reallocation_count, 0u);
  EXPECT_EQ(counts.requested_bytes, 1000u);
  EXPECT_EQ(counts.live_bytes, 1000);
  EXPECT_EQ(counts.peak_bytes, 1000u);
  counting.free(ptr, 1000, 1);
}

TEST(counting, two_points_in_time_have_a_difference) {
  TestHeap heap;
  Counting counting(heap);
  void* const early_one = counting.allocate(500, 1);
  const Counts before = counting.counts();
  void* const late_one = counting.allocate(80, 1);
  counting.free(early_one, 500, 1);
  const Counts difference = counting.counts() - before;
  EXPECT_EQ(difference.allocation_count, 1u);
  EXPECT_EQ(difference.free_count, 1u);
  EXPECT_EQ(difference.requested_bytes, 80u);
  EXPECT_EQ(difference.live_bytes, 80 - 500);
  EXPECT_EQ(difference.live_count(), 0);
  EXPECT_EQ(difference.peak_bytes, 580u);
  counting.free(late_one, 80, 1);
}

TEST(counting, the_peak_can_be_restarted) {
  Counting<CMalloc> counting;
  void* const large = counting.allocate(5000, 1);
  void* const small = counting.allocate(10, 1);
  counting.free(large, 5000, 1);
  EXPECT_EQ(counting.counts().peak_bytes, 5010u);
  counting.restart_peak();
  EXPECT_EQ(counting.counts().peak_bytes, 10u);
  counting.free(small, 10, 1);
}

TEST(counting, powers_of_two_are_monotonic_and_hold_their_sizes) {
  using Classes = PowersOfTwo;
  size_t last_class = 0;
  for (size_t size = 0; size < 70'000; ++size) {
    const size_t index = Classes::size_to_class(size);
    ASSERT_GE(index, last_class);
    ASSERT_LE(size, Classes::class_to_size(index));
    if (index) {
      ASSERT_GT(size, Classes::class_to_size(index - 1));
    }
    last_class = index;
  }
  EXPECT_EQ(Classes::size_to_class(SIZE_MAX), Classes::class_count - 1);
  EXPECT_EQ(Classes::class_to_size(Classes::class_count - 1), SIZE_MAX);
}

template <class Counter>
class counting_by_class : public testing::Test {};
using Counters = testing::Types<PlainCounter, AtomicCounter>;
TYPED_TEST_SUITE(counting_by_class, Counters);

TYPED_TEST(counting_by_class, follows_blocks_from_class_to_class) {
  Counting<CMalloc, PowersOfTwo, TypeParam> counting;
  const auto of_size = [&](size_t size) {
    return counting.class_counts(PowersOfTwo::size_to_class(size));
  };
  void* const first = counting.allocate(16, 1);
  void* second = counting.allocate(9, 1);
  EXPECT_EQ(of_size(16).request_count, 2u);
  EXPECT_EQ(of_size(16).live_count, 2u);
  second = counting.reallocate(second, 9, 1, 1000);
  EXPECT_EQ(of_size(16).request_count, 2u);
  EXPECT_EQ(of_size(16).live_count, 1u);
  EXPECT_EQ(of_size(1000).request_count, 1u);
  EXPECT_EQ(of_size(1000).live_count, 1u);
  counting.free(first, 16, 1);
  counting.free(second, 1000, 1);
  EXPECT_EQ(of_size(16).live_count, 0u);
  EXPECT_EQ(of_size(1000).live_count, 0u);
}

// What is not asked for is not there.
static_assert(sizeof(Counting<CMalloc>) == 7 * sizeof(AtomicCounter));
static_assert(sizeof(AtomicCounter) == sizeof(uint64_t));

TEST(wrappers, compose) {
  TestHeap heap;
  Counting inner(heap);
  Limited limited(inner, 2000);
  Failing failing(limited, RefuseNth(3));
  Counting<decltype(failing)&> outer(failing);

  void* const first = outer.allocate(1500, 1);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(outer.allocate(501, 1), nullptr);  // over the limit
  EXPECT_EQ(outer.allocate(1, 1), nullptr);    // the third
  void* const second = outer.allocate(500, 256);
  EXPECT_EQ(address_of(second) % 256, 0u);
  EXPECT_EQ(outer.counts().refusal_count, 2u);
  EXPECT_EQ(inner.counts().refusal_count, 0u);
  EXPECT_EQ(inner.counts().live_bytes, 2000);
  outer.free(first, 1500, 1);
  outer.free(second, 500, 256);
  EXPECT_EQ(inner.counts().live_bytes, 0);
  EXPECT_EQ(limited.live_bytes(), 0u);
}

// One object with all that it needs.
TEST(wrappers, own_what_they_are_not_given_a_reference_to) {
  Limited<Counting<CMalloc>> limited(100);
  EXPECT_EQ(limited.allocate(101, 1), nullptr);
  void* const ptr = limited.allocate(100, 1);
  EXPECT_NE(ptr, nullptr);
  limited.free(ptr, 100, 1);
}

}  // namespace
}  // namespace mote
