#include "fallback.hpp"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include <vector>

#include "arena.hpp"
#include "c_malloc.hpp"
#include "counting.hpp"
#include "failing.hpp"
#include "limited.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

// Two that count, the first with little room.
struct Two {
  Counting<CMalloc> first_counting;
  Counting<CMalloc> second;
  Limited<Counting<CMalloc>&> first{first_counting, 1000};
  Fallback<decltype(first)&, Counting<CMalloc>&> fallback{first, second};
};

TEST(fallback, goes_to_the_second_when_the_first_refuses) {
  Two two;
  void* const small = two.fallback.allocate(900, 1);
  void* const large = two.fallback.allocate(200, 1);
  EXPECT_EQ(two.first_counting.counts().live_count(), 1);
  EXPECT_EQ(two.second.counts().live_count(), 1);
  two.fallback.free(small, 900, 1);
  EXPECT_EQ(two.first_counting.counts().live_bytes, 0);
  two.fallback.free(large, 200, 1);
  EXPECT_EQ(two.second.counts().live_bytes, 0);
  two.fallback.free(nullptr, 10, 16);
}

TEST(fallback, a_reallocation_follows_its_block) {
  Two two;
  void* ptr = two.fallback.reallocate(nullptr, 0, 1, 900);
  memset(ptr, 0x5A, 900);
  for (size_t size : {1000, 2000, 5000}) {  // the last two on the second
    ptr = two.fallback.reallocate(ptr, 900, 1, size);
    ASSERT_NE(ptr, nullptr);
    for (int i = 0; i < 900; ++i) ASSERT_EQ(static_cast<char*>(ptr)[i], 0x5A);
    ptr = two.fallback.reallocate(ptr, size, 1, 900);
  }
  EXPECT_EQ(two.first_counting.counts().live_bytes, 0);
  two.fallback.free(ptr, 900, 1);
  EXPECT_EQ(two.second.counts().live_bytes, 0);
}

TEST(fallback, refuses_when_both_do) {
  NullAllocator null;
  Fallback fallback(null, null);
  EXPECT_EQ(fallback.allocate(1, 1), nullptr);
  EXPECT_EQ(fallback.reallocate(nullptr, 0, 1, 1), nullptr);
  Two two;
  volatile size_t huge = SIZE_MAX;
  EXPECT_EQ(two.fallback.allocate(huge, 1), nullptr);
  EXPECT_EQ(two.fallback.allocate(1, SIZE_MAX / 2 + 1), nullptr);
  for (size_t size : {900, 2000}) {
    void* const ptr = two.fallback.allocate(size, 1);
    memset(ptr, 0x5A, size);
    EXPECT_EQ(two.fallback.reallocate(ptr, size, 1, huge), nullptr);
    EXPECT_EQ(static_cast<char*>(ptr)[size - 1], 0x5A);
    two.fallback.free(ptr, size, 1);
  }
}

// Every size and alignment, in any order: each block returns to where it is
// from, or the counts would not.
TEST(fallback, knows_its_blocks) {
  struct Block {
    void* ptr;
    size_t size;
    size_t align;
  };
  for (unsigned round = 0; round < rounds(20); ++round) {
    Random random(seed() * 100 + round);
    char buffer[5000];
    Arena<NullAllocator> arena(buffer, sizeof buffer);
    Counting<Arena<NullAllocator>&> first(arena);
    Counting<CMalloc> second;
    Fallback fallback(first, second);
    std::vector<Block> blocks;
    for (int i = 0; i < 500; ++i) {
      const size_t size = random.below(200);
      if (blocks.empty() || random.one_in(2)) {
        const size_t align = size_t{1} << random.below(8);
        void* const ptr = fallback.allocate(size, align);
        ASSERT_NE(ptr, nullptr);
        ASSERT_EQ(address_of(ptr) % align, 0u);
        memset(ptr, 1, size);
        blocks.push_back({ptr, size, align});
        continue;
      }
      Block& block = blocks[random.below(blocks.size())];
      if (random.one_in(2)) {
        block.ptr =
            fallback.reallocate(block.ptr, block.size, block.align, size);
        ASSERT_EQ(address_of(block.ptr) % block.align, 0u);
        block.size = size;
      } else {
        fallback.free(block.ptr, block.size, block.align);
        block = blocks.back();
        blocks.pop_back();
      }
    }
    EXPECT_GT(first.counts().allocation_count, 0u);
    EXPECT_GT(second.counts().allocation_count, 0u);
    for (const Block& block : blocks) {
      fallback.free(block.ptr, block.size, block.align);
    }
    EXPECT_EQ(first.counts().live_bytes, 0);
    EXPECT_EQ(first.counts().live_count(), 0);
    EXPECT_EQ(second.counts().live_bytes, 0);
    EXPECT_EQ(second.counts().live_count(), 0);
  }
}

// The first refuses even what is shorter; the second has it all the same.
TEST(fallback, a_block_may_move_to_the_second_and_shrink) {
  CMalloc malloc;
  Failing first(malloc, RefuseNth(2));
  Fallback fallback(first, malloc);
  auto* const ptr = static_cast<char*>(fallback.allocate(100, 1));
  memset(ptr, 0x5A, 100);
  auto* const moved = static_cast<char*>(fallback.reallocate(ptr, 100, 1, 10));
  ASSERT_NE(moved, nullptr);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(moved[i], 0x5A);
  EXPECT_EQ(address_of(moved) % 2, 1u) << "not the second one's";
  fallback.free(moved, 10, 1);
}

TEST(fallback, a_refused_reallocation_of_the_seconds_leaves_the_block) {
  NullAllocator null;
  CMalloc malloc;
  Failing second(malloc, RefuseAbove(1000));
  Fallback fallback(null, second);
  auto* const ptr = static_cast<char*>(fallback.allocate(100, 1));
  ASSERT_NE(ptr, nullptr);
  memset(ptr, 0x5A, 100);
  EXPECT_EQ(fallback.reallocate(ptr, 100, 1, 2000), nullptr);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ptr[i], 0x5A);
  fallback.free(ptr, 100, 1);
}

}  // namespace
}  // namespace mote
