#if (defined(__unix__) || defined(__APPLE__)) && !defined(__wasm__)

#include <gtest/gtest.h>
#include <stddef.h>
#include <sys/mman.h>

#include "native/claimed_mmap.hpp"
#include "page_source_test.hpp"

namespace mote {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(claimed_mmap, PageSourceTest,
                               FreshSource<ClaimedMmap>);

TEST(claimed_mmap_source, has_what_it_gave_and_nothing_else) {
  ClaimedMmap source;
  int elsewhere = 0;
  EXPECT_FALSE(source.has(&elsewhere));
  EXPECT_FALSE(source.has(nullptr));
  const Span first = source.acquire(1);
  const Span span = source.acquire(100'000);
  ASSERT_NE(span.begin, nullptr);
  char* const end = span.begin + span.size_bytes;
  EXPECT_TRUE(source.has(first.begin));
  EXPECT_TRUE(source.has(span.begin + 1));
  EXPECT_TRUE(source.has(end - 1));
  EXPECT_FALSE(source.has(first.begin - 1));
  EXPECT_FALSE(source.has(end));
  EXPECT_FALSE(source.has(&elsewhere));
  EXPECT_FALSE(source.has(nullptr));
}

TEST(claimed_mmap_source, has_not_what_was_released) {
  ClaimedMmap source;
  const Span kept = source.acquire(1);
  const Span span = source.acquire(size_t{1} << 20);
  ASSERT_NE(span.begin, nullptr);
  const char* const new_end = source.release(span.begin);
  EXPECT_TRUE(source.has(kept.begin));
  EXPECT_TRUE(source.has(new_end - 1));
  EXPECT_FALSE(source.has(new_end));
  EXPECT_FALSE(source.has(span.begin + span.size_bytes - 1));
  const Span again = source.acquire(1);
  EXPECT_TRUE(source.has(again.begin));
}

// What the system put between two windows is not the heap's.
TEST(claimed_mmap_source, has_not_what_lies_between_its_windows) {
  ClaimedMmap source;
  const Span first = source.acquire(1);
  ASSERT_NE(first.begin, nullptr);
  char* const window_end = first.begin + (size_t{1} << 26);
  const size_t foreign_bytes = size_t{1} << 20;
  void* const foreign = mmap(window_end, foreign_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANON, -1, 0);
  if (foreign != window_end) GTEST_SKIP() << "somebody is there already";
  const Span second = source.acquire(size_t{1} << 26);
  ASSERT_NE(second.begin, nullptr);
  EXPECT_TRUE(source.has(first.begin));
  EXPECT_TRUE(source.has(second.begin));
  EXPECT_TRUE(source.has(second.begin + second.size_bytes - 1));
  EXPECT_FALSE(source.has(foreign));
  EXPECT_FALSE(source.has(second.begin - 1));
  munmap(foreign, foreign_bytes);
}

}  // namespace
}  // namespace mote

#endif
