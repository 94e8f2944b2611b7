#include "back_heap.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <vector>

#include "heap.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

namespace mote {
namespace {

// Without slabs a heap is a back heap, and verify() takes it.
template <class C>
class back_heap : public testing::Test {
 protected:
  static constexpr Config config = C::config;
  static constexpr size_t alignment = config.alignment;
  using TestedHeap = Heap<config, FakePages>;
  using Back = BackHeap<config, FakePages>;
  static constexpr unsigned bin_count = HeapAccess::bin_count<Back>;
  static constexpr size_t is_free = HeapAccess::is_free<Back>;
  static constexpr size_t is_used = HeapAccess::is_used<Back>;
  static constexpr size_t previous_free = HeapAccess::previous_free<Back>;

  void* allocate(size_t size, size_t align = 1) {
    return heap_.allocate(size, align);
  }

  static size_t size_to_block_size(size_t size) {
    return HeapAccess::size_to_block_size<Back>(size);
  }
  static unsigned size_to_bin(size_t block_size) {
    return HeapAccess::size_to_bin<Back>(block_size);
  }
  static size_t size_of(const Header* block) {
    return HeapAccess::size_of<Back>(block);
  }

  back_heap() { heap_.source().arena_bytes = size_t{4} << 20; }

  // The first of three blocks is in use, the second free, the third in use.
  void make_hole(size_t size) {
    before_ = allocate(100);
    hole_ = allocate(size);
    after_ = allocate(100);
    heap_.free(hole_);
    ASSERT_STREQ(verify(heap_), nullptr);
  }

  TestedHeap heap_;
  Back& back_ = HeapAccess::back(heap_);
  void* before_ = nullptr;
  void* hole_ = nullptr;
  void* after_ = nullptr;
};

TYPED_TEST_SUITE(back_heap, TinyChoices, ChoiceNames);

// Block sizes and bins.

TYPED_TEST(back_heap, every_size_fits_its_block_and_wastes_little) {
  size_t last = 0;
  for (size_t size = 0; size < 300'000; ++size) {
    const size_t block_size = this->size_to_block_size(size);
    ASSERT_GE(block_size, size + TestFixture::Back::header_size);
    ASSERT_GE(block_size, TestFixture::Back::block_size_min);
    ASSERT_GE(block_size, last);
    ASSERT_EQ(block_size % this->alignment, 0u);
    ASSERT_TRUE(block_size == TestFixture::Back::block_size_min ||
                block_size - size <
                    TestFixture::Back::header_size + this->alignment);
    last = block_size;
  }
}

TYPED_TEST(back_heap, bins_are_monotonic_four_an_octave_and_in_range) {
  unsigned last = this->size_to_bin(16);
  for (unsigned shift = 4; shift < sizeof(size_t) * 8; ++shift) {
    for (size_t quarter = 4; quarter < 8; ++quarter) {
      const size_t size = (size_t{1} << shift) / 4 * quarter;
      const unsigned bin = this->size_to_bin(size);
      ASSERT_GE(bin, last);
      ASSERT_LE(bin, last + 1) << "a bin is left out";
      ASSERT_EQ(bin, this->size_to_bin(size + size / 8)) << size;
      ASSERT_EQ(bin == last, size == 16) << size;
      ASSERT_LT(bin, TestFixture::bin_count);
      last = bin;
    }
  }
}

// Allocation.

TYPED_TEST(back_heap, every_size_can_be_had_and_used) {
  for (size_t size = 0; size < 3000; ++size) {
    void* const ptr = this->allocate(size);
    ASSERT_NE(ptr, nullptr);
    ASSERT_EQ(address_of(ptr) % this->alignment, 0u);
    ASSERT_GE(this->heap_.usable_size(ptr), size);
    memset(ptr, 0xFF, this->heap_.usable_size(ptr));
    if (size % 3 == 0) this->heap_.free(ptr);
    if (size % 100 == 0) {
      ASSERT_STREQ(verify(this->heap_), nullptr);
    }
  }
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, every_alignment_can_be_had) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{24}, size_t{1000}}) {
      void* const ptr = this->allocate(size, align);
      ASSERT_NE(ptr, nullptr) << align;
      ASSERT_EQ(address_of(ptr) % align, 0u);
      ASSERT_STREQ(verify(this->heap_), nullptr);
    }
  }
}

TYPED_TEST(back_heap, a_freed_block_serves_the_same_size_again) {
  this->make_hole(1000);
  EXPECT_EQ(this->allocate(1000), this->hole_);
}

