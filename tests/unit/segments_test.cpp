#include "segments.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "stage.hpp"
#include "statistics.hpp"
#include "support/heap_access.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

// Pages of FakePages that can be discarded, and a clock that the test sets.
struct DiscardedPages : FakePages {
  static inline std::vector<std::pair<char*, char*>> discarded;
  static inline uint32_t now;

  void discard(char* begin, char* end) noexcept {
    discarded.emplace_back(begin, end);
    memset(begin, 0, static_cast<size_t>(end - begin));
  }
  static uint32_t milliseconds() noexcept { return now; }
};
static_assert(DiscardingPageSource<DiscardedPages>);

constexpr Config chosen = {.class_count = 32,
                           .segment_size = 65536,
                           .thread_cache_bytes = 4096,
                           .discard_bytes_min = 8192};

class segments : public OnStage<chosen, DiscardedPages> {
 protected:
  segments() {
    DiscardedPages::discarded.clear();
    DiscardedPages::now = 0;
  }

  // Of the thread that was the last to begin.
  auto& own() { return HeapAccess::newest(HeapAccess::slabs(heap_)); }
  auto& slab_of(void* ptr) { return HeapAccess::slab_of(own(), ptr); }
  auto& segment_of(void* ptr) { return HeapAccess::segment_of(own(), ptr); }
  static constexpr size_t in_a_page(size_t size) {
    return config.slab_size / size;
  }
};

TEST_F(segments, a_power_of_two_fills_its_pages) {
  std::vector<void*> blocks = allocate_many(0, in_a_page(512), 512);
  EXPECT_EQ(slab_count(), 1u);
  EXPECT_EQ(address_of(blocks[0]) % config.slab_size, 0u);
  for (size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_EQ(address_of(blocks[i]) - address_of(blocks[i - 1]), 512u);
  }
  blocks.push_back(allocate(0, 512));
  EXPECT_EQ(slab_count(), 2u);
  free_many(0, blocks);
}

TEST_F(segments, own_blocks_need_no_lock) {
  std::vector<void*> blocks = allocate_many(0, 3 * in_a_page(48), 48);
  const size_t locks = lock_count();
  for (int round = 0; round < 3; ++round) {
    free_many(0, {blocks.begin() + 1, blocks.end()});
    for (size_t i = 1; i < blocks.size(); ++i) blocks[i] = allocate(0, 48);
  }
  EXPECT_EQ(lock_count(), locks);
  free_many(0, blocks);
}

TEST_F(segments, what_is_shared_is_written_to_once_for_a_batch) {
  expect_one_shared_write_for_a_batch();
}

// As each is then fuller when malloc comes to it.
TEST_F(segments, slabs_that_were_full_serve_in_the_order_of_their_first_free) {
  const size_t count = in_a_page(256);
  const std::vector<void*> blocks = allocate_many(0, 3 * count, 256);
  free(0, blocks[2 * count]);
  free(0, blocks[0]);
  free(0, blocks[1]);
  EXPECT_EQ(allocate(0, 256), blocks[2 * count]);
  EXPECT_EQ(allocate(0, 256), blocks[1]) << "and its last one first";
  EXPECT_EQ(allocate(0, 256), blocks[0]);
  free_many(0, blocks);
}

TEST_F(segments, an_empty_slab_serves_another_class) {
  std::vector<void*> blocks = allocate_many(0, 8 * in_a_page(128), 128);
  void* const lowest = *std::min_element(blocks.begin(), blocks.end());
  const size_t footprint = heap_.source().granted_bytes;
  free_many(0, blocks);
  EXPECT_LE(slab_count(), 2u) << "what is only kept";
  blocks = allocate_many(0, 6 * in_a_page(32), 32);
  EXPECT_EQ(heap_.source().granted_bytes, footprint);
  for (void* block : blocks) {
    EXPECT_EQ(address_of(block) / config.segment_size,
              address_of(lowest) / config.segment_size);
  }
  free_many(0, blocks);
}

