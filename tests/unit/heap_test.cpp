#include "heap.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <type_traits>
#include <vector>

#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "verify.hpp"

namespace mote {
namespace {

constinit Heap<standard_profile, StaticArray<8192>> usable_before_main;
void* const taken_before_main = usable_before_main.allocate(100, 1);

TEST(heap_as_a_global, works_before_main) {
  EXPECT_NE(taken_before_main, nullptr);
  EXPECT_STREQ(verify(usable_before_main), nullptr);
}

// A heap needs no destructor of its own.
static_assert(
    std::is_trivially_destructible_v<Heap<standard_profile, GivenMemory>>);

template <class C>
class heap : public testing::Test {
 protected:
  static constexpr Config config = C::config;

  heap() { heap_.source().arena_bytes = size_t{4} << 20; }
  ~heap() override { EXPECT_STREQ(verify(heap_), nullptr); }

  unsigned char* allocate(size_t size, size_t align = 1) {
    return static_cast<unsigned char*>(heap_.allocate(size, align));
  }

  // Sizes around every border where a heap does something else.
  static std::vector<size_t> sizes() {
    std::vector<size_t> sizes;
    for (size_t size = 0; size < 40; ++size) sizes.push_back(size);
    for (size_t border : {config.small_size_max(), config.slab_size,
                          size_t{4096}, size_t{65536}}) {
      for (size_t size = border - 20; size < border + 20; ++size) {
        sizes.push_back(size);
      }
    }
    return sizes;
  }

