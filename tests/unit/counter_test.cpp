#include "counter.hpp"

#include <gtest/gtest.h>

namespace mote {
namespace {

template <class Counter>
class counter : public testing::Test {};
using Counters = testing::Types<PlainCounter, AtomicCounter>;
TYPED_TEST_SUITE(counter, Counters);

TYPED_TEST(counter, starts_where_it_is_told_to) {
  EXPECT_EQ(TypeParam().load(), 0u);
  EXPECT_EQ(TypeParam(7).load(), 7u);
}

TYPED_TEST(counter, adds_and_subtracts) {
  TypeParam counter;
  EXPECT_EQ(counter.add(5), 5u);
  EXPECT_EQ(counter.add(-uint64_t{2}), 3u);
  counter.store(1);
  EXPECT_EQ(counter.load(), 1u);
}

TYPED_TEST(counter, does_not_wrap_at_32_bits) {
  TypeParam counter(UINT32_MAX);
  EXPECT_EQ(counter.add(1), uint64_t{1} << 32);
}

TYPED_TEST(counter, stays_within_a_limit) {
  TypeParam counter;
  EXPECT_TRUE(counter.add_within(10, 10));
  EXPECT_TRUE(counter.add_within(0, 10));
  EXPECT_FALSE(counter.add_within(1, 10));
  EXPECT_FALSE(counter.add_within(UINT64_MAX, 10));
  EXPECT_FALSE(counter.add_within(UINT64_MAX, UINT64_MAX));
  EXPECT_FALSE(counter.add_within(0, 9));  // it is above already
  EXPECT_EQ(counter.load(), 10u);
}

TYPED_TEST(counter, is_raised_but_never_lowered) {
  TypeParam counter(5);
  counter.raise_to(3);
  EXPECT_EQ(counter.load(), 5u);
  counter.raise_to(8);
  EXPECT_EQ(counter.load(), 8u);
}

}  // namespace
}  // namespace mote
