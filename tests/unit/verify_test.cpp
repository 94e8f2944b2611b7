// That verify() finds each broken invariant is tested where the invariant is:
// free_list_test.cpp, back_heap_test.cpp, slabs_test.cpp. Here: that it walks
// every heap to its end, says nothing about sound ones, and leaves no trace.
#include "verify.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <vector>

#include "heap.hpp"
#include "native/static_array.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"

namespace mote {
namespace {

template <class TestedHeap>
void expect_no_trace(TestedHeap& heap) {
  std::vector<unsigned char> before(sizeof heap);
  memcpy(before.data(), static_cast<void*>(&heap), sizeof heap);
  EXPECT_STREQ(verify(heap), nullptr);
  EXPECT_EQ(memcmp(before.data(), static_cast<void*>(&heap), sizeof heap), 0);
}

TEST(verify, an_untouched_heap_is_sound) {
  Heap<standard_profile, FakePages> standard;
  Heap<tiny_profile, FakePages> tiny;
  expect_no_trace(standard);
  expect_no_trace(tiny);
}

TEST(verify, a_heap_that_was_refused_everything_is_sound) {
  Heap<standard_profile, FakePages> heap;
  heap.source().budget_bytes = 0;
  for (size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{SIZE_MAX}}) {
    EXPECT_EQ(heap.allocate(size, 1), nullptr);
    expect_no_trace(heap);
  }
}

TEST(verify, can_be_called_again_and_again) {
  Heap<standard_profile, FakePages> heap;
  std::vector<void*> blocks;
  for (size_t i = 0; i < 100; ++i) blocks.push_back(heap.allocate(i * 10, 1));
  for (size_t i = 0; i < 100; i += 2) heap.free(blocks[i]);
  for (int i = 0; i < 3; ++i) expect_no_trace(heap);
  // What it counted for itself is not left in the heap.
  for (size_t i = 1; i < 100; i += 2) heap.free(blocks[i]);
  expect_no_trace(heap);
}

TEST(verify, sees_regions_in_any_order) {
  using Back = BackHeap<standard_profile, FakePages>;
  constexpr size_t free_and_used =
      HeapAccess::is_free<Back> | HeapAccess::is_used<Back>;
  for (bool descending : {false, true}) {
    Heap<standard_profile, FakePages> heap;
    heap.source().foreign_bytes = 100;
    heap.source().descending = descending;
    void* first = heap.allocate(50'000, 1);
    void* second = heap.allocate(50'000, 1);
    void* third = heap.allocate(50'000, 1);
    heap.free(second);
    expect_no_trace(heap);
    for (void* ptr : {first, third}) {
      Header* const header = header_of(ptr);
      const size_t bits = header->bits;
      header->bits |= free_and_used;
      EXPECT_STREQ(verify(heap), "B5");
      header->bits = bits;
    }
    expect_no_trace(heap);
  }
}

TEST(verify, ends_on_a_block_of_size_0) {
  Heap<tiny_profile, StaticArray<4096>> heap;
  void* const ptr = heap.allocate(100, 1);
  header_of(ptr)->bits &= standard_profile.alignment - 1;
  EXPECT_STREQ(verify(heap), "B1");
}

TEST(verify, finds_a_sentinel_that_is_none) {
  Heap<tiny_profile, FakePages> heap;
  heap.free(heap.allocate(100, 1));
  Header* const sentinel = HeapAccess::end(HeapAccess::back(heap));
  using Back = BackHeap<tiny_profile, FakePages>;
  for (size_t bits :
       {HeapAccess::is_used<Back>, HeapAccess::is_free<Back>, size_t{64}}) {
    const size_t old_bits = sentinel->bits;
    sentinel->bits |= bits;
    const char* const broken = verify(heap);
    EXPECT_TRUE(broken != nullptr) << bits;
    sentinel->bits = old_bits;
  }
  EXPECT_STREQ(verify(heap), nullptr);
}

// Headers and bins tell two stories.
TEST(verify, finds_free_blocks_that_are_in_no_bin_or_in_two) {
  Heap<tiny_profile, FakePages> heap;
  void* const first = heap.allocate(1000, 1);
  void* const between = heap.allocate(1000, 1);
  void* const second = heap.allocate(2000, 1);
  heap.allocate(1000, 1);
  heap.free(first);
  heap.free(second);
  ASSERT_STREQ(verify(heap), nullptr);
  using Back = BackHeap<tiny_profile, FakePages>;
  auto& bins = HeapAccess::bins(HeapAccess::back(heap));
  FreeList& bin = bins[HeapAccess::size_to_bin<Back>(
      HeapAccess::size_of<Back>(header_of(first)))];
  ASSERT_EQ(bin.first, node_at(first));
  bin.first = nullptr;
  EXPECT_STREQ(verify(heap), "B4");
  bin.first = node_at(first);
  // A block in use on the list.
  FreeNode* const node = node_at(between);
  *node = {nullptr, back_to(node_at(first))};
  node_at(first)->next = node;
  EXPECT_STREQ(verify(heap), "B4");
  node_at(first)->next = nullptr;
  EXPECT_STREQ(verify(heap), nullptr);
}

}  // namespace
}  // namespace mote
