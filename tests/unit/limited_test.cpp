#include "limited.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <vector>

#include "c_malloc.hpp"
#include "failing.hpp"

namespace mote {
namespace {

TEST(limited, refuses_what_would_exceed_the_cap) {
  Limited<CMalloc> limited(100);
  void* const first = limited.allocate(60, 1);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(limited.allocate(41, 1), nullptr);
  volatile size_t huge = SIZE_MAX;  // or g++ warns
  EXPECT_EQ(limited.allocate(huge, 1), nullptr);
  void* const second = limited.allocate(40, 1);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(limited.live_bytes(), 100u);
  limited.free(first, 60, 1);
  limited.free(second, 40, 1);
  limited.free(nullptr, 40, 1);
  EXPECT_EQ(limited.live_bytes(), 0u);
}

TEST(limited, a_reallocation_counts_what_it_adds) {
  Limited<CMalloc> limited(100);
  void* ptr = limited.reallocate(nullptr, 7, 1, 60);
  ASSERT_NE(ptr, nullptr);
  memset(ptr, 0x5A, 60);
  EXPECT_EQ(limited.reallocate(ptr, 60, 1, 101), nullptr);
  EXPECT_EQ(static_cast<char*>(ptr)[59], 0x5A);
  EXPECT_EQ(limited.live_bytes(), 60u);
  ptr = limited.reallocate(ptr, 60, 1, 100);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(limited.live_bytes(), 100u);
  ptr = limited.reallocate(ptr, 100, 1, 10);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(limited.live_bytes(), 10u);
  limited.free(ptr, 10, 1);
}

TEST(limited, what_the_inner_allocator_refuses_does_not_count) {
  Failing<CMalloc, RefuseAbove> failing(RefuseAbove(50));
  Limited limited(failing, 100);
  EXPECT_EQ(limited.allocate(60, 1), nullptr);
  EXPECT_EQ(limited.live_bytes(), 0u);
  void* const ptr = limited.allocate(50, 1);
  EXPECT_EQ(limited.reallocate(ptr, 50, 1, 51), nullptr);
  EXPECT_EQ(limited.live_bytes(), 50u);
  limited.free(ptr, 50, 1);
}

// Blocks of 10 bytes that may go when memory is short.
struct Cache {
  Limited<CMalloc> limited{100, drop_one, this};
  std::vector<void*> blocks;
  size_t needed_bytes = 0;  // as last told

  void fill() {
    while (void* block = limited.allocate(10, 1)) {
      blocks.push_back(block);
      if (limited.live_bytes() == 100) return;
    }
  }
  static bool drop_one(void* context, size_t needed_bytes) {
    Cache& cache = *static_cast<Cache*>(context);
    cache.needed_bytes = needed_bytes;
    if (cache.blocks.empty()) return false;
    cache.limited.free(cache.blocks.back(), 10, 1);
    cache.blocks.pop_back();
    return true;
  }
};

TEST(limited, the_callback_makes_room_until_the_request_fits) {
  Cache cache;
  cache.fill();
  ASSERT_EQ(cache.blocks.size(), 10u);
  void* ptr = cache.limited.allocate(35, 1);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(cache.blocks.size(), 6u);  // no more than needed
  EXPECT_EQ(cache.needed_bytes, 35u);
  ptr = cache.limited.reallocate(ptr, 35, 1, 50);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(cache.blocks.size(), 5u);
  EXPECT_EQ(cache.needed_bytes, 15u);
  cache.limited.free(ptr, 50, 1);
  while (Cache::drop_one(&cache, 0)) {
  }
  EXPECT_EQ(cache.limited.live_bytes(), 0u);
}

TEST(limited, when_the_callback_has_nothing_left_the_request_is_refused) {
  Cache cache;
  cache.fill();
  EXPECT_EQ(cache.limited.allocate(101, 1), nullptr);
  EXPECT_TRUE(cache.blocks.empty());
  EXPECT_EQ(cache.limited.live_bytes(), 0u);
}

TEST(limited, the_callback_is_asked_when_the_inner_allocator_refuses) {
  Failing<CMalloc, RefuseNth> failing(RefuseNth(1));
  const auto say_yes = [](void*, size_t) { return true; };
  Limited limited(failing, 100, say_yes);
  void* const ptr = limited.allocate(10, 1);
  EXPECT_NE(ptr, nullptr);
  EXPECT_EQ(limited.live_bytes(), 10u);
  limited.free(ptr, 10, 1);
}

}  // namespace
}  // namespace mote