  Heap<config, FakePages> heap_;
};

TYPED_TEST_SUITE(heap, Choices, ChoiceNames);

TYPED_TEST(heap, blocks_are_aligned_and_long_enough) {
  for (size_t size : this->sizes()) {
    void* const ptr = this->allocate(size);
    ASSERT_NE(ptr, nullptr);
    ASSERT_EQ(address_of(ptr) % this->config.alignment, 0u);
    ASSERT_GE(this->heap_.usable_size(ptr), size);
    memset(ptr, 1, this->heap_.usable_size(ptr));
    this->heap_.free(ptr);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

TYPED_TEST(heap, blocks_of_size_0_are_distinct) {
  void* const first = this->allocate(0);
  void* const second = this->allocate(0);
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_NE(first, second);
  this->heap_.free(first);
  this->heap_.free(second);
}

TYPED_TEST(heap, every_size_at_every_alignment) {
  for (size_t align = 1; align <= 8192; align *= 2) {
    for (size_t size : this->sizes()) {
      void* const ptr = this->allocate(size, align);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      ASSERT_EQ(address_of(ptr) % align, 0u) << size;
      ASSERT_EQ(address_of(ptr) % this->config.alignment, 0u);
      ASSERT_GE(this->heap_.usable_size(ptr), size);
      this->heap_.free(ptr);
    }
  }
}

TYPED_TEST(heap, zeroed_blocks_are_zero_though_their_memory_was_used) {
  for (size_t size : this->sizes()) {
    unsigned char* const dirty = this->allocate(size);
    memset(dirty, 0xFF, this->heap_.usable_size(dirty));
    this->heap_.free(dirty);
    auto* const ptr =
        static_cast<unsigned char*>(this->heap_.allocate_zeroed(size, 1));
    ASSERT_NE(ptr, nullptr);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(ptr[i], 0);
    this->heap_.free(ptr);
  }
}

TYPED_TEST(heap, null_is_freed_and_has_no_size) {
  this->heap_.free(nullptr);
  EXPECT_EQ(this->heap_.usable_size(nullptr), 0u);
}

TYPED_TEST(heap, reallocation_keeps_contents_between_all_sizes) {
  for (size_t from : this->sizes()) {
    for (size_t to : {size_t{0}, size_t{1}, size_t{24}, size_t{255},
                      size_t{257}, size_t{3000}, size_t{70'000}}) {
      unsigned char* const old = this->allocate(from);
      memset(old, 0x5A, from);
      auto* const moved =
          static_cast<unsigned char*>(this->heap_.reallocate(old, 1, to));
      ASSERT_NE(moved, nullptr);
      ASSERT_GE(this->heap_.usable_size(moved), to);
      for (size_t i = 0; i < from && i < to; ++i) ASSERT_EQ(moved[i], 0x5A);
      this->heap_.free(moved);
    }
  }
}

TYPED_TEST(heap, reallocation_of_null_allocates) {
  void* const ptr = this->heap_.reallocate(nullptr, 64, 100);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(address_of(ptr) % 64, 0u);
  this->heap_.free(ptr);
}

TYPED_TEST(heap, reallocation_keeps_the_alignment) {
  for (size_t align : {size_t{32}, size_t{256}, size_t{4096}}) {
    void* ptr = this->allocate(10, align);
    for (size_t size :
         {size_t{100}, size_t{5000}, size_t{20}, size_t{90'000}, size_t{300}}) {
      ptr = this->heap_.reallocate(ptr, align, size);
      ASSERT_NE(ptr, nullptr);
      ASSERT_EQ(address_of(ptr) % align, 0u) << size << " at " << align;
    }
    this->heap_.free(ptr);
  }
}

TYPED_TEST(heap, a_growing_block_at_the_end_does_not_move) {
  void* const ptr = this->allocate(10'000);
  void* last = ptr;
  for (size_t size = 10'000; size < 1'000'000; size += 10'000) {
    last = this->heap_.reallocate(last, 1, size);
    ASSERT_NE(last, nullptr);
  }
  // Without that it would cost many times its size.
  EXPECT_LT(this->heap_.source().granted_bytes, 2'500'000u);
  this->heap_.free(last);
}

TYPED_TEST(heap, try_expand_says_no_and_changes_nothing) {
  unsigned char* const ptr = this->allocate(100);
  memset(ptr, 3, 100);
  this->allocate(100);
  EXPECT_FALSE(this->heap_.try_expand(ptr, 100'000));
  EXPECT_FALSE(this->heap_.try_expand(ptr, SIZE_MAX));
  EXPECT_TRUE(this->heap_.try_expand(ptr, 100));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(ptr[i], 3);
}

TYPED_TEST(heap, usable_size_can_be_expanded_to) {
  for (size_t size : this->sizes()) {
    void* const ptr = this->allocate(size);
    const size_t usable = this->heap_.usable_size(ptr);
    EXPECT_TRUE(this->heap_.try_expand(ptr, usable)) << size;
    EXPECT_EQ(this->heap_.usable_size(ptr), usable);
  }
}

TYPED_TEST(heap, absurd_sizes_are_null_and_grow_nothing) {
  void* const ptr = this->allocate(100);
  const size_t granted = this->heap_.source().granted_bytes;
  for (size_t k = 0; k <= 65536; ++k) {
    ASSERT_EQ(this->allocate(SIZE_MAX - k), nullptr);
    ASSERT_EQ(this->heap_.allocate_zeroed(SIZE_MAX - k, 1), nullptr);
    ASSERT_EQ(this->heap_.reallocate(ptr, 1, SIZE_MAX - k), nullptr);
  }
  for (unsigned shift = 5; shift < sizeof(size_t) * 8; ++shift) {
    const size_t align = size_t{1} << shift;
    ASSERT_EQ(this->allocate(SIZE_MAX, align), nullptr);
    ASSERT_EQ(this->allocate(SIZE_MAX - align, align), nullptr);
    ASSERT_EQ(this->allocate(-align, align), nullptr);
  }
  EXPECT_EQ(this->heap_.source().granted_bytes, granted);
}

TYPED_TEST(heap, absurd_alignments_are_null_and_grow_nothing) {
  const size_t granted = this->heap_.source().granted_bytes;
  for (unsigned shift = 24; shift < sizeof(size_t) * 8; ++shift) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{100'000}}) {
      ASSERT_EQ(this->allocate(size, size_t{1} << shift), nullptr);
    }
  }
  EXPECT_EQ(this->heap_.source().granted_bytes, granted);
}

TYPED_TEST(heap, is_independent_of_other_heaps) {
  Heap<TestFixture::config, FakePages> other;
  unsigned char* const mine = this->allocate(100);
  auto* const others = static_cast<unsigned char*>(other.allocate(100, 1));
  memset(mine, 1, 100);
  memset(others, 2, 100);
  this->heap_.free(mine);
  EXPECT_STREQ(verify(other), nullptr);
  EXPECT_EQ(others[99], 2);
  EXPECT_EQ(other.source().acquire_count, 1u);
  other.free(others);
  EXPECT_STREQ(verify(other), nullptr);
}

// Whose pages would move if the block lay where they could.
struct MovingPages : FakePages {
  static constexpr size_t page_bytes = 65536;
  static inline size_t asked_count;
  static inline size_t outcome;
  static size_t move_pages(void* from, void* to, size_t) noexcept {
    asked_count +=
        (address_of(from) | address_of(to)) % page_bytes == 0 ? 1 : 0;
    return outcome;
  }
};
static_assert(PageMovingSource<MovingPages>);

TEST(moving_pages, a_block_is_whole_when_those_for_it_are_lost) {
  MovingPages pages;
  pages.arena_bytes = size_t{4} << 20;
  Heap<Config{.page_moved_size_min = 16384}, MovingPages> heap{pages};
  auto* const first = static_cast<unsigned char*>(heap.allocate(70000, 1));
  void* const in_the_way = heap.allocate(100, 1);
  memset(first, 7, 70000);
  MovingPages::outcome = pages_lost;
  EXPECT_EQ(heap.reallocate(first, 1, 200000), nullptr);
  MovingPages::outcome = 0;
  EXPECT_STREQ(verify(heap), nullptr);
  auto* const moved =
      static_cast<unsigned char*>(heap.reallocate(first, 1, 200000));
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(moved[0] + moved[69999], 14);
  heap.free(moved);
  heap.free(in_the_way);
  EXPECT_STREQ(verify(heap), nullptr);
}

TEST(moving_pages, reallocation_aligns_for_them_unless_there_is_no_room) {
  MovingPages pages;
  pages.page_size_bytes = 16;
  pages.arena_bytes = size_t{4} << 20;
  Heap<Config{.page_moved_size_min = 16384}, MovingPages> heap{pages};
  void* first = heap.allocate(20000, 1);
  void* const in_the_way = heap.allocate(100, 1);
  first = heap.reallocate(first, 1, 40000);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(address_of(first) % MovingPages::page_bytes, 0u);
  // Till one is behind it.
  std::vector<void*> others = {heap.allocate(1000, 1)};
  while (others.back() < first) others.push_back(heap.allocate(1000, 1));
  MovingPages::asked_count = 0;
  memset(first, 7, 40000);
  // Room for the block, but for none that is aligned.
  heap.source().budget_bytes = heap.source().granted_bytes + 51000;
  auto* const bytes =
      static_cast<unsigned char*>(heap.reallocate(first, 1, 50000));
  ASSERT_NE(bytes, nullptr);
  EXPECT_NE(address_of(bytes) % MovingPages::page_bytes, 0u);
  EXPECT_EQ(bytes[0] + bytes[39999], 14);
  EXPECT_EQ(MovingPages::asked_count, 0u);
  heap.free(bytes);
  heap.free(in_the_way);
  for (void* other : others) heap.free(other);
  EXPECT_STREQ(verify(heap), nullptr);
}

}  // namespace
}  // namespace mote
