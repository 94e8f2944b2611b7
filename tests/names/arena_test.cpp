// The arenas of C, over the program's malloc.
#include "mote/arena.h"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include <vector>

namespace mote {
namespace {

size_t address_of(const void* ptr) { return reinterpret_cast<size_t>(ptr); }

class c_arena : public testing::Test {
 protected:
  ~c_arena() override {
    mote_arena_release(&arena_);
    EXPECT_EQ(mote_arena_chunk_bytes(&arena_), 0u);
  }

  unsigned char* allocate(size_t size, size_t align = 1) {
    return static_cast<unsigned char*>(mote_arena_alloc(&arena_, size, align));
  }

  mote_arena arena_ = MOTE_ARENA_INIT;
};

TEST_F(c_arena, blocks_are_aligned_and_apart) {
  std::vector<unsigned char*> blocks;
  for (size_t size = 0; size < 1000; ++size) {
    const size_t align = size_t{1} << size % 10;
    unsigned char* const ptr = allocate(size, align);
    ASSERT_NE(ptr, nullptr);
    ASSERT_EQ(address_of(ptr) % align, 0u);
    memset(ptr, static_cast<int>(size), size);
    blocks.push_back(ptr);
  }
  for (size_t size = 0; size < 1000; ++size) {
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(blocks[size][i], static_cast<unsigned char>(size));
    }
  }
  EXPECT_GE(mote_arena_allocated_bytes(&arena_), 1000u * 999 / 2);
  EXPECT_GE(mote_arena_chunk_bytes(&arena_),
            mote_arena_allocated_bytes(&arena_));
}

TEST_F(c_arena, alignment_0_is_that_of_max_align_t_and_others_are_refused) {
  allocate(1);
  EXPECT_EQ(address_of(allocate(1, 0)) % alignof(max_align_t), 0u);
  EXPECT_EQ(allocate(1, 3), nullptr);
  EXPECT_EQ(mote_arena_zalloc(&arena_, 1, 3), nullptr);
  EXPECT_EQ(mote_arena_realloc(&arena_, nullptr, 0, 3, 1), nullptr);
}

TEST_F(c_arena, refuses_what_cannot_be) {
  EXPECT_EQ(allocate(SIZE_MAX - 10), nullptr);
  EXPECT_EQ(mote_arena_zalloc(&arena_, SIZE_MAX - 10, 0), nullptr);
  EXPECT_EQ(mote_arena_reserve(&arena_, SIZE_MAX - 10), 0);
  mote_arena_set_limit(&arena_, 5000);
  EXPECT_EQ(mote_arena_limit(&arena_), 5000u);
  EXPECT_EQ(allocate(5000), nullptr);
  EXPECT_NE(allocate(4000), nullptr);
}

TEST_F(c_arena, zeroes) {
  memset(allocate(300), 0xFF, 300);
  mote_arena_reset(&arena_);
  const auto* const ptr =
      static_cast<unsigned char*>(mote_arena_zalloc(&arena_, 300, 1));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(ptr[i], 0);
}

TEST_F(c_arena, the_last_block_is_resized_and_freed_where_it_is) {
  unsigned char* const ptr = allocate(10);
  memset(ptr, 0x5A, 10);
  EXPECT_EQ(mote_arena_realloc(&arena_, ptr, 10, 1, 100), ptr);
  EXPECT_EQ(mote_arena_try_expand(&arena_, ptr, 100, 200), 1);
  EXPECT_EQ(mote_arena_try_expand(&arena_, ptr, 200, 1 << 20), 0);
  EXPECT_EQ(mote_arena_try_expand(&arena_, nullptr, 0, 1), 0);
  auto* const moved = static_cast<unsigned char*>(
      mote_arena_realloc(&arena_, ptr, 200, 1, 100'000));
  EXPECT_NE(moved, ptr);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(moved[i], 0x5A);
  const size_t before = mote_arena_allocated_bytes(&arena_);
  mote_arena_free(&arena_, moved, 100'000);
  EXPECT_EQ(mote_arena_allocated_bytes(&arena_), before - 100'000);
  mote_arena_free(&arena_, nullptr, 0);
}

TEST_F(c_arena, rewinds) {
  allocate(100);
  const mote_arena_checkpoint before = mote_arena_mark(&arena_);
  void* const first = allocate(10);
  for (int i = 0; i < 1000; ++i) allocate(100);
  mote_arena_rewind(&arena_, before);
  EXPECT_EQ(mote_arena_allocated_bytes(&arena_), 100u);
  EXPECT_EQ(allocate(10), first);
}

TEST_F(c_arena, a_reservation_is_one_chunk) {
  EXPECT_EQ(mote_arena_reserve(&arena_, 50'000), 1);
  const size_t chunk_bytes = mote_arena_chunk_bytes(&arena_);
  for (int i = 0; i < 500; ++i) allocate(100);
  EXPECT_EQ(mote_arena_chunk_bytes(&arena_), chunk_bytes);
}

TEST_F(c_arena, a_buffer_comes_first) {
  char buffer[1000];
  char other[1000];
  mote_arena arena;
  mote_arena_init(&arena);
  EXPECT_EQ(mote_arena_adopt(&arena, buffer, 20), 0);
  EXPECT_EQ(mote_arena_adopt(&arena, buffer, sizeof buffer), 1);
  EXPECT_EQ(mote_arena_adopt(&arena, other, sizeof other), 0);
  const auto* const ptr = static_cast<char*>(mote_arena_alloc(&arena, 500, 1));
  EXPECT_GE(ptr, buffer);
  EXPECT_LT(ptr, buffer + sizeof buffer);
  EXPECT_EQ(mote_arena_chunk_bytes(&arena), 0u);
  mote_arena_release(&arena);
}

TEST_F(c_arena, tells_of_each_chunk) {
  for (int i = 0; i < 1000; ++i) allocate(100);
  struct Sum {
    size_t bytes = 0;
    size_t count = 0;
  } sum;
  mote_arena_each_chunk(
      &arena_,
      [](void* context, void* begin, size_t size) {
        EXPECT_NE(begin, nullptr);
        static_cast<Sum*>(context)->bytes += size;
        ++static_cast<Sum*>(context)->count;
      },
      &sum);
  EXPECT_EQ(sum.bytes, mote_arena_allocated_bytes(&arena_));
  EXPECT_GT(sum.count, 3u);
}

}  // namespace
}  // namespace mote
