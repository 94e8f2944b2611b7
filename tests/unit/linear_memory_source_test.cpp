// The arithmetic of wasm's page source, natively, over fake memories whose
// pages have 1 byte, 64 KiB, or something in between.
#include "wasm/linear_memory.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "page_source_test.hpp"
#include "support/fake_linear_memory.hpp"
#include "support/programs.hpp"

namespace mote {
namespace {

using OfOneByte = FakeLinearSource<FakeLinearMemory<1, 5003>>;
using OfEightBytes = FakeLinearSource<FakeLinearMemory<8, 5000>>;
using OfOneKibibyte = FakeLinearSource<FakeLinearMemory<1024, 4096>>;
using Usual = FakeLinearSource<FakeLinearMemory<65536, 131072>>;

using Makers = testing::Types<FreshSource<OfOneByte>, FreshSource<OfEightBytes>,
                              FreshSource<OfOneKibibyte>, FreshSource<Usual>>;
INSTANTIATE_TYPED_TEST_SUITE_P(linear_memory, PageSourceTest, Makers);

template <class S>
class linear_memory_source : public testing::Test {};
using Sources = testing::Types<OfOneByte, OfEightBytes, OfOneKibibyte, Usual>;
TYPED_TEST_SUITE(linear_memory_source, Sources);

TYPED_TEST(linear_memory_source, gives_what_static_data_left_first) {
  TypeParam source;
  const Span span = source.acquire(1);
  EXPECT_EQ(span.begin, TypeParam::Memory::base());
  EXPECT_LE(span.begin + span.size_bytes, TypeParam::Memory::first_end());
}

// Small pages are rounded to what spans are aligned to, and to no more.
TYPED_TEST(linear_memory_source, grows_by_what_is_missing) {
  using Memory = typename TypeParam::Memory;
  TypeParam source;
  ASSERT_TRUE(source.acquire(1).begin);
  const Span first = source.acquire(1);
  const size_t before = Memory::page_count() * Memory::page_size();
  const Span second = source.acquire(1000);
  EXPECT_EQ(second.begin, first.begin + first.size_bytes);
  const size_t grown = Memory::page_count() * Memory::page_size() - before;
  EXPECT_EQ(grown,
            align_up(align_up(1000, span_alignment), Memory::page_size()));
  EXPECT_EQ(second.size_bytes, grown);
}

TYPED_TEST(linear_memory_source, leaves_what_somebody_else_grew) {
  using Memory = typename TypeParam::Memory;
  TypeParam source;
  Memory::foreign_pages = 3;
  for (int i = 0; i < 10; ++i) {
    const size_t before = Memory::page_count();
    const Span span = source.acquire(1000);
    ASSERT_TRUE(span.begin);
    EXPECT_TRUE(is_aligned(span));
    if (i > 0) {
      EXPECT_GE(span.begin, Memory::at(before));
    }
    EXPECT_TRUE(is_filled_with(span, 0));
    memset(span.begin, 1, span.size_bytes);
  }
}

// A host put an older memory back, or began anew, and what we had grown is
// there.
template <class S>
class memory_of_our_own : public testing::Test {};
using OwnSources =
    testing::Types<FakeLinearSource<FakeLinearMemory<1, 5003, true>>,
                   FakeLinearSource<FakeLinearMemory<65536, 131072, true>>>;
TYPED_TEST_SUITE(memory_of_our_own, OwnSources);

TYPED_TEST(memory_of_our_own, is_gone_on_with_where_a_host_put_it_back) {
  using Memory = typename TypeParam::Memory;
  TypeParam source;
  const auto leave_behind = [](size_t size_bytes) {
    const size_t pages = size_bytes / Memory::page_size();
    memset(Memory::at(Memory::page_count()), 0xEE, pages * Memory::page_size());
    Memory::pages += pages;
  };
  char* end = Memory::base();
  memset(end, 0xEE, static_cast<size_t>(Memory::first_end() - end));
  for (int i = 0; i < 3; ++i) {
    leave_behind(196608);
    const size_t before = Memory::page_count();
    const Span span = source.acquire(150000);
    EXPECT_EQ(span.begin, end);
    EXPECT_EQ(Memory::page_count(), before);
    EXPECT_TRUE(is_filled_with(span, 0));
    memset(span.begin, 1, span.size_bytes);
    end = span.begin + span.size_bytes;
    EXPECT_LT(Memory::at(before) - end, ptrdiff_t{span_alignment});
  }
  EXPECT_TRUE(source.acquire(1000).begin);
}

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if !__has_feature(undefined_behavior_sanitizer)  // nor does C++ know such ends
// The last pages that there are addresses for: behind them is null. Nobody
// reads or writes them.
template <bool alone>
struct LastMemory {
  static constexpr bool is_near_zero = true;
  static constexpr bool is_alone = alone;
  static constexpr size_t page_bytes = 65536;
  static constexpr size_t pages_max = 16;