TYPED_TEST(back_heap, a_hole_is_split_and_its_rest_is_used) {
  this->make_hole(1000);
  void* const first = this->allocate(400);
  EXPECT_EQ(first, this->hole_);
  void* const second = this->allocate(400);
  EXPECT_GT(second, first);
  EXPECT_LT(second, this->after_);
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, aligned_blocks_leave_usable_gaps) {
  this->make_hole(4000);
  void* const aligned = this->allocate(100, 1024);
  EXPECT_EQ(address_of(aligned) % 1024, 0u);
  EXPECT_GT(aligned, this->before_);
  EXPECT_LT(aligned, this->after_);
  ASSERT_STREQ(verify(this->heap_), nullptr);
  this->heap_.free(aligned);
  ASSERT_STREQ(verify(this->heap_), nullptr);
  EXPECT_EQ(this->allocate(4000), this->hole_);
}

TYPED_TEST(back_heap, absurd_sizes_are_refused_without_asking) {
  const size_t count = this->heap_.source().acquire_count;
  for (size_t k = 0; k <= 65536; ++k) {
    ASSERT_EQ(this->allocate(SIZE_MAX - k), nullptr);
    ASSERT_EQ(this->allocate(SIZE_MAX - k, SIZE_MAX / 2 + 1), nullptr);
  }
  EXPECT_EQ(this->heap_.source().acquire_count, count);
  for (unsigned shift = 22; shift < sizeof(size_t) * 8; ++shift) {
    ASSERT_EQ(this->allocate(size_t{1} << shift, size_t{1} << shift), nullptr);
  }
  EXPECT_EQ(this->heap_.source().granted_bytes, 0u);
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

// In place.

TYPED_TEST(back_heap, grows_into_a_free_neighbour) {
  this->make_hole(1000);
  ASSERT_TRUE(this->heap_.try_expand(this->before_, 900));
  EXPECT_GE(this->heap_.usable_size(this->before_), 900u);
  ASSERT_STREQ(verify(this->heap_), nullptr);
  EXPECT_FALSE(this->heap_.try_expand(this->before_, 2000));
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, a_block_before_one_in_use_cannot_grow) {
  void* const ptr = this->allocate(100);
  this->allocate(100);
  const size_t usable = this->heap_.usable_size(ptr);
  EXPECT_FALSE(this->heap_.try_expand(ptr, usable + 1));
  EXPECT_TRUE(this->heap_.try_expand(ptr, usable));
  EXPECT_EQ(this->heap_.usable_size(ptr), usable);
}

TYPED_TEST(back_heap, shrinking_gives_the_rest_back) {
  void* const ptr = this->allocate(5000);
  void* const fence = this->allocate(100);
  ASSERT_TRUE(this->heap_.try_expand(ptr, 100));
  EXPECT_LT(this->heap_.usable_size(ptr), 200u);
  ASSERT_STREQ(verify(this->heap_), nullptr);
  void* const rest = this->allocate(4500);
  EXPECT_GT(rest, ptr);
  EXPECT_LT(rest, fence);
}

TYPED_TEST(back_heap, absurd_sizes_cannot_be_grown_to) {
  void* const ptr = this->allocate(100);
  memset(ptr, 7, 100);
  for (size_t k = 0; k <= 65536; ++k) {
    ASSERT_FALSE(this->heap_.try_expand(ptr, SIZE_MAX - k));
    ASSERT_EQ(this->heap_.reallocate(ptr, 1, SIZE_MAX - k), nullptr);
  }
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

// Growth.

TYPED_TEST(back_heap, growth_in_place_extends_one_region) {
  void* const first = this->allocate(40'000);
  void* const second = this->allocate(60'000);
  this->heap_.free(first);
  this->heap_.free(second);
  const size_t granted = this->heap_.source().granted_bytes;
  EXPECT_NE(this->allocate(100'000), nullptr);
  EXPECT_EQ(this->heap_.source().granted_bytes, granted);
}

TYPED_TEST(back_heap, growth_asks_only_for_what_the_free_tail_lacks) {
  this->heap_.source().page_size_bytes = 1;
  void* const ptr = this->allocate(50'000);
  this->heap_.free(ptr);
  const size_t granted = this->heap_.source().granted_bytes;
  EXPECT_EQ(this->allocate(60'000), ptr);
  EXPECT_LT(this->heap_.source().granted_bytes, granted + 10'500);
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, B6_a_bridge_spans_what_others_took) {
  this->heap_.source().foreign_bytes = 4096;
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) {
    blocks.push_back(this->allocate(60'000));
    ASSERT_NE(blocks.back(), nullptr);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
  EXPECT_GE(this->heap_.source().acquire_count, 8u);
  for (void* block : blocks) {
    this->heap_.free(block);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
  // No block lies across a bridge.
  EXPECT_NE(this->allocate(60'000), nullptr);
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, blocks_above_a_later_span_are_still_known) {
  this->heap_.source().descending = true;
  this->heap_.source().foreign_bytes = 64;
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) {
    blocks.push_back(this->allocate(60'000));
    ASSERT_NE(blocks.back(), nullptr);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
  for (void* block : blocks) {
    EXPECT_GE(this->heap_.usable_size(block), 60'000u);
    this->heap_.free(block);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

// What verify() must find. Each test breaks one invariant and mends it again.

TYPED_TEST(back_heap, B1_blocks_follow_each_other_without_a_gap) {
  this->make_hole(1000);
  Header* const header = header_of(this->before_);
  const size_t bits = header->bits;
  // A block that ends in the midst of the next one.
  header->bits = bits + this->alignment;
  memset(this->hole_, 0, 8 * this->alignment);
  EXPECT_NE(verify(this->heap_), nullptr);
  // A free block without room for its links.
  Header* const hole = header_of(this->hole_);
  header->bits = bits;
  const size_t hole_bits = hole->bits;
  hole->bits = TestFixture::is_free;
  EXPECT_STREQ(verify(this->heap_), "B1");
  hole->bits = hole_bits;
}

TYPED_TEST(back_heap, B2_previous_free_is_set_exactly_behind_free_blocks) {
  this->make_hole(1000);
  Header* const behind = header_of(this->after_);
  ASSERT_TRUE(behind->bits & TestFixture::previous_free);
  behind->bits ^= TestFixture::previous_free;
  EXPECT_STREQ(verify(this->heap_), "B2");
  behind->bits ^= TestFixture::previous_free;
  header_of(this->before_)->bits ^= TestFixture::previous_free;
  EXPECT_STREQ(verify(this->heap_), "B2");
  header_of(this->before_)->bits ^= TestFixture::previous_free;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, B2_the_footer_of_a_free_block_holds_its_size) {
  this->make_hole(1000);
  Header* const footer = header_of(this->after_) - 1;
  footer->bits += this->alignment;
  EXPECT_STREQ(verify(this->heap_), "B2");
  footer->bits -= this->alignment;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, B3_no_two_free_blocks_are_neighbours) {
  this->make_hole(1000);
  header_of(this->after_)->bits ^= TestFixture::is_used | TestFixture::is_free;
  EXPECT_STREQ(verify(this->heap_), "B3");
  header_of(this->after_)->bits ^= TestFixture::is_used | TestFixture::is_free;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, B3_neighbours_merge_in_every_order) {
  constexpr int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    void* blocks[3];
    for (void*& block : blocks) block = this->allocate(1000);
    void* const fence = this->allocate(100);
    for (int i : order) {
      this->heap_.free(blocks[i]);
      ASSERT_STREQ(verify(this->heap_), nullptr);
    }
    void* const all = this->allocate(3000);
    EXPECT_EQ(all, blocks[0]);
    this->heap_.free(all);
    this->heap_.free(fence);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

TYPED_TEST(back_heap, B4_every_free_block_is_in_the_bin_of_its_size) {
  this->make_hole(1000);
  auto& bins = HeapAccess::bins(this->back_);
  const size_t size = this->size_of(header_of(this->hole_));
  const unsigned bin = this->size_to_bin(size);
  FreeList& list = bins[bin];
  ASSERT_EQ(list.first, node_at(this->hole_));

  FreeNode* const first = list.first;
  list.first = nullptr;  // the block is in no bin
  EXPECT_STREQ(verify(this->heap_), "B4");
  list.first = first;

  unlink<true>(node_at(this->hole_));  // the block is in another bin
  FreeList& other = bins[bin + 1];
  push(&other, node_at(this->hole_));
  EXPECT_STREQ(verify(this->heap_), "B4");
  unlink<true>(node_at(this->hole_));
  push(&list, node_at(this->hole_));
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(back_heap, B4_the_block_at_the_end_is_in_the_last_bin) {
  this->make_hole(1000);
  FreeList& last = HeapAccess::bins(
      this->back_)[HeapAccess::last_bin<typename TestFixture::Back>];
  ASSERT_NE(last.first, nullptr);
  const Header* const end = HeapAccess::end(this->back_);
  EXPECT_EQ(
      HeapAccess::after<typename TestFixture::Back>(header_of(last.first)),
      end);
  EXPECT_EQ(last.first->next, nullptr);

  FreeNode* const hole = node_at(this->hole_);
  unlink<true>(hole);  // one that does not end there has no place in it
  push(&last, hole);
  EXPECT_STREQ(verify(this->heap_), "B4");
}

TYPED_TEST(back_heap, the_end_is_taken_last) {
  this->make_hole(100'000);  // larger than what is free at the end
  void* const ptr = this->allocate(1000);
  EXPECT_GE(ptr, this->hole_);
  EXPECT_LT(ptr, this->after_);
}

TYPED_TEST(back_heap, an_emptied_heap_serves_alike_again) {
  const auto serve = [&] {
    std::vector<void*> blocks;
    for (size_t i = 1; i < 200; ++i)
      blocks.push_back(this->allocate(i * 37 % 3001 + 600));
    for (size_t i = 0; i < blocks.size(); i += 2) this->heap_.free(blocks[i]);
    for (size_t i = 0; i < blocks.size(); i += 2)
      blocks[i] = this->allocate(i * 91 % 2003 + 600);
    for (void* block : blocks) this->heap_.free(block);
    return blocks;
  };
  serve();  // has grown the memory
  const std::vector<void*> second = serve();
  EXPECT_EQ(serve(), second);
}

TYPED_TEST(back_heap, B5_a_block_is_either_used_or_free) {
  this->make_hole(1000);
  header_of(this->hole_)->bits ^= TestFixture::is_used;
  EXPECT_STREQ(verify(this->heap_), "B5");
  header_of(this->hole_)->bits ^= TestFixture::is_used;
  EXPECT_STREQ(verify(this->heap_), nullptr);
  EXPECT_TRUE(header_of(this->before_)->bits & TestFixture::is_used);
  EXPECT_FALSE(header_of(this->hole_)->bits & TestFixture::is_used);
}

TYPED_TEST(back_heap, B6_the_sentinel_has_no_size_and_no_state) {
  this->make_hole(1000);
  Header* const end = HeapAccess::end(this->back_);
  for (size_t flag :
       {TestFixture::is_free, TestFixture::is_used, TestFixture::alignment}) {
    const size_t bits = end->bits;
    // The block before it is free, and so must not be its neighbour.
    void* const tail = this->allocate(0);
    end->bits ^= flag;
    EXPECT_NE(verify(this->heap_), nullptr);
    end->bits = bits;
    this->heap_.free(tail);
    EXPECT_STREQ(verify(this->heap_), nullptr);
  }
  end->bits |= this->alignment;
  EXPECT_STREQ(verify(this->heap_), "B6");
  end->bits ^= this->alignment;
}

// Trimming.

TEST(back_heap_trim, gives_back_a_free_tail_and_takes_it_again) {
  Heap<tiny_profile, ReleasingFakePages> heap;
  heap.source().page_size_bytes = 4096;
  EXPECT_EQ(heap.trim(), 0u);
  void* const kept = heap.allocate(1000, 1);
  void* const tail = heap.allocate(100'000, 1);
  EXPECT_LT(heap.trim(), 3 * 4096u);
  memset(kept, 5, 1000);
  heap.free(tail);
  const size_t granted = heap.source().granted_bytes;
  const size_t released = heap.trim();
  EXPECT_GT(released, 90'000u);
  EXPECT_EQ(heap.source().granted_bytes, granted - released);
  EXPECT_STREQ(verify(heap), nullptr);
  EXPECT_EQ(heap.trim(), 0u);
  EXPECT_EQ(heap.allocate(100'000, 1), tail);
  memset(tail, 6, 100'000);
  EXPECT_STREQ(verify(heap), nullptr);
  EXPECT_EQ(static_cast<char*>(kept)[999], 5);
}

TEST(back_heap_trim, an_empty_heap_gives_nearly_all_back) {
  Heap<standard_profile, ReleasingFakePages> heap;
  heap.source().page_size_bytes = 4096;
  for (int round = 0; round < 3; ++round) {
    void* const ptr = heap.allocate(200'000, 1);
    heap.free(ptr);
    heap.trim();
    EXPECT_LE(heap.source().granted_bytes, 4096u);
    EXPECT_STREQ(verify(heap), nullptr);
  }
}

TEST(back_heap_trim, a_block_at_the_end_holds_all) {
  Heap<tiny_profile, ReleasingFakePages> heap;
  heap.source().page_size_bytes = 1;
  void* const below = heap.allocate(50'000, 1);
  void* const last = heap.allocate(100, 1);
  heap.trim();
  heap.free(below);
  EXPECT_EQ(heap.trim(), 0u);
  EXPECT_STREQ(verify(heap), nullptr);
  heap.free(last);
  EXPECT_GT(heap.trim(), 50'000u);
  EXPECT_STREQ(verify(heap), nullptr);
}

TEST(back_heap_trim, memory_that_others_hold_stays) {
  Heap<tiny_profile, ReleasingFakePages> heap;
  heap.source().foreign_bytes = 16;
  heap.free(heap.allocate(100'000, 1));
  EXPECT_EQ(heap.trim(), 0u);
  EXPECT_STREQ(verify(heap), nullptr);
}

}  // namespace
}  // namespace mote
