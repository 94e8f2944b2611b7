// The arithmetic of wasm's page source, natively, over fake memories whose
// pages have 1 byte, 64 KiB, or something in between.
#include "wasm/linear_memory.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "page_source_test.hpp"
#include "support/programs.hpp"

namespace mote {
namespace {

// One linear memory: `initial_bytes` of it as linked, of which static data
// takes the first 1024.
template <size_t page_size_bytes, size_t initial_bytes>
struct FakeLinearMemory {
  static_assert(initial_bytes % page_size_bytes == 0);

  static constexpr bool is_near_zero = false;
  static constexpr size_t maximum_bytes = size_t{4} << 20;

  alignas(span_alignment) static inline char bytes[maximum_bytes];
  static inline size_t pages = 0;
  static inline size_t foreign_pages = 0;  // somebody grows these after us

  static void reset() {
    memset(bytes, 0, sizeof bytes);
    pages = initial_bytes / page_size_bytes;
    foreign_pages = 0;
  }

  static char* base() { return bytes + 1024; }
  static char* first_end() { return bytes + initial_bytes; }
  static size_t page_size() { return page_size_bytes; }
  static size_t page_count() { return pages; }
  static char* at(size_t page_index) {
    // No pointer arithmetic: the index may be absurd.
    return reinterpret_cast<char*>(address_of(bytes) +
                                   page_index * page_size_bytes);
  }
  static size_t grow(size_t page_count) {
    const size_t old_pages = pages;
    const size_t room = maximum_bytes / page_size_bytes - pages;
    if (page_count > room) return SIZE_MAX;
    pages += page_count;
    if (foreign_pages && foreign_pages <= room - page_count) {
      memset(at(pages), 0xEE, foreign_pages * page_size_bytes);
      pages += foreign_pages;
    }
    return old_pages;
  }
};

// Remembers where the last span ended, as a heap below its memory does.
template <class FakeMemory>
class Source {
 public:
  using Memory = FakeMemory;
  static constexpr bool is_near_zero = false;

  Source() { Memory::reset(); }

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    const Span span = pages_.acquire(size_bytes, last_byte_);
    if (span.begin) last_byte_ = span.begin + span.size_bytes - 1;
    return span;
  }

 private:
  LinearMemory<Memory> pages_;
  const char* last_byte_ = Memory::bytes;
};

using OfOneByte = Source<FakeLinearMemory<1, 5003>>;
using OfEightBytes = Source<FakeLinearMemory<8, 5000>>;
using OfOneKibibyte = Source<FakeLinearMemory<1024, 4096>>;
using Usual = Source<FakeLinearMemory<65536, 131072>>;

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
