#include "arena.hpp"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include <string>
#include <vector>

#include "c_malloc.hpp"
#include "counting.hpp"
#include "failing.hpp"
#include "heap.hpp"
#include "native/static_array.hpp"
#include "page_chunks.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

// An arena over malloc that knows what it has from there.
template <size_t min_align = 1>
struct Counted {
  Counting<CMalloc> counting;
  Arena<Counting<CMalloc>&, min_align> arena{counting};

  int64_t live_bytes() const { return counting.counts().live_bytes; }
};

template <class A>
size_t chunk_count(const A& arena) {
  size_t count = 0;
  for (const Span chunk : arena.chunks()) count += chunk.begin != nullptr;
  return count;
}

TEST(arena, takes_nothing_before_the_first_block) {
  Counted counted;
  EXPECT_EQ(counted.live_bytes(), 0);
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
  EXPECT_EQ(counted.arena.room_bytes(), 0u);
  EXPECT_EQ(chunk_count(counted.arena), 0u);
  counted.arena.reset();
  counted.arena.rewind(counted.arena.checkpoint());
  EXPECT_EQ(counted.live_bytes(), 0);
}

TEST(arena, returns_all_chunks_when_it_ends) {
  Counting<CMalloc> counting;
  {
    Arena arena(counting);
    for (int i = 0; i < 10'000; ++i) ASSERT_NE(arena.allocate(10, 1), nullptr);
    EXPECT_EQ(static_cast<uint64_t>(counting.counts().live_bytes),
              arena.chunk_bytes());
    EXPECT_GT(chunk_count(arena), 3u);
  }
  EXPECT_EQ(counting.counts().live_bytes, 0);
}

TEST(arena, blocks_follow_each_other) {
  Counted counted;
  auto* const first = static_cast<char*>(counted.arena.allocate(3, 1));
  auto* const second = static_cast<char*>(counted.arena.allocate(5, 1));
  auto* const third = static_cast<char*>(counted.arena.allocate(8, 8));
  EXPECT_EQ(second, first + 3);
  EXPECT_EQ(third, first + 8);
  EXPECT_EQ(counted.arena.allocated_bytes(), 16u);
}

TEST(arena, every_size_at_every_alignment) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    Counted counted;
    for (size_t size : {0, 1, 7, 16, 500, 1000, 1024, 5000, 100'000}) {
      void* const ptr = counted.arena.allocate(size, align);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      ASSERT_EQ(address_of(ptr) % align, 0u) << size;
      memset(ptr, 1, size);
    }
  }
}

TEST(arena, blocks_of_size_0_are_distinct) {
  Counted counted;
  void* const first = counted.arena.allocate(0, 1);
  void* const second = counted.arena.allocate(0, 1);
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_NE(first, second);
  counted.arena.free(second, 0, 1);
  EXPECT_EQ(counted.arena.allocate(0, 1), second);
}

TEST(arena, sizes_that_wrap_are_refused) {
  Counted counted;
  void* const ptr = counted.arena.allocate(10, 1);
  for (size_t less = 0; less < 100; ++less) {
    volatile size_t huge = SIZE_MAX - less;  // or g++ warns
    EXPECT_EQ(counted.arena.allocate(huge, 1), nullptr);
    EXPECT_EQ(counted.arena.allocate(huge, 4096), nullptr);
    EXPECT_EQ(counted.arena.reallocate(ptr, 10, 1, huge), nullptr);
  }
  EXPECT_EQ(counted.arena.allocated_bytes(), 10u);
}

TEST(arena, the_least_alignment_is_that_of_every_block) {
  Counted<16> counted;
  for (size_t size = 0; size < 300; ++size) {
    void* ptr = counted.arena.allocate(size, 1);
    ASSERT_EQ(address_of(ptr) % 16, 0u) << size;
    if (size % 3 == 0) ptr = counted.arena.reallocate(ptr, size, 1, size + 5);
    if (size % 7 == 0) counted.arena.free(ptr, size, 1);
  }
}

TEST(arena, zeroed_blocks_are_zero_though_their_memory_was_used) {
  Counted counted;
  memset(counted.arena.allocate(500, 1), 0xFF, 500);
  counted.arena.reset();
  const auto* const ptr =
      static_cast<char*>(counted.arena.allocate_zeroed(500, 1));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(ptr[i], 0);
}

