#include "block_cache.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <vector>

#include "back_heap.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

constexpr Config config = {.thread_cache_bytes = 4096,
                           .cached_block_size_max = 1024};
using Back = BackHeap<config, FakePages>;
using Cache = BlockCache<config, FakePages>;

class block_cache : public testing::Test {
 protected:
  Header* allocate(size_t size) {
    return Back::block_of(back_.allocate(size, config.alignment));
  }
  bool push(Header* block) {
    is_full_ = false;
    return cache_.push(block, is_full_);
  }

  Back back_;
  Cache cache_ = {};
  bool is_full_ = false;
};

TEST_F(block_cache, C1_keeps_no_more_than_its_bytes) {
  const size_t block_size = Back::size_to_block_size(500);
  const size_t count_max = config.thread_cache_bytes / block_size;
  for (size_t i = 0; i < count_max; ++i) {
    EXPECT_TRUE(push(allocate(500)));
    EXPECT_FALSE(is_full_);
    EXPECT_EQ(cache_.bytes(), (i + 1) * block_size);
  }
  Header* const one_more = allocate(500);
  EXPECT_FALSE(push(one_more));
  EXPECT_TRUE(is_full_);
  EXPECT_EQ(cache_.bytes(), count_max * block_size);
  // One that is served makes room for one.
  EXPECT_NE(cache_.pop(500), nullptr);
  EXPECT_EQ(cache_.bytes(), (count_max - 1) * block_size);
  EXPECT_TRUE(push(one_more));
  cache_.release(back_);
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_F(block_cache, a_block_of_exactly_the_bytes_left_is_kept) {
  const size_t size = 1024 - Back::header_size;
  for (size_t i = 0; i < config.thread_cache_bytes / 1024; ++i)
    EXPECT_TRUE(push(allocate(size)));
  EXPECT_EQ(cache_.bytes(), config.thread_cache_bytes);
  EXPECT_FALSE(push(allocate(100)));
  EXPECT_TRUE(is_full_);
}

TEST_F(block_cache, C2_serves_the_last_block_of_the_same_size_once) {
  Header* const first = allocate(500);
  Header* const second = allocate(500);
  Header* const other = allocate(600);
  push(first);
  push(second);
  push(other);
  EXPECT_EQ(cache_.pop(700), nullptr);
  EXPECT_EQ(cache_.pop(400), nullptr);
  EXPECT_EQ(cache_.pop(500), Back::node_of(second));
  EXPECT_EQ(cache_.pop(500), Back::node_of(first));
  EXPECT_EQ(cache_.pop(500), nullptr);
  EXPECT_EQ(cache_.pop(600), Back::node_of(other));
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_F(block_cache, C2_a_kept_block_is_marked_and_a_served_one_is_not) {
  Header* const block = allocate(500);
  push(block);
  EXPECT_TRUE(is_marked_freed(Back::node_of(block)));
  ASSERT_EQ(cache_.pop(500), Back::node_of(block));
  EXPECT_EQ(Back::node_of(block)->back, 0u);
}

TEST_F(block_cache, what_is_too_large_is_never_kept) {
  EXPECT_FALSE(push(allocate(1025)));
  EXPECT_FALSE(is_full_);
  EXPECT_EQ(cache_.pop(1025), nullptr);
  EXPECT_EQ(cache_.pop(100'000), nullptr);
}

TEST_F(block_cache, what_is_released_is_the_heaps_in_one_piece) {
  cache_.release(back_);
  std::vector<Header*> blocks;
  for (size_t size : {500, 600, 700}) blocks.push_back(allocate(size));
  allocate(100);  // a fence
  for (Header* block : blocks) push(block);
  cache_.release(back_);
  cache_.release(back_);
  EXPECT_EQ(allocate(500 + 600 + 700), blocks[0]);
  EXPECT_EQ(cache_.pop(600), nullptr);
}

TEST_F(block_cache, an_overwritten_link_stops) {
#if GTEST_HAS_DEATH_TEST
  Header* const blocks[] = {allocate(500), allocate(500)};
  for (Header* block : blocks) EXPECT_TRUE(push(block));
  alignas(16) static uint64_t target[4] = {1, 2, 3, 4};
  void* const where = static_cast<void*>(&target[2]);
  memcpy(static_cast<void*>(Back::node_of(blocks[1])), &where, sizeof where);
  EXPECT_DEATH(cache_.release(back_), "corrupted heap");
  EXPECT_EQ(cache_.pop(500), static_cast<void*>(Back::node_of(blocks[1])));
  EXPECT_DEATH(cache_.pop(500), "corrupted heap");
#else
  GTEST_SKIP();
#endif
}

}  // namespace
}  // namespace mote
