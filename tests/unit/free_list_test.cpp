#include "free_list.hpp"

#include <gtest/gtest.h>

#include "heap.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"

namespace mote {
namespace {

using StandardHeap = Heap<standard_profile, FakePages>;
using Small = Slabs<standard_profile, FakePages, OneThread>;

// Whether each node's link leads back to the pointer to it (F1); of the first
// only when `first_too`, for a pop leaves it stale (F2).
bool links_lead_back(const FreeList& list, bool first_too) {
  size_t expected = back_to(&list);
  for (const FreeNode* node = list.first; node; node = node->next) {
    if (node->back != expected && (first_too || node != list.first)) {
      return false;
    }
    expected = back_to(node);
  }
  return true;
}

size_t length_of(const FreeList& list) {
  size_t length = 0;
  for (const FreeNode* node = list.first; node; node = node->next) ++length;
  return length;
}

class free_list : public testing::Test {
 protected:
  free_list() {
    for (FreeNode& node : nodes_) push(&list_, &node);
  }

  alignas(16) FreeList list_ = {};
  alignas(16) FreeNode nodes_[5] = {};
};

TEST_F(free_list, last_pushed_is_first) {
  const FreeNode* node = list_.first;
  for (int i = 4; i >= 0; --i, node = node->next) EXPECT_EQ(node, &nodes_[i]);
  EXPECT_EQ(node, nullptr);
}

TEST_F(free_list, F1_back_is_one_less_than_the_pointer_to_the_node) {
  EXPECT_TRUE(links_lead_back(list_, true));
  EXPECT_EQ(list_.first->back, address_of(&list_) - 1);
  EXPECT_EQ(node_before(&nodes_[0]), &nodes_[1]);
  EXPECT_EQ(reinterpret_cast<FreeList*>(node_before(&nodes_[4])), &list_);
  // It ends in ones, which no aligned address does.
  for (const FreeNode& node : nodes_) {
    EXPECT_EQ(node.back % alignof(FreeList), alignof(FreeList) - 1);
  }
}

TEST_F(free_list, unlink_works_anywhere_without_the_list) {
  unlink<true>(&nodes_[2]);  // in the middle
  EXPECT_EQ(length_of(list_), 4u);
  EXPECT_TRUE(links_lead_back(list_, true));
  unlink<true>(&nodes_[4]);  // the first
  EXPECT_EQ(list_.first, &nodes_[3]);
  EXPECT_TRUE(links_lead_back(list_, true));
  unlink<true>(&nodes_[0]);  // the last
  EXPECT_EQ(length_of(list_), 2u);
  EXPECT_TRUE(links_lead_back(list_, true));
  unlink<true>(&nodes_[1]);
  unlink<true>(&nodes_[3]);  // the only one
  EXPECT_EQ(list_.first, nullptr);
}

TEST_F(free_list, F3_a_node_that_was_unlinked_has_no_link) {
  for (FreeNode* node : {&nodes_[2], &nodes_[4], &nodes_[0]}) {
    unlink<true>(node);
    EXPECT_EQ(node->back, 0u);
  }
}

TEST_F(free_list, F2_repair_first_undoes_what_a_pop_left) {
  list_.first = list_.first->next;  // a pop
  EXPECT_FALSE(links_lead_back(list_, true));
  EXPECT_TRUE(links_lead_back(list_, false));
  repair_first(&list_);
  EXPECT_TRUE(links_lead_back(list_, true));
  unlink<true>(list_.first);
  EXPECT_EQ(list_.first, &nodes_[2]);
  EXPECT_TRUE(links_lead_back(list_, true));
}

TEST_F(free_list, F2_a_push_repairs_too) {
  FreeNode* const popped = list_.first;
  list_.first = popped->next;
  push(&list_, popped);
  EXPECT_TRUE(links_lead_back(list_, true));
}

// The same in a heap, whose size classes are such lists.

TEST(free_list_in_a_heap, F1_verify_finds_a_wrong_link_in_a_size_class) {
  StandardHeap heap;
  void* const ptr = heap.allocate(48, 1);
  const auto& size_class =
      HeapAccess::class_at(HeapAccess::slabs(heap), Small::size_to_class(48));
  FreeNode* const second = size_class.list.first->next;
  ASSERT_STREQ(verify(heap), nullptr);
  const size_t back = second->back;
  second->back = back + 16;
  EXPECT_STREQ(verify(heap), "F1");
  second->back = back;
  EXPECT_STREQ(verify(heap), nullptr);
  heap.free(ptr);
}

TEST(free_list_in_a_heap, F1_verify_finds_a_wrong_link_in_a_bin) {
  StandardHeap heap;
  void* const ptr = heap.allocate(5000, 1);
  void* const fence = heap.allocate(5000, 1);
  heap.free(ptr);
  ASSERT_STREQ(verify(heap), nullptr);
  node_at(ptr)->back -= 16;
  EXPECT_STREQ(verify(heap), "F1");
  node_at(ptr)->back += 16;
  heap.free(fence);
  EXPECT_STREQ(verify(heap), nullptr);
}

TEST(free_list_in_a_heap, F2_lists_with_a_stale_first_link_are_sound) {
  StandardHeap heap;
  void* const first = heap.allocate(48, 1);
  void* const second = heap.allocate(48, 1);
  EXPECT_STREQ(verify(heap), nullptr);
  heap.free(first);
  EXPECT_STREQ(verify(heap), nullptr);
  heap.free(second);
  EXPECT_STREQ(verify(heap), nullptr);
}

TEST(free_list_in_a_heap, F3_a_block_that_was_popped_has_no_link) {
  StandardHeap heap;
  for (size_t i = 0; i < 500; ++i) {
    void* const ptr = heap.allocate(48, 1);
    ASSERT_EQ(node_at(ptr)->back, 0u);
    if (i % 3 == 0) heap.free(ptr);
  }
  // So a block that its user never wrote to is not taken for a free one.
  void* const untouched = heap.allocate(48, 1);
  heap.free(untouched);
  EXPECT_STREQ(verify(heap), nullptr);
}

}  // namespace
}  // namespace mote
