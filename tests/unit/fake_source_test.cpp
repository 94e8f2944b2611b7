#include <gtest/gtest.h>

#include "page_source_test.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

constinit FakePages usable_before_main;
const Span taken_before_main = usable_before_main.acquire(1);

template <class S, size_t page_size_bytes>
struct WithPages : FreshSource<S> {
  static S make() { return {.page_size_bytes = page_size_bytes}; }
};
template <class S>
struct WithForeignGrowth : FreshSource<S> {
  static constexpr bool is_contiguous = false;
  static S make() { return {.page_size_bytes = 4096, .foreign_bytes = 100}; }
};
template <class S>
struct Descending : FreshSource<S> {
  static constexpr bool is_contiguous = false;
  static S make() { return {.page_size_bytes = 4096, .descending = true}; }
};
template <class S>
struct DescendingWithForeignGrowth : FreshSource<S> {
  static constexpr bool is_contiguous = false;
  static S make() {
    return {.page_size_bytes = 1, .foreign_bytes = 24, .descending = true};
  }
};
template <class S>
struct OffBorder : FreshSource<S> {
  static S make() {
    return {.page_size_bytes = 4096, .first_offset_bytes = 48};
  }
};

using Sources = testing::Types<
    FreshSource<FakePages>, FreshSource<ReleasingFakePages>,
    WithPages<FakePages, 1>, WithPages<ReleasingFakePages, 1>,
    WithPages<ReleasingFakePages, 48>, WithPages<ReleasingFakePages, 4096>,
    WithForeignGrowth<FakePages>, WithForeignGrowth<ReleasingFakePages>,
    Descending<FakePages>, Descending<ReleasingFakePages>,
    DescendingWithForeignGrowth<FakePages>, OffBorder<ReleasingFakePages>>;
INSTANTIATE_TYPED_TEST_SUITE_P(fake, PageSourceTest, Sources);

TEST(fake_source, works_before_main) {
  EXPECT_NE(taken_before_main.begin, nullptr);
}

TEST(fake_source, rounds_up_to_its_page) {
  for (size_t page : {size_t{16}, size_t{48}, size_t{4096}, size_t{65536}}) {
    FakePages pages{.page_size_bytes = page};
    EXPECT_EQ(pages.acquire(1).size_bytes, page);
    EXPECT_EQ(pages.acquire(page).size_bytes, page);
    EXPECT_EQ(pages.acquire(page + 1).size_bytes, 2 * page);
    EXPECT_EQ(pages.granted_bytes, 4 * page);
  }
}

TEST(fake_source, smallest_spans_are_aligned) {
  FakePages pages{.page_size_bytes = 1};
  EXPECT_EQ(pages.acquire(1).size_bytes, 16u);
  EXPECT_EQ(pages.acquire(16).size_bytes, 16u);
  EXPECT_EQ(pages.acquire(17).size_bytes, 32u);
}

TEST(fake_source, refuses_the_nth_request_only) {
  FakePages pages{.refuse_at = 3};
  EXPECT_NE(pages.acquire(1).begin, nullptr);
  const Span second = pages.acquire(1);
  EXPECT_EQ(pages.acquire(1).begin, nullptr);
  const Span fourth = pages.acquire(1);
  EXPECT_EQ(static_cast<void*>(fourth.begin), second.begin + second.size_bytes);
  EXPECT_EQ(pages.acquire_count, 4u);
}

TEST(fake_source, budget_limits_and_may_be_raised) {
  FakePages pages{.page_size_bytes = 1, .budget_bytes = 1000};
  EXPECT_EQ(pages.acquire(1001).begin, nullptr);
  EXPECT_NE(pages.acquire(976).begin, nullptr);
  EXPECT_EQ(pages.acquire(17).begin, nullptr);
  EXPECT_NE(pages.acquire(16).begin, nullptr);
  pages.budget_bytes = 1008;
  EXPECT_NE(pages.acquire(1).begin, nullptr);
  pages.budget_bytes = 0;
  EXPECT_EQ(pages.acquire(1).begin, nullptr);
}

TEST(fake_source, foreign_growth_leaves_gaps) {
  FakePages up{.page_size_bytes = 64, .foreign_bytes = 100};
  const Span low = up.acquire(64);
  EXPECT_EQ(static_cast<void*>(up.acquire(64).begin), low.begin + 64 + 112);
  FakePages down{
      .page_size_bytes = 64, .foreign_bytes = 100, .descending = true};
  const Span high = down.acquire(64);
  EXPECT_EQ(static_cast<void*>(down.acquire(64).begin), high.begin - 112 - 64);
}

TEST(fake_source, released_memory_is_not_cleared_again) {
  ReleasingFakePages pages{.page_size_bytes = 96};
  const Span span = pages.acquire(288);
  char* const end = pages.release(span.begin + 97);
  EXPECT_EQ(static_cast<void*>(end), span.begin + 192);
  EXPECT_EQ(pages.granted_bytes, 192u);
  const Span again = pages.acquire(192);
  EXPECT_TRUE(is_filled_with({again.begin, 96}, pages.released_fill));
  EXPECT_TRUE(is_filled_with({again.begin + 96, 96}, 0));
}

TEST(fake_source, copies_have_memory_of_their_own) {
  const FakePages settings{.page_size_bytes = 16};
  FakePages one = settings;
  FakePages other = settings;
  const Span first = one.acquire(16);
  const Span second = other.acquire(16);
  EXPECT_EQ(second.size_bytes, 16u);
  EXPECT_FALSE(overlap(first, second));
}

}  // namespace
}  // namespace mote