TEST_F(segments, an_empty_one_returns_unless_it_is_the_only_one_with_room) {
  // 15 slabs each; twice as many pages as one has.
  const size_t count = 30 * in_a_page(512);
  std::vector<void*> blocks = allocate_many(0, count, 512);
  EXPECT_GE(slab_count(), 30u);
  const auto segment_count = [&] {
    size_t tables = 0;
    walk(heap_, [&](const mote_piece& piece) {
      tables +=
          piece.kind == mote_piece_map && piece.size_bytes == config.slab_size;
    });
    return tables;
  };
  EXPECT_EQ(segment_count(), 3u);
  free_many(0, blocks);
  EXPECT_EQ(segment_count(), 2u) << "with a slab that is kept, and with that "
                                    "whose blocks malloc takes next";
  ASSERT_STREQ(verify(heap_), nullptr);
  // In place of it, one block of the back heap, without growing.
  const size_t footprint = heap_.source().granted_bytes;
  void* const large = allocate(0, 60000);
  EXPECT_NE(large, nullptr);
  EXPECT_EQ(heap_.source().granted_bytes, footprint);
  free(0, large);
  settle();
  EXPECT_EQ(slab_count(), 0u);
}

TEST_F(segments, an_abandoned_heap_gives_its_own_before_memory_grows) {
  free_many(0, allocate_many(0, 200, 128));
  free_many(1, allocate_many(0, 40, 64));
  ASSERT_GT(slab_count(), 0u);
  settle();
  EXPECT_EQ(slab_count(), 0u);
}

TEST_F(segments, what_is_free_is_free_for_who_walks) {
  const std::vector<void*> blocks = allocate_many(0, 100, 64);
  free_many(0, {blocks.begin() + 3, blocks.begin() + 50});
  free_many(1, {blocks.begin() + 50, blocks.end()});  // on their way
  size_t used_count = 0, slab_bytes = 0, free_bytes = 0;
  walk(heap_, [&](const mote_piece& piece) {
    if (piece.kind == mote_piece_slab) slab_bytes += piece.size_bytes;
    if (piece.size_bytes != 64) return;
    used_count += piece.kind == mote_piece_used;
    free_bytes += piece.kind == mote_piece_free ? 64 : 0;
  });
  EXPECT_EQ(used_count, 3u);
  EXPECT_EQ(slab_bytes, 2 * config.slab_size);
  EXPECT_EQ(free_bytes, slab_bytes - used_count * 64);
  const mote_statistics sum = statistics(heap_);
  EXPECT_EQ(sum.by_size[6].used_count, 3u);
  EXPECT_GE(sum.by_size[6].free_bytes, free_bytes);
  EXPECT_EQ(sum.slab_count, 2u);
  free_many(0, {blocks.begin(), blocks.begin() + 3});
}

// Though none returns that was only kept, for the first has room and stays.
TEST_F(segments,
       one_at_the_end_that_others_emptied_serves_before_memory_grows) {
  const size_t per_page = in_a_page(512);
  const std::vector<void*> blocks = allocate_many(0, 20 * per_page, 512);
  const auto is_in_first = [&](void* block) {
    return address_of(block) / config.segment_size ==
           address_of(blocks[0]) / config.segment_size;
  };
  const size_t footprint = heap_.source().granted_bytes;
  std::vector<void*> left;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!is_in_first(blocks[i])) {
      free(1, blocks[i]);
    } else if (i == 0 || i / per_page == 1 || i / per_page == 2) {
      free(0, blocks[i]);  // two pages, and one that stays the class's
    } else {
      left.push_back(blocks[i]);
    }
  }
  ASSERT_LT(left.size(), 15 * per_page) << "more than one segment";
  constexpr size_t size = config.segment_size - 1024;
  ASSERT_LT(statistics(heap_).largest_free_bytes, size);
  void* const large = allocate(0, size);
  EXPECT_NE(large, nullptr);
  EXPECT_EQ(heap_.source().granted_bytes, footprint);
  free(0, large);
  free_many(0, left);
}

// Of what lay there before, a slab's free blocks or a thread's kept ones.
TEST_F(segments, a_block_that_is_never_written_to_is_no_second_free) {
  for (const size_t size : {16u, 1000u, 1500u}) {
    free_many(0, allocate_many(0, 300, size));
    settle();
    for (size_t align = 16; align <= config.slab_size; align *= 2) {
      std::vector<void*> blocks;
      for (int i = 0; i < 40; ++i)
        blocks.push_back(heap_.allocate(1100, align));
      free_many(0, blocks);
    }
  }
}

