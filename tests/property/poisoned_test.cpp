// The poison that the random programs run under: it must be there, or they
// prove less than they say.
#include "support/poisoned.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include "heap.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

using TestedHeap = Poisoned<Heap<standard_profile, FakePages>>;

TEST(poisoned, serves_as_the_heap_does) {
  TestedHeap heap;
  auto* const ptr = static_cast<char*>(heap.allocate_zeroed(1000, 64));
  ASSERT_NE(ptr, nullptr);
  EXPECT_EQ(address_of(ptr) % 64, 0u);
  EXPECT_EQ(ptr[999], 0);
  EXPECT_GE(heap.usable_size(ptr), 1000u);
  strcpy(ptr, "kept");
  auto* const moved = static_cast<char*>(heap.reallocate(ptr, 64, 50'000));
  ASSERT_NE(moved, nullptr);
  EXPECT_STREQ(moved, "kept");
  EXPECT_TRUE(heap.try_expand(moved, 10'000));
  EXPECT_STREQ(heap.verify(), nullptr);
  heap.free(moved);
  heap.free(nullptr);
  EXPECT_STREQ(heap.verify(), nullptr);
}

#ifdef MOTE_HAS_ASAN

bool is_poisoned(const char* ptr) {
  return __asan_address_is_poisoned(ptr) != 0;
}

TEST(poisoned, a_block_ends_where_it_was_asked_to) {
  TestedHeap heap;
  for (size_t size : {1, 13, 16, 100, 383, 385, 5000, 100'000}) {
    auto* const ptr = static_cast<char*>(heap.allocate(size, 1));
    EXPECT_FALSE(is_poisoned(ptr)) << size;
    EXPECT_FALSE(is_poisoned(ptr + size - 1)) << size;
    EXPECT_TRUE(is_poisoned(ptr + size)) << size;
    auto* const moved = static_cast<char*>(heap.reallocate(ptr, 1, size + 3));
    EXPECT_FALSE(is_poisoned(moved + size + 2)) << size;
    EXPECT_TRUE(is_poisoned(moved + size + 3)) << size;
    heap.free(moved);
    EXPECT_TRUE(is_poisoned(moved)) << size;
    EXPECT_TRUE(is_poisoned(moved + size / 2)) << size;
  }
}

TEST(poisoned, headers_are_the_heaps) {
  TestedHeap heap;
  auto* const ptr = static_cast<char*>(heap.allocate(5000, 1));
  EXPECT_TRUE(is_poisoned(ptr - 1));
  EXPECT_TRUE(is_poisoned(ptr - 8));
}

// A heap that is broken in the way that nothing else tells at once.
struct Scribbling : Heap<standard_profile, FakePages> {
  char* victim = nullptr;
  void free(void* ptr) {
    if (victim != nullptr) *victim ^= 1;
    Heap::free(ptr);
  }
};

#if GTEST_HAS_DEATH_TEST
TEST(poisoned, a_heap_that_writes_into_a_block_is_reported) {
  Poisoned<Scribbling> heap;
  auto* const kept = static_cast<char*>(heap.allocate(64, 1));
  auto* const other = static_cast<char*>(heap.allocate(64, 1));
  memset(kept, 1, 64);
  heap.unlocked().victim = other;
  heap.free(other);  // its own
  heap.unlocked().victim = kept;
  void* const third = heap.allocate(64, 1);
  EXPECT_DEATH(heap.free(third), "use-after-poison");
  heap.unlocked().victim = nullptr;
}
#endif

#endif

}  // namespace
}  // namespace mote
