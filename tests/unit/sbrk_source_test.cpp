#ifdef __linux__
#include <features.h>  // says whether this is glibc: musl refuses every sbrk
#endif
#ifdef __GLIBC__

#include "native/sbrk.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "page_source_test.hpp"

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

}  // namespace
}  // namespace mote

#endif
