// What src/page_source.hpp asks of every page source, as tests. A source joins
// with a file of its own:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(mmap, PageSourceTest, FreshSource<Mmap>);
//
// The parameter makes sources and says what is ordinary for them.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <vector>

#include "bits.hpp"
#include "page_source.hpp"

namespace mote {

template <class S>
struct FreshSource {
  using Source = S;
  // Whether two requests in a row give adjacent memory, nobody else growing.
  static constexpr bool is_contiguous = true;
  // A request that is granted several times, and one that spans many pages.
  static constexpr size_t ordinary_bytes = 100'000;
  static Source make() { return Source{}; }
};

// All memory is given to the first request.
template <class S>
struct OneSpanSource : FreshSource<S> {
  static constexpr bool is_contiguous = false;
  static constexpr size_t ordinary_bytes = 4000;
};

inline bool is_filled_with(const Span& span, unsigned char byte) {
  for (size_t i = 0; i < span.size_bytes; ++i) {
    if (static_cast<unsigned char>(span.begin[i]) != byte) return false;
  }
  return true;
}

inline bool is_aligned(const Span& span) {
  return address_of(span.begin) % span_alignment == 0 &&
         span.size_bytes % span_alignment == 0;
}

inline bool overlap(const Span& a, const Span& b) {
  return a.begin < b.begin + b.size_bytes && b.begin < a.begin + a.size_bytes;
}

template <class Maker>
class PageSourceTest : public testing::Test {
 protected:
  using Source = typename Maker::Source;
  static constexpr size_t ordinary_bytes = Maker::ordinary_bytes;

  Source source_ = Maker::make();
};

TYPED_TEST_SUITE_P(PageSourceTest);

TYPED_TEST_P(PageSourceTest, gives_what_was_asked_zeroed_and_writable) {
  const Span span = this->source_.acquire(this->ordinary_bytes);
  ASSERT_NE(span.begin, nullptr);
  ASSERT_GE(span.size_bytes, this->ordinary_bytes);
  EXPECT_TRUE(is_filled_with(span, 0));
  memset(span.begin, 0xFF, span.size_bytes);
  EXPECT_TRUE(is_filled_with(span, 0xFF));
}

TYPED_TEST_P(PageSourceTest, one_byte_is_a_request) {
  const Span span = this->source_.acquire(1);
  ASSERT_NE(span.begin, nullptr);
  EXPECT_GE(span.size_bytes, 1u);
  EXPECT_TRUE(is_aligned(span));
}

TYPED_TEST_P(PageSourceTest, spans_do_not_overlap_and_stay_apart) {
  std::vector<Span> spans;
  for (size_t i = 0; i < 32; ++i) {
    const Span span = this->source_.acquire(1 + i * 97);
    if (span.begin == nullptr) break;
    ASSERT_GE(span.size_bytes, 1 + i * 97);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(span.begin) % span_alignment, 0u);
    ASSERT_EQ(span.size_bytes % span_alignment, 0u);
    ASSERT_TRUE(is_aligned(span));
    for (const Span& other : spans) ASSERT_FALSE(overlap(span, other));
    EXPECT_TRUE(is_filled_with(span, 0)) << "span " << i;
    memset(span.begin, static_cast<int>(i + 1), span.size_bytes);
    spans.push_back(span);
  }
  ASSERT_FALSE(spans.empty());
  for (size_t i = 0; i < spans.size(); ++i) {
    EXPECT_TRUE(is_filled_with(spans[i], static_cast<unsigned char>(i + 1)));
  }
}

TYPED_TEST_P(PageSourceTest, grows_in_place) {
  if constexpr (TypeParam::is_contiguous) {
    Span last = this->source_.acquire(this->ordinary_bytes);
    ASSERT_NE(last.begin, nullptr);
    for (size_t size_bytes : {size_t{1}, size_t{5000}, this->ordinary_bytes}) {
      const Span span = this->source_.acquire(size_bytes);
      ASSERT_EQ(static_cast<void*>(span.begin), last.begin + last.size_bytes);
      last = span;
    }
  }
}