TEST_F(segments, pages_without_a_slab_are_discarded_after_the_delay) {
  std::vector<void*> blocks = allocate_many(0, 10 * in_a_page(256), 256);
  for (void* block : blocks) memset(block, 7, 256);
  // All but those of the first and the sixth page.
  const auto stays = [&](size_t i) {
    return i / in_a_page(256) == 0 || i / in_a_page(256) == 5;
  };
  for (size_t i = 0; i < blocks.size(); ++i)
    if (!stays(i)) free(0, blocks[i]);
  std::vector<void*> others = allocate_many(0, 2, 16);
  EXPECT_EQ(DiscardedPages::discarded.size(), 0u) << "it is not time yet";
  DiscardedPages::now += 1000;
  // Each looks for memory, and some of them at the clock.
  for (size_t size = 32; DiscardedPages::discarded.empty(); size += 16) {
    ASSERT_LE(size, size_t{160});
    others.push_back(allocate(0, size));
  }
  size_t discarded_bytes = 0;
  for (auto [begin, end] : DiscardedPages::discarded) {
    if (address_of(begin) / config.segment_size !=
        address_of(blocks[0]) / config.segment_size) {
      continue;  // of the back heap
    }
    EXPECT_EQ(address_of(begin) % config.slab_size, 0u);
    EXPECT_EQ(address_of(end) % config.slab_size, 0u);
    discarded_bytes += static_cast<size_t>(end - begin);
  }
  // What no other class has taken by then.
  EXPECT_GE(discarded_bytes, 2 * config.slab_size);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!stays(i)) continue;
    EXPECT_EQ(static_cast<char*>(blocks[i])[255], 7);
    free(0, blocks[i]);
  }
  ASSERT_STREQ(verify(heap_), nullptr);
  free_many(0, others);
}

TEST_F(segments, random_programs_keep_every_invariant) {
  Random random(seed());
  struct Owned {
    void* ptr;
    size_t size;
  };
  std::vector<Owned> blocks;
  for (size_t step = 0; step < size_t{4000} * rounds(4); ++step) {
    const size_t thread = random.below(Stage::thread_count);
    if (random.one_in(400)) end(thread);
    if (random.one_in(100)) DiscardedPages::now += 100;
    const size_t bias = step / 500 % 2 ? 3 : 1;  // grows, then shrinks
    if (blocks.empty() || random.below(4) < bias) {
      const size_t size = random.between(1, random.one_in(2) ? 700 : 64);
      void* const ptr = allocate(thread, size);
      ASSERT_NE(ptr, nullptr);
      ASSERT_GE(heap_.usable_size(ptr), size);
      memset(ptr, random.one_in(2) ? 0xFF : 0, size);
      blocks.push_back({ptr, size});
    } else {
      std::swap(blocks[random.below(blocks.size())], blocks.back());
      free(thread, blocks.back().ptr);
      blocks.pop_back();
    }
    if (step % 64 == 0) {
      ASSERT_STREQ(verify(heap_), nullptr) << step;
    }
  }
  for (const Owned& block : blocks) free(0, block.ptr);
  settle();
  EXPECT_EQ(slab_count(), 0u);
}

// Each invariant broken on purpose.

