#ifdef __linux__
#include <features.h>  // says whether this is glibc: musl refuses every sbrk
#endif
#ifdef __GLIBC__

#include "native/sbrk.hpp"

#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "heap.hpp"
#include "page_source_test.hpp"
#include "verify.hpp"

namespace mote {
namespace {

constinit Sbrk<> usable_before_main;
const Span taken_before_main = usable_before_main.acquire(1);

// The C library's malloc grows by the same break.
struct SharedBreak : FreshSource<Sbrk<>> {
  static constexpr bool is_contiguous = false;
};
struct SharedBreakExactly : FreshSource<Sbrk<span_alignment>> {
  static constexpr bool is_contiguous = false;
};

using Sources = testing::Types<SharedBreak, SharedBreakExactly>;
INSTANTIATE_TYPED_TEST_SUITE_P(sbrk, PageSourceTest, Sources);

TEST(sbrk_source, works_before_main) {
  EXPECT_NE(taken_before_main.begin, nullptr);
}

// No gtest macro in between: they allocate.
TEST(sbrk_source, grows_in_place_while_alone) {
  Sbrk<> source;
  const Span first = source.acquire(1000);
  const Span second = source.acquire(300000);
  char* const released_to = source.release(second.begin + 1000);
  const Span third = source.acquire(1);
  ASSERT_NE(first.begin, nullptr);
  EXPECT_EQ(first.size_bytes, 65536u);
  EXPECT_EQ(static_cast<void*>(second.begin), first.begin + first.size_bytes);
  EXPECT_GE(released_to, second.begin + 1000);
  EXPECT_LT(released_to, second.begin + 1000 + 65536);
  EXPECT_EQ(static_cast<void*>(third.begin), released_to);
  EXPECT_TRUE(is_filled_with(third, 0));
}

TEST(sbrk_source, foreign_growth_is_left_alone) {
  Sbrk<> source;
  const Span first = source.acquire(1000);
  char* const foreign = static_cast<char*>(sbrk(101));
  char* const released_to = source.release(first.begin);
  const Span second = source.acquire(1000);
  ASSERT_NE(first.begin, nullptr);
  EXPECT_EQ(static_cast<void*>(foreign), first.begin + first.size_bytes);
  EXPECT_EQ(static_cast<void*>(released_to), foreign) << "nothing to give back";
  EXPECT_GE(second.begin, foreign + 101);
  EXPECT_TRUE(is_aligned(second));
}

// Others move the break between any two calls of a heap, by any number of
// bytes, and keep what they have there.
TEST(sbrk_source, a_heap_and_others_share_the_break) {
  struct Taken {
    char* begin;
    size_t size_bytes;
    int byte;
  };
  static constinit Heap<standard_profile, Sbrk<span_alignment>> heap;
  std::vector<Taken> blocks;
  std::vector<Taken> foreign;
  const auto fill = [](std::vector<Taken>& list, void* begin, size_t size_bytes,
                       size_t round) {
    const int byte = static_cast<int>(round % 250) + 1;
    memset(begin, byte, size_bytes);
    list.push_back({static_cast<char*>(begin), size_bytes, byte});
  };
  const auto is_intact = [](const Taken& one) {
    return is_filled_with({one.begin, one.size_bytes}, one.byte);
  };
  for (size_t round = 0; round < 2000; ++round) {
    if (round % 16 == 0) {
      const size_t size_bytes = round % 301 + 1;
      fill(foreign, sbrk(static_cast<intptr_t>(size_bytes)), size_bytes, round);
    }
    const size_t size_bytes = round * 37 % 9000;
    void* const ptr = heap.allocate(size_bytes);
    ASSERT_NE(ptr, nullptr) << round;
    fill(blocks, ptr, size_bytes, round);
    if (round % 3 == 0) {
      std::swap(blocks[round % blocks.size()], blocks.back());
      ASSERT_TRUE(is_intact(blocks.back())) << round;
      heap.free(blocks.back().begin);
      blocks.pop_back();
    }
    if (round % 100 == 0) heap.trim();
  }
  EXPECT_STREQ(verify(heap), nullptr);
  for (const Taken& one : foreign) EXPECT_TRUE(is_intact(one));
  for (const Taken& one : blocks) {
    EXPECT_TRUE(is_intact(one));
    heap.free(one.begin);
  }
  EXPECT_STREQ(verify(heap), nullptr);
}

}  // namespace
}  // namespace mote

#elif defined(__linux__)

#include "native/sbrk.hpp"

#include <gtest/gtest.h>

namespace mote {
namespace {

TEST(sbrk_source, never_grants_over_musl) {
  Sbrk<> source;
  EXPECT_EQ(source.acquire(1).begin, nullptr);
  EXPECT_EQ(source.acquire(0).size_bytes, 0u);
}

}  // namespace
}  // namespace mote

#endif
