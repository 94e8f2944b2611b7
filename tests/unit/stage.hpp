// A heap of many threads, played by one: the tests say which thread runs.
#pragma once

#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>

#include <algorithm>
#include <vector>

#include "heap.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "threading.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {

// The slot of whichever thread a test has on the stage.
struct Stage {
  static constexpr size_t thread_count = 4;
  static inline void* slots[thread_count];
  static inline size_t running;

  static void* get() { return slots[running]; }
  static void set(void* value) { slots[running] = value; }
};

// Counts, and cannot be taken twice.
struct StrictLock {
  struct Guard {
    explicit Guard(StrictLock& own) : lock(own) {
      EXPECT_FALSE(lock.is_held) << "a thread would wait for itself";
      lock.is_held = true;
      ++lock.count;
    }
    ~Guard() { lock.is_held = false; }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    StrictLock& lock;
  };
  bool is_held = false;
  size_t count = 0;
};

template <Config chosen, class Source = FakePages>
class OnStage : public testing::Test {
 protected:
  static constexpr Config config = chosen;
  using Threads = PerThread<StrictLock, Stage>;
  using Whole = HeapFor<config, Source, Threads>;
  static constexpr size_t batch_size = 32;

  OnStage() {
    heap_.source().arena_bytes = size_t{4} << 20;
    std::fill_n(Stage::slots, Stage::thread_count, nullptr);
    Stage::running = 0;
  }
  ~OnStage() override { EXPECT_STREQ(verify(heap_), nullptr); }

  void* allocate(size_t thread, size_t size) {
    Stage::running = thread;
    return heap_.allocate(size);
  }
  void free(size_t thread, void* ptr) {
    Stage::running = thread;
    heap_.free(ptr);
  }
  void end(size_t thread) {
    Stage::running = thread;
    heap_.end_thread(false);
  }

  std::vector<void*> allocate_many(size_t thread, size_t count, size_t size) {
    std::vector<void*> blocks;
    for (size_t i = 0; i < count; ++i) blocks.push_back(allocate(thread, size));
    return blocks;
  }
  void free_many(size_t thread, const std::vector<void*>& blocks) {
    for (void* block : blocks) free(thread, block);
  }
  static size_t per_slab(size_t size) {
    return (config.slab_size - 2 * sizeof(size_t)) / size;
  }
  size_t lock_count() { return heap_.lock().count; }

  size_t slab_count() {
    size_t count = 0;
    walk(heap_, [&](const mote_piece& piece) {
      count += piece.kind == mote_piece_slab;
    });
    return count;
  }
  // All that other threads than the one on the stage may read or write but
  // blocks: what heaps have in common, and what the others have.
  std::vector<char> shared_bytes() {
    std::vector<char> bytes;
    const auto add = [&](const void* begin, size_t size) {
      const auto* const from = static_cast<const char*>(begin);
      bytes.insert(bytes.end(), from, from + size);
    };
    add(&heap_, sizeof(heap_));
    for (auto* one = HeapAccess::all(HeapAccess::slabs(heap_)); one != nullptr;
         one = one->next) {
      if (one == Stage::get()) {
        add(&one->returned, sizeof(one->returned));
      } else {
        add(one, sizeof(*one));
      }
    }
    return bytes;
  }
  // After how many calls of `act(i)`, i below `count`, it is not as before.
  template <class Act>
  size_t shared_write_count(size_t thread, size_t count, Act act) {
    Stage::running = thread;
    size_t write_count = 0;
    std::vector<char> before = shared_bytes();
    for (size_t i = 0; i < count; ++i) {
      act(i);
      std::vector<char> after = shared_bytes();
      write_count += after != before;
      before.swap(after);
    }
    return write_count;
  }
  // What decides how threads scale to more processors than a test has: how
  // often they write to a cache line that is not theirs alone.
  void expect_one_shared_write_for_a_batch() {
    const size_t count = 10 * batch_size;
    allocate(1, 64);
    std::vector<void*> blocks = allocate_many(0, count, 64);
    const size_t locks = lock_count();
    EXPECT_EQ(shared_write_count(0, count,
                                 [&](size_t i) {
                                   heap_.free(blocks[i]);
                                   blocks[i] = heap_.allocate(64);
                                 }),
              0u)
        << "by a thread with its own";
    EXPECT_EQ(
        shared_write_count(1, count, [&](size_t i) { heap_.free(blocks[i]); }),
        count / batch_size);
    EXPECT_EQ(lock_count(), locks);
    EXPECT_LE(shared_write_count(
                  0, count, [&](size_t i) { blocks[i] = heap_.allocate(64); }),
              count / per_slab(64))
        << "all are taken back at once; slabs that were empty then are cut "
           "anew";
    free_many(0, blocks);
  }

  // All that was kept or is underway goes where it belongs.
  void settle() {
    for (size_t thread = 0; thread < Stage::thread_count; ++thread) end(thread);
    Stage::running = 0;
    // Before this is refused, all memory that can be had is looked for.
    EXPECT_EQ(heap_.allocate(SIZE_MAX / 4), nullptr);
  }

  Whole heap_;
};

}  // namespace mote