TEST(arena, the_last_block_is_taken_back) {
  Counted counted;
  void* const first = counted.arena.allocate(100, 1);
  void* const last = counted.arena.allocate(100, 1);
  counted.arena.free(first, 100, 1);  // not the last: nothing happens
  EXPECT_EQ(counted.arena.allocated_bytes(), 200u);
  counted.arena.free(nullptr, 0, 1);
  counted.arena.free(last, 100, 1);
  EXPECT_EQ(counted.arena.allocate(100, 1), last);
  counted.arena.free(last, 100, 1);
  counted.arena.free(first, 100, 1);  // now it is
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
}

TEST(arena, the_last_block_grows_and_shrinks_where_it_is) {
  Counted counted;
  void* const ptr = counted.arena.allocate(10, 1);
  EXPECT_EQ(counted.arena.reallocate(ptr, 10, 1, 400), ptr);
  EXPECT_EQ(counted.arena.allocated_bytes(), 400u);
  EXPECT_EQ(counted.arena.reallocate(ptr, 400, 1, 20), ptr);
  EXPECT_EQ(counted.arena.allocated_bytes(), 20u);
  EXPECT_TRUE(counted.arena.try_expand(ptr, 20, 30));
  EXPECT_FALSE(counted.arena.try_expand(ptr, 30, 1 << 20));
  EXPECT_EQ(counted.arena.allocated_bytes(), 30u);
}

TEST(arena, other_blocks_move_to_grow_and_stay_to_shrink) {
  Counted counted;
  auto* const ptr = static_cast<char*>(counted.arena.allocate(10, 1));
  memset(ptr, 0x5A, 10);
  void* const last = counted.arena.allocate(1, 1);
  EXPECT_FALSE(counted.arena.try_expand(ptr, 10, 11));
  EXPECT_TRUE(counted.arena.try_expand(ptr, 10, 9));
  EXPECT_EQ(counted.arena.reallocate(ptr, 10, 1, 4), ptr);
  auto* const moved =
      static_cast<char*>(counted.arena.reallocate(ptr, 10, 1, 400));
  EXPECT_GT(moved, static_cast<char*>(last));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(moved[i], 0x5A);
  EXPECT_NE(counted.arena.reallocate(nullptr, 0, 64, 400), nullptr);
}

