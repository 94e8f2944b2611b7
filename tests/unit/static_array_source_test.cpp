#include "native/static_array.hpp"

#include <gtest/gtest.h>

#include "page_source_test.hpp"

namespace mote {
namespace {

constinit StaticArray<8192> usable_before_main;
const Span taken_before_main = usable_before_main.acquire(1);

// Every fixture gets cleared memory of its own.
struct GivenToEach {
  using Source = GivenMemory;
  static constexpr bool is_contiguous = false;
  static constexpr size_t ordinary_bytes = 4000;
  static Source make() {
    static char memory[8192];
    memset(memory, 0, sizeof memory);
    return {memory, sizeof memory};
  }
};

using Sources = testing::Types<OneSpanSource<StaticArray<8192>>,
                               OneSpanSource<StaticArray<4016>>,
                               OneSpanSource<StaticArray<262144>>, GivenToEach>;
INSTANTIATE_TYPED_TEST_SUITE_P(static_array, PageSourceTest, Sources);

TEST(static_array_source, works_before_main) {
  EXPECT_NE(taken_before_main.begin, nullptr);
}

TEST(static_array_source, gives_all_of_it_once) {
  StaticArray<8192> source;
  EXPECT_EQ(source.acquire(8193).begin, nullptr);
  EXPECT_EQ(source.acquire(8192).size_bytes, 8192u);
  EXPECT_EQ(source.acquire(1).begin, nullptr);
}

TEST(static_array_source, given_memory_is_given_once) {
  alignas(16) static char memory[112];
  GivenMemory source(memory, sizeof memory);
  EXPECT_EQ(source.acquire(113).begin, nullptr);
  const Span span = source.acquire(1);
  EXPECT_EQ(static_cast<void*>(span.begin), memory);
  EXPECT_EQ(span.size_bytes, sizeof memory);
  EXPECT_EQ(source.acquire(1).begin, nullptr);
}

TEST(static_array_source, given_memory_may_have_any_borders) {
  alignas(16) static char memory[64];
  for (size_t offset = 0; offset <= 40; ++offset) {
    for (size_t size_bytes = 0; offset + size_bytes <= 64; ++size_bytes) {
      GivenMemory source(memory + offset, size_bytes);
      const Span span = source.acquire(1);
      if (span.begin == nullptr) {
        EXPECT_LT(size_bytes, 31u);
        continue;
      }
      EXPECT_TRUE(is_aligned(span));
      EXPECT_GE(span.begin, memory + offset);
      EXPECT_LE(span.begin + span.size_bytes, memory + offset + size_bytes);
      EXPECT_GT(span.size_bytes + 31, size_bytes);
    }
  }
}

}  // namespace
}  // namespace mote