  static inline size_t pages;

  static char* base() { return at(1) + 1024; }
  static char* first_end() { return at(2); }
  static size_t page_size() { return page_bytes; }
  static size_t page_count() { return pages; }
  static char* at(size_t page_index) {
    return reinterpret_cast<char*>((page_index - pages_max) * page_bytes);
  }
  static size_t grow(size_t page_count) {
    if (page_count > pages_max - pages) return SIZE_MAX;
    pages += page_count;
    return pages - page_count;
  }
};

template <class Memory>
class linear_memory_at_the_end : public testing::Test {
 protected:
  linear_memory_at_the_end() { Memory::pages = 2; }

  Span acquire(size_t size_bytes) {
    const Span span = source_.acquire(size_bytes, last_byte_);
    if (span.begin != nullptr) last_byte_ = span.begin + (span.size_bytes - 1);
    return span;
  }
  static const char* end_of(const Span& span) {
    return span.begin + span.size_bytes;
  }

  LinearMemory<Memory> source_;
  // Static data is below; all of the first page, where nothing is cleared.
  const char* last_byte_ =
      Memory::is_alone ? Memory::first_end() - 1 : Memory::at(0);
};
using LastMemories = testing::Types<LastMemory<false>, LastMemory<true>>;
TYPED_TEST_SUITE(linear_memory_at_the_end, LastMemories);

TYPED_TEST(linear_memory_at_the_end, gives_the_last_byte_and_no_more) {
  constexpr size_t page = TypeParam::page_bytes;
  this->acquire(1);
  const Span most = this->acquire(TypeParam::page_bytes * 10);
  ASSERT_NE(most.begin, nullptr);
  EXPECT_EQ(this->acquire(page * 5).begin, nullptr) << "more than there are";
  const size_t left = TypeParam::pages_max - TypeParam::pages;
  const Span last = this->acquire(left * page - 100);
  EXPECT_EQ(last.begin, this->end_of(most));
  EXPECT_EQ(last.size_bytes, left * page);
  EXPECT_EQ(address_of(last.begin) + last.size_bytes, 0u);
  constexpr size_t sizes[] = {1, page, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
  for (size_t size : sizes) {
    EXPECT_EQ(this->acquire(size).begin, nullptr) << size;
  }
  EXPECT_EQ(TypeParam::pages, TypeParam::pages_max);
}

TYPED_TEST(linear_memory_at_the_end, all_of_it_may_be_one_span) {
  this->acquire(1);
  const size_t left = TypeParam::pages_max - TypeParam::pages;
  const Span all = this->acquire(left * TypeParam::page_bytes - 16);
  ASSERT_NE(all.begin, nullptr);
  EXPECT_EQ(address_of(all.begin) + all.size_bytes, 0u);
  EXPECT_EQ(this->acquire(1).begin, nullptr);
}

// Who is not alone; else it would be this heap's, and cleared.
TEST(linear_memory_of_others, may_take_the_last_pages) {
  using Memory = LastMemory<false>;
  LinearMemory<Memory> source;
  Memory::pages = 2;
  const Span first = source.acquire(1, Memory::at(0));
  Memory::pages = 14;
  const char* last_byte = first.begin + first.size_bytes - 1;
  EXPECT_EQ(source.acquire(3 * Memory::page_bytes, last_byte).begin, nullptr);
  const Span last = source.acquire(2 * Memory::page_bytes, last_byte);
  EXPECT_EQ(last.begin, Memory::at(14));
  EXPECT_EQ(last.size_bytes, 2 * Memory::page_bytes);
  EXPECT_EQ(source.acquire(1, last.begin + (last.size_bytes - 1)).begin,
            nullptr);
}
#endif

TYPED_TEST(linear_memory_source, carries_a_heap) {
  using Memory = typename TypeParam::Memory;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const Program program = random_program(seed, 300, 5000);
    const auto prepare = [&](TypeParam&) { Memory::foreign_pages = seed % 3; };
    EXPECT_STREQ(
        (run_program<standard_profile, TypeParam>(program, prepare).problem),
        nullptr);
    EXPECT_STREQ(
        (run_program<tiny_profile, TypeParam>(program, prepare).problem),
        nullptr);
  }
}

}  // namespace
}  // namespace mote
