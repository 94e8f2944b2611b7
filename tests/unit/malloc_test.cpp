#include "malloc.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include "heap.hpp"
#include "profile.hpp"
#include "support/fake_pages.hpp"
#include "verify.hpp"

namespace mote {
namespace {

struct LastError {
  static constexpr int invalid_argument = 1000;
  static constexpr int out_of_memory = 2000;
  static void set(int error) { value = error; }
  static inline int value = 0;
};

constinit Heap<profile, FakePages> the_heap;
using C = Malloc<the_heap, LastError>;

class malloc_rules : public testing::Test {
 protected:
  malloc_rules() { LastError::value = 0; }
  ~malloc_rules() override {
    the_heap.source().budget_bytes = SIZE_MAX;
    EXPECT_STREQ(verify(the_heap), nullptr);
  }

  // All memory that is left, in blocks that are linked through themselves.
  void exhaust() {
    for (size_t size = 65536; size >= 1; size /= 2) {
      while (void* const ptr = the_heap.allocate(size, 1)) hoard(ptr);
    }
  }
  void release() {
    while (hoard_ != nullptr) {
      void* const ptr = hoard_;
      memcpy(&hoard_, ptr, sizeof hoard_);
      C::free(ptr);
    }
  }

 private:
  void hoard(void* ptr) {
    memcpy(ptr, &hoard_, sizeof hoard_);
    hoard_ = ptr;
  }
  void* hoard_ = nullptr;
};

bool is_cleared(const void* ptr, size_t size) {
  const auto* const bytes = static_cast<const unsigned char*>(ptr);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

TEST_F(malloc_rules, size_0_gives_distinct_blocks) {
  void* const first = C::malloc(0);
  void* const second = C::malloc(0);
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_NE(first, second);
  C::free(first);
  C::free(second);
  void* const cleared = C::calloc(0, 100);
  EXPECT_NE(cleared, nullptr);
  C::free(cleared);
}

TEST_F(malloc_rules, free_of_null_does_nothing) { C::free(nullptr); }

TEST_F(malloc_rules, success_leaves_the_error_alone) {
  void* ptr = C::realloc(C::malloc(10), 20);
  C::free(C::calloc(3, 5));
  C::free(C::aligned_alloc(64, 64));
  void* other = nullptr;
  EXPECT_EQ(C::posix_memalign(&other, 64, 10), 0);
  C::free(other);
  C::free(ptr);
  EXPECT_EQ(LastError::value, 0);
}

// Issue 100 of wee_alloc: an impossible size failed, but grew the memory.
TEST_F(malloc_rules, impossible_sizes_are_null_and_grow_nothing) {
  const size_t granted = the_heap.source().granted_bytes;
  void* const ptr = C::malloc(10);
  for (size_t k = 0; k <= 65536; ++k) {
    LastError::value = 0;
    ASSERT_EQ(C::malloc(SIZE_MAX - k), nullptr) << k;
    ASSERT_EQ(LastError::value, LastError::out_of_memory);
    ASSERT_EQ(C::calloc(1, SIZE_MAX - k), nullptr) << k;
    ASSERT_EQ(C::realloc(ptr, SIZE_MAX - k), nullptr) << k;
    ASSERT_EQ(C::aligned_alloc(64, SIZE_MAX - k), nullptr) << k;
    ASSERT_EQ(C::alloc(SIZE_MAX - k, 0), nullptr) << k;
  }
  C::free(ptr);
  EXPECT_LE(the_heap.source().granted_bytes, granted + 65536);
}

TEST_F(malloc_rules, calloc_clears_memory_that_was_used) {
  for (size_t size : {size_t{1}, size_t{24}, size_t{100}, size_t{5000}}) {
    void* const dirty = C::malloc(size * 3);
    memset(dirty, 0xFF, size * 3);
    C::free(dirty);
    void* const ptr = C::calloc(3, size);
    EXPECT_TRUE(is_cleared(ptr, 3 * size));
    C::free(ptr);
  }
}

TEST_F(malloc_rules, calloc_refuses_products_that_overflow) {
  const size_t half = SIZE_MAX / 2 + 1;
  const size_t root = size_t{1} << (sizeof(size_t) * 4);
  const size_t count = the_heap.source().acquire_count;
  const size_t pairs[][2] = {
      {half, 2},
      {2, half},
      {root, root},
      {SIZE_MAX, 2},
      {2, SIZE_MAX},
      {SIZE_MAX, SIZE_MAX},
      {root + 1, root},
      {root, root + 1},
      {3, SIZE_MAX / 3 + 1},
      {SIZE_MAX / 2, 3},
      {16, SIZE_MAX / 16 + 2},
  };
  for (const auto& [first, second] : pairs) {
    LastError::value = 0;
    EXPECT_EQ(C::calloc(first, second), nullptr) << first << " x " << second;
    EXPECT_EQ(LastError::value, LastError::out_of_memory);
  }
  EXPECT_EQ(the_heap.source().acquire_count, count);
}

TEST_F(malloc_rules, realloc_of_null_allocates_and_to_0_never_frees) {
  void* ptr = C::realloc(nullptr, 100);
  ASSERT_NE(ptr, nullptr);
  memset(ptr, 1, 100);
  ptr = C::realloc(ptr, 0);
  ASSERT_NE(ptr, nullptr);
  C::free(ptr);
  ptr = C::realloc(nullptr, 0);
  EXPECT_NE(ptr, nullptr);
  C::free(ptr);
}

TEST_F(malloc_rules, a_refused_realloc_keeps_the_block) {
  void* const ptr = C::malloc(100);
  memset(ptr, 9, 100);
  the_heap.source().budget_bytes = 0;
  EXPECT_EQ(C::realloc(ptr, 900'000), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(static_cast<char*>(ptr)[i], 9);
  C::free(ptr);
}

TEST_F(malloc_rules, no_memory_is_null_and_an_error_everywhere) {
  void* const before = C::malloc(10);
  the_heap.source().budget_bytes = 0;
  exhaust();
  LastError::value = 0;
  EXPECT_EQ(C::malloc(100'000), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
  LastError::value = 0;
  EXPECT_EQ(C::calloc(100'000, 1), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
  LastError::value = 0;
  EXPECT_EQ(C::realloc(before, 100'000), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
  LastError::value = 0;
  EXPECT_EQ(C::aligned_alloc(64, 100'000), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
  LastError::value = 0;
  void* untouched = before;
  EXPECT_EQ(C::posix_memalign(&untouched, 64, 100'000),
            LastError::out_of_memory);
  EXPECT_EQ(untouched, before);
  EXPECT_EQ(C::alloc(100'000, 0), nullptr);
  EXPECT_EQ(C::zalloc(100'000, 0), nullptr);
  EXPECT_EQ(C::realloc_sized(before, untold, 0, 100'000), nullptr);
  EXPECT_EQ(LastError::value, 0);  // these leave it alone
  release();
  the_heap.source().budget_bytes = SIZE_MAX;
  void* const after = C::malloc(100'000);
  EXPECT_NE(after, nullptr);
  C::free(after);
  C::free(before);
}

TEST_F(malloc_rules, aligned_alloc_takes_every_power_of_two) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t size : {size_t{0}, size_t{1}, align, 3 * align}) {
      void* const ptr = C::aligned_alloc(align, size);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      EXPECT_EQ(address_of(ptr) % align, 0u);
      EXPECT_EQ(address_of(ptr) % profile.alignment, 0u);
      memset(ptr, 1, size);
      C::free(ptr);
    }
  }
}

TEST_F(malloc_rules, aligned_alloc_refuses_other_alignments) {
  const size_t top = SIZE_MAX / 2 + 1;
  for (size_t align : {size_t{0}, size_t{3}, size_t{24}, size_t{100},
                       size_t{SIZE_MAX}, top + 1}) {
    LastError::value = 0;
    EXPECT_EQ(C::aligned_alloc(align, 8), nullptr) << align;
    EXPECT_EQ(LastError::value, LastError::invalid_argument);
  }
  LastError::value = 0;
  EXPECT_EQ(C::aligned_alloc(top, 8), nullptr);
  EXPECT_EQ(LastError::value, LastError::out_of_memory);
}

TEST_F(malloc_rules, posix_memalign_writes_its_result_only_on_success) {
  for (size_t align = sizeof(void*); align <= 65536; align *= 2) {
    void* ptr = nullptr;
    ASSERT_EQ(C::posix_memalign(&ptr, align, 10), 0);
    EXPECT_EQ(address_of(ptr) % align, 0u);
    C::free(ptr);
  }
  const size_t top = SIZE_MAX / 2 + 1;
  char mark;
  for (size_t align : {size_t{0}, size_t{1}, sizeof(void*) / 2,
                       sizeof(void*) + 1, size_t{24}, size_t{SIZE_MAX}}) {
    void* ptr = &mark;
    EXPECT_EQ(C::posix_memalign(&ptr, align, 10), LastError::invalid_argument);
    EXPECT_EQ(ptr, &mark);
  }
  void* ptr = &mark;
  EXPECT_EQ(C::posix_memalign(&ptr, top, 10), LastError::out_of_memory);
  EXPECT_EQ(ptr, &mark);
  EXPECT_EQ(LastError::value, 0) << "POSIX: errno is not set";
}

TEST_F(malloc_rules, usable_size_may_be_used) {
  EXPECT_EQ(C::malloc_usable_size(nullptr), 0u);
  for (size_t size = 0; size < 1000; ++size) {
    void* const ptr = C::malloc(size);
    ASSERT_GE(C::malloc_usable_size(ptr), size);
    memset(ptr, 0xEE, C::malloc_usable_size(ptr));
    C::free(ptr);
  }
}

// The calls of mote.h.

TEST_F(malloc_rules, alignment_0_is_the_heaps_own) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{257},
                      size_t{5000}, size_t{100'000}}) {
    void* ptr = C::alloc(size, 0);
    ASSERT_NE(ptr, nullptr) << size;
    EXPECT_EQ(address_of(ptr) % profile.alignment, 0u);
    ptr = C::realloc_sized(ptr, size, 0, 2 * size + 300);
    ASSERT_NE(ptr, nullptr) << size;
    C::free(ptr);
    ptr = C::zalloc(size, 0);
    ASSERT_NE(ptr, nullptr) << size;
    EXPECT_TRUE(is_cleared(ptr, size));
    C::free(ptr);
    ASSERT_STREQ(verify(the_heap), nullptr);
  }
}

TEST_F(malloc_rules, sized_calls_refuse_alignments_that_are_no_power_of_two) {
  void* const ptr = C::alloc(100, 16);
  for (size_t align : {size_t{3}, size_t{24}, size_t{100}, size_t{SIZE_MAX},
                       size_t{SIZE_MAX} / 2}) {
    EXPECT_EQ(C::alloc(100, align), nullptr);
    EXPECT_EQ(C::zalloc(100, align), nullptr);
    EXPECT_EQ(C::realloc_sized(ptr, 100, align, 10), nullptr);
  }
  for (unsigned shift = 30; shift < sizeof(size_t) * 8; ++shift) {
    EXPECT_EQ(C::alloc(100, size_t{1} << shift), nullptr);
  }
  C::free(ptr);
  EXPECT_EQ(LastError::value, 0);
}

TEST_F(malloc_rules, blocks_cross_between_both_families) {
  void* ptr = C::alloc(100, 64);
  ptr = C::realloc(ptr, 5000);
  C::free(ptr);
  ptr = C::malloc(100);
  ptr = C::realloc_sized(ptr, 100, 0, 200);
  EXPECT_TRUE(C::try_expand(ptr, C::malloc_usable_size(ptr)));
  C::free(ptr);
}

TEST_F(malloc_rules, try_expand_refuses_null_and_the_absurd) {
  EXPECT_FALSE(C::try_expand(nullptr, 10));
  EXPECT_FALSE(C::try_expand(nullptr, 0));
  void* const ptr = C::malloc(1000);
  EXPECT_FALSE(C::try_expand(ptr, SIZE_MAX));
  EXPECT_TRUE(C::try_expand(ptr, 1000));
  C::free(ptr);
}

TEST_F(malloc_rules, without_errno_they_are_the_same) {
  using Plain = Malloc<the_heap>;
  EXPECT_EQ(Plain::malloc(SIZE_MAX), nullptr);
  EXPECT_EQ(Plain::aligned_alloc(3, 8), nullptr);
  void* ptr = nullptr;
  EXPECT_EQ(Plain::posix_memalign(&ptr, 3, 8), 22);
  EXPECT_EQ(Plain::posix_memalign(&ptr, 64, SIZE_MAX), 12);
  EXPECT_EQ(LastError::value, 0);
}

}  // namespace
}  // namespace mote