TEST(arena, a_block_that_outgrows_its_chunk_moves_with_its_contents) {
  Counted counted;
  void* ptr = counted.arena.allocate(900, 1);
  memset(ptr, 0x5A, 900);
  ptr = counted.arena.reallocate(ptr, 900, 1, 50'000);
  for (int i = 0; i < 900; ++i) ASSERT_EQ(static_cast<char*>(ptr)[i], 0x5A);
}

TEST(arena, a_reservation_is_one_chunk) {
  Counted counted;
  EXPECT_TRUE(counted.arena.reserve(100'000));
  EXPECT_GE(counted.arena.room_bytes(), 100'000u);
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
  for (int i = 0; i < 1000; ++i) counted.arena.allocate(100, 1);
  EXPECT_EQ(chunk_count(counted.arena), 1u);
  EXPECT_FALSE(counted.arena.reserve(SIZE_MAX - 100));
}

TEST(arena, chunks_double_and_stop_to) {
  Counted counted;
  int64_t last = 0;
  int64_t longest = 0;
  for (int i = 0; i < 100'000; ++i) {
    counted.arena.allocate(100, 1);
    const int64_t taken = counted.live_bytes() - last;
    if (taken == 0) continue;
    ASSERT_TRUE(longest == 0 || taken == 2 * longest ||
                taken == int64_t{decltype(counted.arena)::growth_max});
    longest = taken;
    last = counted.live_bytes();
  }
  EXPECT_EQ(longest, int64_t{decltype(counted.arena)::growth_max});
}

// A large block does not make all that follow large (bumpalo's issue 314).
TEST(arena, a_large_block_does_not_make_the_next_chunk_as_large) {
  Counted counted;
  counted.arena.allocate(50'000'000, 1);
  const int64_t before = counted.live_bytes();
  counted.arena.allocate(100, 1);
  EXPECT_LE(counted.live_bytes() - before,
            int64_t{decltype(counted.arena)::growth_max});
}

TEST(arena, reset_keeps_the_longest_chunk) {
  Counted counted;
  for (int i = 0; i < 1000; ++i) counted.arena.allocate(100, 1);
  counted.arena.reset();
  const int64_t kept = counted.live_bytes();
  EXPECT_GT(kept, 50'000);
  EXPECT_EQ(counted.arena.chunk_bytes(), static_cast<size_t>(kept));
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
  for (int i = 0; i < kept / 100 - 1; ++i) counted.arena.allocate(100, 1);
  EXPECT_EQ(counted.live_bytes(), kept);
  counted.arena.release();
  EXPECT_EQ(counted.live_bytes(), 0);
  EXPECT_EQ(counted.arena.chunk_bytes(), 0u);
  EXPECT_NE(counted.arena.allocate(1, 1), nullptr);  // it goes on
}

TEST(arena, rewinds_to_where_it_was) {
  Counted counted;
  auto* const kept = static_cast<char*>(counted.arena.allocate(100, 1));
  memset(kept, 0x5A, 100);
  const auto before = counted.arena.checkpoint();
  void* const first = counted.arena.allocate(10, 1);
  for (int i = 0; i < 1000; ++i) counted.arena.allocate(100, 1);
  EXPECT_GT(chunk_count(counted.arena), 1u);
  counted.arena.rewind(before);
  EXPECT_EQ(chunk_count(counted.arena), 1u);
  EXPECT_EQ(counted.arena.allocated_bytes(), 100u);
  EXPECT_EQ(counted.arena.allocate(10, 1), first);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(kept[i], 0x5A);
}

TEST(arena, checkpoints_nest) {
  Counted counted;
  const auto outer = counted.arena.checkpoint();
  counted.arena.allocate(600, 1);
  const auto inner = counted.arena.checkpoint();
  counted.arena.allocate(600, 1);
  counted.arena.rewind(inner);
  EXPECT_EQ(counted.arena.allocated_bytes(), 600u);
  counted.arena.rewind(outer);
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
}

TEST(arena, a_checkpoint_behind_a_block_that_was_freed_since) {
  Counted counted;
  void* const ptr = counted.arena.allocate(100, 1);
  const auto checkpoint = counted.arena.checkpoint();
  counted.arena.free(ptr, 100, 1);
  counted.arena.rewind(checkpoint);
  EXPECT_EQ(counted.arena.allocated_bytes(), 0u);
}

#ifdef GTEST_HAS_DEATH_TEST
TEST(arena_death_test, a_checkpoint_that_is_no_more_traps) {
  EXPECT_DEATH(
      {
        Counted counted;
        counted.arena.allocate(1, 1);
        const auto gone = counted.arena.checkpoint();
        counted.arena.reset();
        counted.arena.release();
        counted.arena.rewind(gone);
      },
      "");
}
#endif

TEST(arena, at_the_edge_of_a_chunk_rewinding_costs_no_chunk) {
  Counted counted;
  counted.arena.allocate(counted.arena.room_bytes() + 990, 1);
  const auto edge = counted.arena.checkpoint();
  counted.arena.allocate(100, 1);
  const uint64_t taken = counted.counting.counts().allocation_count;
  for (int i = 0; i < 100; ++i) {
    counted.arena.rewind(edge);
    counted.arena.allocate(100, 1);
  }
  EXPECT_EQ(counted.counting.counts().allocation_count, taken);
}

TEST(arena, the_limit_holds) {
  Counted counted;
  counted.arena.set_limit(10'000);
  EXPECT_EQ(counted.arena.limit(), 10'000u);
  EXPECT_EQ(counted.arena.allocate(10'001, 1), nullptr);
  size_t block_count = 0;
  while (counted.arena.allocate(100, 1) != nullptr) {
    ++block_count;
    ASSERT_LE(counted.arena.chunk_bytes(), 10'000u);
  }
  EXPECT_GT(block_count, 90u);  // down to the last bytes
  counted.arena.set_limit(SIZE_MAX);
  EXPECT_NE(counted.arena.allocate(100, 1), nullptr);
  counted.arena.set_limit(0);
  EXPECT_EQ(counted.arena.allocate(1 << 20, 1), nullptr);
}

TEST(arena, refused_chunks_change_nothing) {
  Counting<CMalloc> counting;
  Failing failing(counting, RefuseAbove(3000));
  Arena arena(failing);
  while (arena.allocate(100, 1) != nullptr) {
    // When a doubled chunk is refused, the least that serves is tried.
    if (arena.chunk_bytes() > 20'000) break;
  }
  EXPECT_GT(arena.chunk_bytes(), 20'000u);
  const size_t chunk_bytes = arena.chunk_bytes();
  const size_t allocated_bytes = arena.allocated_bytes();
  EXPECT_EQ(arena.allocate(3000, 1), nullptr);
  EXPECT_EQ(arena.chunk_bytes(), chunk_bytes);
  EXPECT_EQ(arena.allocated_bytes(), allocated_bytes);
}

TEST(arena, a_buffer_comes_first) {
  alignas(16) char buffer[1024];
  Counting<CMalloc> counting;
  Arena arena(counting, buffer, sizeof buffer);
  const auto* const ptr = static_cast<char*>(arena.allocate(880, 1));
  EXPECT_GE(ptr, buffer);
  EXPECT_LT(ptr, buffer + sizeof buffer);
  EXPECT_EQ(counting.counts().live_bytes, 0);
  EXPECT_EQ(arena.chunk_bytes(), 0u);
  arena.allocate(880, 1);
  EXPECT_GT(counting.counts().live_bytes, 0);
  EXPECT_EQ(arena.allocated_bytes(), 1760u);
  arena.reset();
  EXPECT_EQ(arena.allocate(880, 1), ptr);
  arena.release();
  EXPECT_EQ(counting.counts().live_bytes, 0);
  EXPECT_EQ(arena.allocate(880, 1), ptr);
}

TEST(arena, a_buffer_may_be_all_there_is) {
  char buffer[200];
  Arena<NullAllocator> arena(buffer, sizeof buffer);
  EXPECT_NE(arena.allocate(100, 1), nullptr);
  EXPECT_EQ(arena.allocate(101, 1), nullptr);
  arena.reset();
  EXPECT_NE(arena.allocate(101, 1), nullptr);
}

TEST(arena, a_buffer_of_any_place_and_size) {
  alignas(16) char memory[300];
  for (size_t offset = 0; offset < 20; ++offset) {
    for (size_t size = 0; size < sizeof memory - 20; ++size) {
      memset(memory, 0x11, sizeof memory);
      Arena<NullAllocator> arena(memory + offset, size);
      while (void* ptr = arena.allocate(8, 8)) {
        ASSERT_EQ(address_of(ptr) % 8, 0u);
        memset(ptr, 0x22, 8);
      }
      for (size_t i = 0; i < offset; ++i) ASSERT_EQ(memory[i], 0x11);
      for (size_t i = offset + size; i < sizeof memory; ++i) {
        ASSERT_EQ(memory[i], 0x11);
      }
    }
  }
  Arena<NullAllocator> none(nullptr, 1000);
  EXPECT_EQ(none.allocate(1, 1), nullptr);
}

TEST(arena, adopts_only_while_it_is_empty) {
  char first[200];
  char second[200];
  Arena<NullAllocator> arena;
  EXPECT_FALSE(arena.adopt(first, 10));
  EXPECT_TRUE(arena.adopt(first, sizeof first));
  EXPECT_FALSE(arena.adopt(second, sizeof second));
}

struct Point {
  int x;
  int y;
  Point(int x_, int y_) : x(x_), y(y_) {}
};
struct alignas(64) Line {
  char bytes[64];
};

TEST(arena, makes_objects) {
  Counted counted;
  const Point* const point = counted.arena.try_make<Point>(1, 2);
  ASSERT_NE(point, nullptr);
  EXPECT_EQ(point->x, 1);
  EXPECT_EQ(point->y, 2);
  EXPECT_EQ(address_of(counted.arena.try_make<Line>()) % 64, 0u);
  const int* const zeros = counted.arena.try_fill<int>(100);
  const int* const sevens = counted.arena.try_fill<int>(100, 7);
  const int* const squares = counted.arena.try_fill_with<int>(
      100, [](size_t i) { return static_cast<int>(i * i); });
  const int* const copy = counted.arena.try_copy(squares, 100);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(zeros[i], 0);
    ASSERT_EQ(sevens[i], 7);
    ASSERT_EQ(squares[i], i * i);
    ASSERT_EQ(copy[i], i * i);
  }
  EXPECT_STREQ(counted.arena.try_copy_string("a string"), "a string");
  EXPECT_STREQ(counted.arena.try_copy_string(""), "");
}

TEST(arena, refuses_objects_it_has_no_room_for) {
  Arena<NullAllocator> arena;
  EXPECT_EQ((arena.try_make<Point>(1, 2)), nullptr);
  EXPECT_EQ(arena.try_fill<int>(1), nullptr);
  EXPECT_EQ(arena.try_copy_string("a string"), nullptr);
  Counted counted;
  EXPECT_EQ(counted.arena.try_fill<int>(SIZE_MAX / 2), nullptr);
}

TEST(arena, chunks_are_walked_from_the_newest_to_the_oldest) {
  Counted<8> counted;
  constexpr uint64_t count = 1000;
  for (uint64_t i = 0; i < count; ++i) counted.arena.try_make<uint64_t>(i);
  uint64_t before = count;
  for (const Span chunk : counted.arena.chunks()) {
    ASSERT_EQ(chunk.size_bytes % sizeof(uint64_t), 0u);
    const auto* const numbers = reinterpret_cast<uint64_t*>(chunk.begin);
    for (size_t i = chunk.size_bytes / sizeof(uint64_t); i-- > 0;) {
      ASSERT_EQ(numbers[i], --before);
    }
  }
  EXPECT_EQ(before, 0u);
}

TEST(arena, over_a_heap) {
  Heap<standard_profile, StaticArray<65536>> heap;
  Arena arena(heap);
  for (int round = 0; round < 10; ++round) {  // nearly all comes back each time
    size_t block_count = 0;
    while (arena.allocate(100, 1) != nullptr) ++block_count;
    EXPECT_GT(block_count, 500u);
    arena.release();
  }
}

TEST(arena, over_another_arena) {
  Counted outer;
  Arena<decltype(outer.arena)&> inner(outer.arena);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(inner.allocate(100, 1), nullptr);
  EXPECT_GE(outer.arena.allocated_bytes(), inner.allocated_bytes());
}

template <class Source>
class arena_over_pages : public testing::Test {};
using Sources = testing::Types<FakePages, ReleasingFakePages>;
TYPED_TEST_SUITE(arena_over_pages, Sources);

TYPED_TEST(arena_over_pages, uses_every_byte_of_a_span_and_every_span_again) {
  PageChunks<TypeParam> pages;
  pages.source().arena_bytes = size_t{1} << 22;
  Arena arena(pages);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(arena.allocate(1000, 1), nullptr);
  EXPECT_EQ(arena.chunk_bytes(), pages.source().granted_bytes);
  EXPECT_LE(pages.source().granted_bytes, 1000u * 1000 + (1 << 20));
  const size_t granted_bytes = pages.source().granted_bytes;
  for (int round = 0; round < 20; ++round) {
    arena.release();
    for (int i = 0; i < 1000; ++i) ASSERT_NE(arena.allocate(1000, 1), nullptr);
    ASSERT_LE(pages.source().granted_bytes, granted_bytes);
  }
}

TYPED_TEST(arena_over_pages, a_source_that_has_no_more_is_a_refusal) {
  PageChunks<TypeParam> pages;
  pages.source().budget_bytes = 300'000;
  Arena arena(pages);
  size_t block_count = 0;
  while (arena.allocate(100, 1) != nullptr) ++block_count;
  EXPECT_GT(block_count, 2500u);
  arena.reset();
  EXPECT_NE(arena.allocate(100, 1), nullptr);
}

TEST(arena_over_pages, what_can_be_released_is) {
  PageChunks<ReleasingFakePages> pages;
  Arena arena(pages);
  arena.allocate(100'000, 1);
  arena.release();
  EXPECT_EQ(pages.source().granted_bytes, 0u);
}

TEST(null_allocator, refuses_and_takes_back_nothing) {
  NullAllocator null;
  EXPECT_EQ(null.allocate(1, 1), nullptr);
  EXPECT_EQ(null.reallocate(nullptr, 0, 1, 1), nullptr);
  null.free(nullptr, 0, 1);
}

TEST(arena_refusals, zeroed_memory_is_refused_as_any) {
  NullAllocator null;
  Arena arena(null);
  EXPECT_EQ(arena.allocate_zeroed(10, 8), nullptr);
}

// Emscripten compiles exceptions, and catches none unless it is told to.
#if defined(__cpp_exceptions) && !defined(__EMSCRIPTEN__)
TEST(arena_exceptions, a_constructor_may_throw) {
  struct Throwing {
    explicit Throwing(bool throws) {
      if (throws) throw 1;
    }
  };
  char buffer[256];
  Arena<NullAllocator> arena(buffer, sizeof buffer);
  EXPECT_THROW(arena.try_make<Throwing>(true), int);
  EXPECT_NE(arena.try_make<Throwing>(false), nullptr);
}
#endif

}  // namespace
}  // namespace mote