TEST_F(segments, P2_is_verified) {
  const std::vector<void*> blocks = allocate_many(0, in_a_page(64) + 9, 64);
  free(0, blocks[0]);
  ASSERT_STREQ(verify(heap_), nullptr);
  auto& listed = slab_of(blocks[0]);
  const auto expect_broken = [&](auto& field, auto value) {
    std::swap(field, value);
    EXPECT_STREQ(verify(heap_), "P2");
    std::swap(field, value);
  };
  expect_broken(listed.countdown, listed.countdown - 1);
  expect_broken(listed.number, static_cast<uint16_t>(listed.number + 1));
  expect_broken(listed.capacity, static_cast<uint16_t>(1));
  expect_broken(listed.is_full, true);
  auto& full = slab_of(blocks.back());
  ASSERT_TRUE(full.is_full);
  expect_broken(full.countdown, 2u);
  expect_broken(full.is_full, false);
  expect_broken(listed.number, uint16_t{200});
  expect_broken(listed.block_size, uint16_t{80});
  expect_broken(listed.inverse, listed.inverse + 1);
  expect_broken(listed.limit, listed.limit - 1);
  FreeNode* const only = node_at(blocks[0]);
  expect_broken(only->next, only);  // a circle

  // On no list, on one twice, on one with a link that leads elsewhere.
  Links& list = HeapAccess::listed(own(), 3);
  listed.leave();
  EXPECT_STREQ(verify(heap_), "P2");
  listed.join_before(&list);
  full.join_before(&list);
  EXPECT_STREQ(verify(heap_), "P2");
  full.leave();
  expect_broken(listed.back, static_cast<Links*>(&full));
  Links& other = HeapAccess::listed(own(), 4);
  listed.leave();
  listed.join_before(&other);
  EXPECT_STREQ(verify(heap_), "P2");
  listed.leave();
  listed.join_before(&list);
  free_many(0, {blocks.begin() + 1, blocks.end()});
}

TEST_F(segments, P3_is_verified) {
  const std::vector<void*> blocks = allocate_many(0, 3, 64);
  void* const other = allocate(0, 512);
  FreeNode*& first = HeapAccess::first(own(), 3);
  FreeNode* const whole = first;
  first = static_cast<FreeNode*>(other);  // in use
  EXPECT_STREQ(verify(heap_), "P3");
  mark_freed(first);  // of another class
  EXPECT_STREQ(verify(heap_), "P3");
  first->back = 0;
  first = whole;
  ASSERT_STREQ(verify(heap_), nullptr);
  free(0, blocks[0]);
  FreeNode* const freed = node_at(blocks[0]);
  freed->back = 0;
  EXPECT_STREQ(verify(heap_), "P3");
  mark_freed(freed);
  // One of another slab, and what is no block.
  freed->next = static_cast<FreeNode*>(other);
  EXPECT_STREQ(verify(heap_), "P3");
  freed->next = reinterpret_cast<FreeNode*>(
      reinterpret_cast<char*>(&slab_of(blocks[0])) + 8);
  EXPECT_STREQ(verify(heap_), "P3");
  freed->next = node_at(blocks[1]);  // in use
  EXPECT_STREQ(verify(heap_), "P3");
  freed->next = nullptr;
  auto* const inside =
      reinterpret_cast<FreeNode*>(static_cast<char*>(blocks[1]) + 16);
  mark_freed(inside);
  freed->next = inside;
  EXPECT_STREQ(verify(heap_), "P3");
  freed->next = nullptr;
  first = inside;
  inside->next = nullptr;
  EXPECT_STREQ(verify(heap_), "P3");
  first = whole;
  ASSERT_STREQ(verify(heap_), nullptr);
  free(0, blocks[1]);
  free(0, blocks[2]);
  free(0, other);
}

TEST_F(segments, P4_is_verified) {
  void* const block = allocate(0, 64);
  auto& segment = segment_of(block);
  const auto expect_broken = [&](auto& field, auto value) {
    std::swap(field, value);
    EXPECT_STREQ(verify(heap_), "P4");
    std::swap(field, value);
  };
  expect_broken(segment.unused, segment.unused | 1);
  expect_broken(segment.unused, segment.unused | 2);
  expect_broken(segment.unused, uint64_t{0});
  expect_broken(segment.limit, 1u);
  expect_broken(segment.touched, uint64_t{0});
  expect_broken(slab_of(block).limit, 0u);
  Links* const ring = segment.back;
  segment.leave();
  EXPECT_STREQ(verify(heap_), "P4");
  segment.join_before(ring);
  ASSERT_STREQ(verify(heap_), nullptr);
  free(0, block);
}

