// Heaps of many threads, played by one: the tests say which thread runs. What
// they cannot say, real threads do (tests/stress,
// tests/native/threads_test.cpp).
#include "thread_slabs.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "hardened_heap.hpp"
#include "stage.hpp"
#include "statistics.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {
namespace {

class thread_slabs : public OnStage<Config{.thread_cache_bytes = 16384}> {};

TEST_F(thread_slabs, each_thread_has_slabs_of_its_own) {
  void* const one = allocate(0, 64);
  void* const other = allocate(1, 64);
  EXPECT_NE(address_of(one) / config.slab_size,
            address_of(other) / config.slab_size);
  free(0, one);
  EXPECT_EQ(allocate(0, 64), one) << "served again to its thread";
  EXPECT_NE(allocate(1, 64), one);
}

TEST_F(thread_slabs, own_small_blocks_need_no_lock) {
  std::vector<void*> blocks = allocate_many(0, per_slab(48) - 1, 48);
  const size_t count = lock_count();
  for (int i = 0; i < 1000; ++i) {
    free(0, blocks[7]);
    blocks[7] = allocate(0, 48);
  }
  EXPECT_EQ(lock_count(), count);
}

TEST_F(thread_slabs, blocks_that_another_frees_return_in_batches) {
  const size_t count = per_slab(64) / batch_size * batch_size;
  const std::vector<void*> blocks = allocate_many(0, per_slab(64), 64);
  ASSERT_EQ(slab_count(), 1u);
  const size_t locks = lock_count();
  free_many(1, {blocks.begin(), blocks.begin() + count});
  EXPECT_EQ(lock_count(), locks) << "nobody waits for anybody";
  const std::vector<void*> again = allocate_many(0, count, 64);
  EXPECT_EQ(slab_count(), 1u) << "no new slab while blocks are on their way";
  EXPECT_STREQ(verify(heap_), nullptr);
  free_many(0, again);
}

TEST_F(thread_slabs, what_is_shared_is_written_to_once_for_a_batch) {
  expect_one_shared_write_for_a_batch();
}

TEST_F(thread_slabs, T3_what_waits_in_a_batch_leaves_when_its_thread_ends) {
  std::vector<void*> blocks = allocate_many(0, per_slab(64), 64);
  allocate(1, 16);
  free(1, blocks[3]);
  end(1);
  EXPECT_EQ(allocate(0, 64), blocks[3]);
  EXPECT_EQ(slab_count(), 2u);
}

TEST_F(thread_slabs, T3_what_waits_in_a_batch_leaves_with_a_new_slab) {
  std::vector<void*> blocks = allocate_many(0, per_slab(64), 64);
  free(1, blocks[3]);  // it has no heap yet: not in a batch
  EXPECT_EQ(allocate(0, 64), blocks[3]);
  allocate(1, 16);
  free(1, blocks[4]);
  allocate(1, 32);
  EXPECT_EQ(allocate(0, 64), blocks[4]);
}

// Of a block that another thread freed, on its way to its owner.
TEST_F(thread_slabs, an_overwritten_link_of_a_returned_block_stops) {
#if GTEST_HAS_DEATH_TEST
  const std::vector<void*> blocks = allocate_many(0, per_slab(64), 64);
  free_many(1, {blocks[3], blocks[4]});
  end(1);
  alignas(16) static uint64_t target[2] = {1, 2};
  void* const where = static_cast<void*>(target);
  void* links[2];
  for (size_t i : {3, 4}) {
    memcpy(&links[i - 3], blocks[i], sizeof where);
    memcpy(blocks[i], &where, sizeof where);
  }
  EXPECT_DEATH(allocate(0, 64), "corrupted heap");
  for (size_t i : {3, 4}) memcpy(blocks[i], &links[i - 3], sizeof where);
  EXPECT_NE(allocate(0, 64), nullptr);
#else
  GTEST_SKIP();
#endif
}

TEST_F(thread_slabs, a_pair_that_allocates_here_and_frees_there_stays_small) {
  std::deque<void*> queue;
  size_t slabs = 0;
  for (int i = 0; i < 100'000; ++i) {
    queue.push_back(allocate(0, 16 + i % 20 * 16));
    if (queue.size() < 500) continue;
    free(1, queue.front());
    queue.pop_front();
    if (i == 5000) slabs = slab_count();
  }
  EXPECT_GT(slabs, 10u);
  EXPECT_LE(slab_count(), slabs + slabs / 4);
  for (void* ptr : queue) free(1, ptr);
}

TEST_F(thread_slabs, T1_a_heap_left_behind_is_adopted_whole) {
  char* const kept = static_cast<char*>(allocate(0, 100));
  memset(kept, 7, 100);
  void* const freed = allocate(0, 100);
  free(0, freed);
  void* const heap = heap_.thread();
  end(0);
  EXPECT_EQ(Stage::slots[0], nullptr);
  EXPECT_EQ(allocate(2, 100), freed);
  EXPECT_EQ(heap_.thread(), heap);
  const size_t locks = lock_count();
  free(2, kept);
  EXPECT_EQ(kept[99], 7);
  EXPECT_EQ(lock_count(), locks) << "it is the adopter's own";
}

TEST_F(thread_slabs, a_thread_that_is_over_is_still_served) {
  void* const before = allocate(0, 64);
  heap_.end_thread(true);
  void* const after = allocate(0, 64);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(heap_.thread(), nullptr) << "and does not begin again";
  free(0, after);
  free(0, before);
  EXPECT_EQ(heap_.usable_size(allocate(1, 64)), 64u);
  EXPECT_EQ(slab_count(), 1u) << "its heap went on";
}

TEST_F(thread_slabs, a_thread_that_said_nothing_can_be_abandoned) {
  allocate(1, 64);
  void* const heap = heap_.thread();
  Stage::slots[1] = nullptr;  // its instance is gone
  heap_.abandon(heap);
  allocate(2, 64);
  EXPECT_EQ(heap_.thread(), heap);
}

TEST_F(thread_slabs, abandoned_heaps_give_their_slabs_before_memory_grows) {
  const std::vector<void*> blocks = allocate_many(0, 10 * per_slab(256), 256);
  end(0);
  free_many(1, blocks);
  end(1);
  const size_t acquired = heap_.source().acquire_count;
  void* const large = allocate(2, 8 * config.slab_size);
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(heap_.source().acquire_count, acquired);
  free(2, large);
}

TEST_F(thread_slabs, a_hundred_thousand_threads_leave_the_footprint_level) {
  std::deque<void*> left;  // to be freed by later threads
  size_t footprint = 0;
  Random random(seed());
  const unsigned thread_count = rounds(100'000);
  for (unsigned i = 0; i < thread_count; ++i) {
    const size_t thread = i % Stage::thread_count;
    for (int k = 0; k < 5; ++k) {
      left.push_back(allocate(thread, random.between(1, 2000)));
    }
    while (left.size() > 300) {
      free(thread, left.front());
      left.pop_front();
    }
    end(thread);
    if (i == thread_count / 2) footprint = heap_.source().granted_bytes;
  }
  const size_t page = heap_.source().page_size_bytes;
  EXPECT_LE(heap_.source().granted_bytes, footprint + page);
  for (void* ptr : left) free(0, ptr);
  settle();
  EXPECT_EQ(slab_count(), 0u);
}

TEST_F(thread_slabs, larger_blocks_are_kept_by_the_thread_that_frees_them) {
  void* const ptr = allocate(0, 1000);
  free(1, ptr);  // it has no heap yet
  allocate(1, 16);
  void* const other = allocate(0, 1000);
  free(1, other);
  const size_t locks = lock_count();
  EXPECT_EQ(allocate(1, 1000), other);
  EXPECT_EQ(lock_count(), locks);
  EXPECT_EQ(heap_.usable_size(other) >= 1000, true);
}

TEST_F(thread_slabs, C1_a_thread_keeps_so_many_bytes_and_no_more) {
  const std::vector<void*> blocks = allocate_many(0, 200, 1000);
  const size_t locks = lock_count();
  free_many(0, blocks);
  EXPECT_LT(lock_count() - locks, 200 / 10) << "many return under one lock";
  EXPECT_STREQ(verify(heap_), nullptr);
  settle();
  mote_piece last = {};
  size_t used = 0;
  walk(heap_, [&](const mote_piece& piece) {
    if (piece.kind == mote_piece_used) ++used;
    last = piece;
  });
  EXPECT_LE(used, 1u) << "all that is left is the heap of one thread";
}

TEST_F(thread_slabs, refused_memory_is_null_and_nothing_is_lost) {
  std::vector<void*> blocks;
  Stage::running = 0;
  while (void* ptr = heap_.allocate(200)) blocks.push_back(ptr);
  ASSERT_GT(blocks.size(), 1000u);
  EXPECT_EQ(allocate(1, 200), nullptr) << "no heap for another thread";
  free(0, blocks.back());
  blocks.back() = allocate(0, 200);
  EXPECT_NE(blocks.back(), nullptr);
  free_many(2, blocks);
  settle();
  // Page maps that became too small lie between.
  EXPECT_NE(allocate(3, size_t{1} << 20), nullptr);
}

// Every sequence of a few actions of three threads.

class Sequences : public thread_slabs {
 protected:
  static constexpr size_t action_count = 9;

  void act(size_t action) {
    const size_t thread = action / 3;
    switch (action % 3) {
      case 0:
        for (size_t i = 0; i < batch_size + 1; ++i) {
          left_.push_back(allocate(thread, 112));
        }
        left_.push_back(allocate(thread, 700));
        break;
      case 1:
        while (!left_.empty()) {
          free(thread, left_.back());
          left_.pop_back();
        }
        break;
      case 2:
        end(thread);
        break;
    }
  }

  std::vector<void*> left_;
};

TEST_F(Sequences, of_up_to_five_actions_keep_every_invariant) {
  size_t sequence_count = 1;
  for (int i = 0; i < 5; ++i) sequence_count *= action_count;
  // One heap for all: it is settled after each, and must then be empty.
  for (size_t sequence = 0; sequence < sequence_count; ++sequence) {
    if (sequence % rounds(4) != 0) continue;
    for (size_t rest = sequence, i = 0; i < 5; ++i, rest /= action_count) {
      act(rest % action_count);
    }
    ASSERT_STREQ(verify(heap_), nullptr) << sequence;
    act(1);
    settle();
    ASSERT_EQ(slab_count(), 0u) << sequence;
  }
}

// What a user must not do.

using thread_slabs_death = thread_slabs;

TEST_F(thread_slabs_death, a_second_free_is_seen_whoever_makes_it) {
#if GTEST_HAS_DEATH_TEST
  void* const small = allocate(0, 64);
  void* const large = allocate(0, 1000);
  allocate(1, 16);
  free(1, small);
  free(1, large);
  EXPECT_DEATH(free(1, small), "");
  EXPECT_DEATH(free(0, small), "");
  EXPECT_DEATH(free(2, small), "");
  EXPECT_DEATH(free(1, large), "");
  EXPECT_DEATH(free(0, large), "");
#else
  GTEST_SKIP();
#endif
}

TEST_F(thread_slabs_death, an_interior_pointer_is_seen_by_another_thread_too) {
#if GTEST_HAS_DEATH_TEST
  char* const small = static_cast<char*>(allocate(0, 64));
  EXPECT_DEATH(free(0, small + 16), "");
  EXPECT_DEATH(free(1, small + 16), "");
  EXPECT_DEATH(free(1, small + 1), "");
#else
  GTEST_SKIP();
#endif
}

TEST_F(thread_slabs, verify_finds_an_abandoned_heap_that_says_it_is_not) {
  void* const ptr = allocate(1, 100);
  end(1);
  auto* const abandoned = HeapAccess::abandoned(HeapAccess::slabs(heap_));
  ASSERT_NE(abandoned, nullptr);
  abandoned->is_abandoned = false;
  EXPECT_STREQ(verify(heap_), "T1");
  abandoned->is_abandoned = true;
  free(0, ptr);
}

TEST_F(thread_slabs, verify_looks_at_the_slabs_of_all_threads) {
  void* const first = allocate(0, 100);
  void* const second = allocate(1, 100);
  ++HeapAccess::used_count<Slabs<config, FakePages, Threads>>(first);
  EXPECT_STREQ(verify(heap_), "S2");
  --HeapAccess::used_count<Slabs<config, FakePages, Threads>>(first);
  ++HeapAccess::used_count<Slabs<config, FakePages, Threads>>(second);
  EXPECT_STREQ(verify(heap_), "S2");
  --HeapAccess::used_count<Slabs<config, FakePages, Threads>>(second);
  free(0, first);
  free(1, second);
}

// Whoever allocated it, and whoever frees.
class hardened_thread_slabs : public OnStage<Config{.is_hardened = true}> {
 protected:
  char* allocate_bytes(size_t thread, size_t size) {
    return static_cast<char*>(allocate(thread, size));
  }
  const char* broken_by(char* at) {
    *at ^= 1;
    const char* const broken = verify(heap_);
    *at ^= 1;
    return broken ? broken : "nothing";
  }
};

TEST_F(hardened_thread_slabs, verify_looks_at_the_seals_of_all_threads) {
  constexpr size_t block_size = align_up(41 + sizeof(size_t), 16);
  allocate(0, 1);
  for (size_t thread : {1, 2}) {
    char* const small = allocate_bytes(thread, 41);
    char* const large = allocate_bytes(thread, 2001);
    char* const waiting = allocate_bytes(thread, 41);
    free(0, waiting);
    end(2);  // that of one lies in an abandoned heap
    EXPECT_STREQ(broken_by(small + 41), "H2");
    EXPECT_STREQ(broken_by(small + block_size - 1), "H1");
    EXPECT_STREQ(broken_by(large + 2001), "H2");
    EXPECT_STREQ(broken_by(waiting + 40), "H3");
    free(0, small);
    free(0, large);
  }
}

// What a thread has of the heap lies where a sealed block was: the seal of a
// freed one is still behind it.
TEST_F(hardened_thread_slabs, verify_takes_no_stale_seal_for_a_waiting_block) {
  allocate(0, 1);
  const size_t size = sizeof(*HeapAccess::all(HeapAccess::slabs(heap_)));
  std::vector<void*> blocks;
  for (int i = 0; i < 40; ++i) blocks.push_back(heap_.allocate(size, 128));
  for (int i = 0; i < 40; i += 2) free(0, blocks[i]);
  for (size_t i = 0; i < config.quarantine_count; ++i)
    free(0, allocate(0, 100));
  for (size_t thread : {1, 2, 3}) {
    allocate(thread, 1);
    const void* const mine = Stage::get();
    EXPECT_NE(std::find(blocks.begin(), blocks.end(), mine), blocks.end());
    EXPECT_STREQ(verify(heap_), nullptr);
  }
  for (int i = 1; i < 40; i += 2) free(0, blocks[i]);
}

TEST_F(hardened_thread_slabs, verify_sees_a_write_to_a_large_block_that_waits) {
  char* const ptr = allocate_bytes(0, 2001);
  free(0, ptr);
  EXPECT_STREQ(broken_by(ptr + 1000), "H3");
}

TEST_F(hardened_thread_slabs, random_programs_keep_every_seal) {
  Random random(seed());
  std::vector<void*> blocks;
  for (size_t step = 0; step < size_t{3000} * rounds(4); ++step) {
    const size_t thread = random.below(Stage::thread_count);
    if (random.one_in(400)) end(thread);
    const size_t bias = step / 500 % 2 ? 3 : 1;
    if (blocks.empty() || random.below(4) < bias) {
      const size_t size = random.between(1, random.one_in(8)   ? 6000
                                            : random.one_in(2) ? 400
                                                               : 64);
      void* const ptr = allocate(thread, size);
      ASSERT_NE(ptr, nullptr);
      memset(ptr, random.one_in(2) ? 0xFF : 0, size);
      blocks.push_back(ptr);
    } else {
      std::swap(blocks[random.below(blocks.size())], blocks.back());
      free(thread, blocks.back());
      blocks.pop_back();
    }
    if (step % 64 == 0) {
      ASSERT_STREQ(verify(heap_), nullptr) << step;
    }
  }
  for (void* block : blocks) free(0, block);
}

}  // namespace
}  // namespace mote
