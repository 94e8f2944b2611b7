// Blocks between pages that nobody may touch, where there are such.
#if defined(__unix__) && !defined(__wasm__)

#include "native/guarded_blocks.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include "hardened_heap.hpp"
#include "native/hardened_mmap.hpp"
#include "statistics.hpp"
#include "support/stops.hpp"
#include "walk.hpp"

namespace mote {
namespace {

constexpr Config config = {.is_hardened = true, .guarded_size_min = 4096};
using TestedHeap = HeapOf<config, HardenedMmap, OneThread>;

TEST(guarded_blocks, end_where_their_pages_do) {
  static TestedHeap heap;
  for (size_t size : {4096, 5000, 70'000}) {
    auto* const ptr = static_cast<char*>(heap.allocate(size, 1));
    ASSERT_NE(ptr, nullptr);
    EXPECT_EQ(heap.usable_size(ptr), size);
    memset(ptr, 1, size);
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    EXPECT_LT(-(address_of(ptr) + size) % page, 16u) << size;
    heap.free(ptr);
  }
}

TEST(guarded_blocks, are_reallocated_by_whoever_knows_their_size) {
  static TestedHeap heap;
  auto* const ptr = static_cast<char*>(heap.allocate(5000, 1));
  memset(ptr, 7, 5000);
  EXPECT_EQ(heap.reallocate(ptr, 5000, 1, 5000), ptr);
  EXPECT_STOPS(heap.reallocate(ptr, 5001, 1, 6000), "mismatched free");
  auto* const moved = static_cast<char*>(heap.reallocate(ptr, 5000, 1, 70'000));
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(heap.usable_size(moved), 70'000u);
  EXPECT_EQ(moved[0] + moved[4999], 14);
  heap.free(moved, 70'000, 1);
}

TEST(guarded_blocks, are_walked_and_counted) {
  static TestedHeap heap;
  void* const kept = heap.allocate(100, 1);
  const mote_statistics before = statistics(heap);
  void* const large = heap.allocate(5000, 1);
  void* const empty = heap.allocate(0, 1);
  const mote_statistics after = statistics(heap);
  EXPECT_EQ(after.used_count, before.used_count + 2);
  EXPECT_EQ(after.used_bytes, before.used_bytes + 5000);
  EXPECT_EQ(after.region_count, before.region_count + 2);
  EXPECT_GE(after.footprint_bytes, before.footprint_bytes + 5000);
  EXPECT_GE(after.peak_footprint_bytes, after.footprint_bytes);
  EXPECT_EQ(after.by_size[0].used_count, before.by_size[0].used_count + 1);
  size_t found = 0;
  walk(heap, [&](const mote_piece& piece) {
    if (piece.kind != mote_piece_used) return;
    found += piece.address == large && piece.size_bytes == 5000;
    found += piece.address == empty && piece.size_bytes == 0;
  });
  EXPECT_EQ(found, 2u);
  heap.free(large);
  heap.free(empty);
  EXPECT_EQ(statistics(heap).used_count, before.used_count);
  heap.free(kept);
}

// Too large for a slab, too small for pages of its own.
TEST(guarded_blocks, beside_them_what_waits_is_free_for_who_walks) {
  static TestedHeap heap;
  void* const kept = heap.allocate(1000, 1);
  const mote_statistics before = statistics(heap);
  void* const waiting = heap.allocate(1000, 1);
  EXPECT_EQ(statistics(heap).used_count, before.used_count + 1);
  heap.free(waiting);
  EXPECT_EQ(statistics(heap).used_count, before.used_count);
  heap.free(kept);
  EXPECT_EQ(statistics(heap).used_count, before.used_count - 1);
}

}  // namespace
}  // namespace mote
#endif