TEST_F(segments, P1_is_verified) {
  std::vector<void*> blocks = allocate_many(0, 15 * in_a_page(512) - 1, 512);
  constexpr size_t large_size = 3 * config.segment_size;
  void* const large = allocate(0, large_size);
  memset(large, 0, large_size);
  while (address_of(blocks.back()) < address_of(large))
    blocks.push_back(allocate(0, 512));
  auto& map = HeapAccess::map(heap_);
  // The owner's address in the midst of another block.
  const size_t other = map.index_of(large) + 1;
  ASSERT_EQ(map.entry(other), 0u);
  map.set(other, map.entry(map.index_of(blocks[0])));
  EXPECT_STREQ(verify(heap_), "P1");
  header_of(map.slab_at(other))->bits = 4096 | 4;  // in use, but small
  EXPECT_STREQ(verify(heap_), "P1");
  map.set(other, 0);
  ASSERT_STREQ(verify(heap_), nullptr);
  free_many(0, blocks);
  free(0, large);
}

// Small blocks then come from the back heap, as long as it has any.
TEST_F(segments, no_memory_for_one_is_survived) {
  void* const large = allocate(0, 20000);
  heap_.source().budget_bytes = heap_.source().granted_bytes;
  std::vector<void*> blocks;
  while (void* const ptr = allocate(0, 64)) blocks.push_back(ptr);
  ASSERT_STREQ(verify(heap_), nullptr);
  EXPECT_GT(blocks.size(), 10u);
  free(0, large);
  EXPECT_NE(blocks.emplace_back(allocate(0, 48)), nullptr);
  heap_.source().budget_bytes = SIZE_MAX;
  EXPECT_NE(blocks.emplace_back(allocate(0, 64)), nullptr);
  free_many(0, blocks);
}

// What a user must not do.

using segments_death = segments;

TEST_F(segments_death, a_second_free_is_seen_wherever_the_block_is_by_then) {
#if GTEST_HAS_DEATH_TEST
  const std::vector<void*> blocks = allocate_many(0, 60, 64);
  free(0, blocks[0]);
  EXPECT_DEATH(free(0, blocks[0]), "");
  allocate(1, 16);
  EXPECT_DEATH(free(1, blocks[0]), "");
  free_many(0, {blocks.begin() + 1, blocks.end()});
  for (void* block : blocks) EXPECT_DEATH(free(0, block), "");
#else
  GTEST_SKIP();
#endif
}

TEST_F(segments_death, what_is_no_block_is_not_freed) {
#if GTEST_HAS_DEATH_TEST
  auto* const block = static_cast<char*>(allocate(0, 48));
  EXPECT_DEATH(free(0, block + 16), "");
  EXPECT_DEATH(free(1, block + 16), "") << "nor by another thread";
  auto* const segment = reinterpret_cast<char*>(&segment_of(block));
  EXPECT_DEATH(free(0, segment), "") << "what is known of the slabs";
  EXPECT_DEATH(free(0, segment + 9 * config.slab_size), "") << "no slab";
  EXPECT_DEATH(free(1, segment + 9 * config.slab_size), "");
  for (size_t size : {48, 112, 320, 576}) {
    auto* const ptr = static_cast<char*>(allocate(0, size));
    const size_t count = config.slab_size / size;
    char* const behind =
        ptr - address_of(ptr) % config.slab_size + count * size;
    EXPECT_DEATH(free(0, behind), "invalid pointer") << "behind the last block";
    EXPECT_DEATH(free(1, behind), "invalid pointer");
    free(0, ptr);
  }
  free(0, block);
#else
  GTEST_SKIP();
#endif
}

TEST_F(segments_death, an_overwritten_link_is_not_followed_to_a_write) {
#if GTEST_HAS_DEATH_TEST
  const std::vector<void*> blocks = allocate_many(0, 2, 64);
  static uint64_t target[2] = {1, 2};
  void* const where = static_cast<void*>(target);
  // The next that malloc would take leads there.
  FreeNode* const first = HeapAccess::first(own(), 3);
  FreeNode* const next = first->next;
  memcpy(static_cast<void*>(first), &where, sizeof where);
  EXPECT_EQ(allocate(0, 64), first);
  EXPECT_DEATH(allocate(0, 64), "");
  // So that the heap is whole for who verifies it.
  HeapAccess::first(own(), 3) = next;
  free(0, first);
  free_many(0, blocks);
#else
  GTEST_SKIP();
#endif
}

}  // namespace
}  // namespace mote