TYPED_TEST_P(PageSourceTest, absurd_sizes_are_refused_and_change_nothing) {
  for (size_t k = 0; k <= 65536; ++k) {
    const Span span = this->source_.acquire(SIZE_MAX - k);
    ASSERT_EQ(span.begin, nullptr) << "SIZE_MAX - " << k;
    ASSERT_EQ(span.size_bytes, 0u);
  }
  ASSERT_EQ(this->source_.acquire(SIZE_MAX / 2).begin, nullptr);
  const Span span = this->source_.acquire(this->ordinary_bytes);
  ASSERT_NE(span.begin, nullptr);
  EXPECT_EQ(this->source_.acquire(SIZE_MAX).begin, nullptr);
  if constexpr (TypeParam::is_contiguous) {
    const Span next = this->source_.acquire(1);
    EXPECT_EQ(static_cast<void*>(next.begin), span.begin + span.size_bytes);
  }
}

TYPED_TEST_P(PageSourceTest, errno_is_left_alone) {
  errno = 12345;
  EXPECT_EQ(this->source_.acquire(SIZE_MAX).begin, nullptr);
  EXPECT_EQ(this->source_.acquire(SIZE_MAX / 2).begin, nullptr);
  EXPECT_NE(this->source_.acquire(1).begin, nullptr);
  EXPECT_EQ(errno, 12345);
}

TYPED_TEST_P(PageSourceTest, released_memory_comes_again) {
  if constexpr (ReleasingPageSource<typename TypeParam::Source>) {
    auto& source = this->source_;
    const Span kept = source.acquire(this->ordinary_bytes);
    ASSERT_NE(kept.begin, nullptr);
    const Span span = source.acquire(this->ordinary_bytes);
    ASSERT_NE(span.begin, nullptr);
    memset(kept.begin, 1, kept.size_bytes);
    memset(span.begin, 2, span.size_bytes);

    char* const end = span.begin + span.size_bytes;
    EXPECT_EQ(static_cast<void*>(source.release(end)), end);
    char* const from = span.begin + span.size_bytes / 3;
    char* const new_end = source.release(from);
    ASSERT_GE(new_end, from);
    ASSERT_LE(new_end, end);
    EXPECT_EQ(address_of(new_end) % span_alignment, 0u);
    EXPECT_TRUE(is_filled_with(kept, 1));
    const Span rest = {span.begin, static_cast<size_t>(new_end - span.begin)};
    EXPECT_TRUE(is_filled_with(rest, 2));

    const Span again = source.acquire(this->ordinary_bytes);
    ASSERT_NE(again.begin, nullptr);
    if constexpr (TypeParam::is_contiguous) {
      EXPECT_LT(new_end, end) << "nothing was released";
      EXPECT_EQ(static_cast<void*>(again.begin), new_end);
    }
    memset(again.begin, 3, again.size_bytes);
    EXPECT_TRUE(is_filled_with(rest, 2));
  }
}

TYPED_TEST_P(PageSourceTest, all_may_be_released) {
  if constexpr (ReleasingPageSource<typename TypeParam::Source>) {
    auto& source = this->source_;
    for (int round = 0; round < 50; ++round) {
      const Span first = source.acquire(this->ordinary_bytes);
      const Span second = source.acquire(this->ordinary_bytes);
      if (!TypeParam::is_contiguous && second.begin == nullptr) break;
      ASSERT_NE(first.begin, nullptr);
      ASSERT_NE(second.begin, nullptr);
      memset(first.begin, 7, first.size_bytes);
      memset(second.begin, 7, second.size_bytes);
      char* const new_end = source.release(first.begin);
      if constexpr (TypeParam::is_contiguous) {
        EXPECT_LE(new_end, first.begin + first.size_bytes / 2);
      }
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(PageSourceTest,
                            gives_what_was_asked_zeroed_and_writable,
                            one_byte_is_a_request,
                            spans_do_not_overlap_and_stay_apart, grows_in_place,
                            absurd_sizes_are_refused_and_change_nothing,
                            errno_is_left_alone, released_memory_comes_again,
                            all_may_be_released);

}  // namespace mote
