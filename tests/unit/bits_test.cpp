#include "bits.hpp"

#include <gtest/gtest.h>

namespace mote {
namespace {

TEST(bits, is_power_of_two) {
  EXPECT_FALSE(is_power_of_two(0));
  for (unsigned shift = 0; shift < sizeof(size_t) * 8; ++shift) {
    const size_t power = size_t{1} << shift;
    EXPECT_TRUE(is_power_of_two(power));
    EXPECT_EQ(is_power_of_two(power + 1), power == 1);
    EXPECT_EQ(is_power_of_two(power - 1), power == 2);
    EXPECT_FALSE(is_power_of_two(power | power >> 1) && power > 1);
  }
  EXPECT_FALSE(is_power_of_two(SIZE_MAX));
}

TEST(bits, log2_of_every_power) {
  for (unsigned shift = 0; shift < sizeof(size_t) * 8; ++shift) {
    EXPECT_EQ(log2(size_t{1} << shift), shift);
  }
}

TEST(bits, align_up_is_the_next_multiple_and_align_down_the_last) {
  for (size_t alignment = 1; alignment <= 64; alignment *= 2) {
    for (size_t value = 0; value < 200; ++value) {
      const size_t up = align_up(value, alignment);
      const size_t down = align_down(value, alignment);
      EXPECT_EQ(up % alignment, 0u);
      EXPECT_EQ(down % alignment, 0u);
      EXPECT_TRUE(up >= value && up - value < alignment);
      EXPECT_TRUE(down <= value && value - down < alignment);
    }
  }
}

TEST(bits, align_up_wraps_to_zero_when_there_is_no_multiple) {
  for (size_t k = 0; k < 15; ++k) EXPECT_EQ(align_up(SIZE_MAX - k, 16), 0u);
  EXPECT_EQ(align_up(SIZE_MAX - 15, 16), SIZE_MAX - 15);
}

TEST(bits, address_of_is_the_address) {
  char bytes[4];
  EXPECT_EQ(address_of(bytes + 3) - address_of(bytes), 3u);
  EXPECT_EQ(address_of(nullptr), 0u);
}

}  // namespace
}  // namespace mote
