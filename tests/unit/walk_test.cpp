// What the walk says of a heap against a model of it, and that its pieces are
// all of the heap's memory.
#include "walk.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <map>
#include <vector>

#include "heap.hpp"
#include "inspect.hpp"
#include "native/static_array.hpp"
#include "statistics.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/random.hpp"
#include "verify.hpp"

namespace mote {
namespace {

template <class TestedHeap>
std::vector<mote_piece> pieces_of(const TestedHeap& heap) {
  std::vector<mote_piece> pieces;
  walk(heap, [&](const mote_piece& piece) { pieces.push_back(piece); });
  return pieces;
}

template <class Choice>
class Walk : public testing::Test {
 protected:
  static constexpr Config config = Choice::config;
  using TestedHeap = Heap<config, ReleasingFakePages>;
  using Back = BackHeap<config, ReleasingFakePages>;

  void* allocate(size_t size, size_t align = 1) {
    void* const ptr = heap_.allocate(size, align);
    if (ptr != nullptr) {
      // Words that end in ones, as links do.
      memset(ptr, 0xFF, heap_.usable_size(ptr));
      live_[ptr] = heap_.usable_size(ptr);
    }
    return ptr;
  }
  void free(void* ptr) {
    live_.erase(ptr);
    heap_.free(ptr);
  }

  // Allocates and frees at random, with a few large blocks.
  void churn(size_t step_count) {
    for (size_t i = 0; i < step_count; ++i) {
      if (!live_.empty() && random_.below(5) < 2) {
        auto at =
            live_.lower_bound(reinterpret_cast<void*>(random_.below(SIZE_MAX)));
        free(at == live_.end() ? live_.begin()->first : at->first);
      } else {
        allocate(random_.below(random_.below(20) == 0 ? 9000 : 600) + 1);
      }
    }
  }

  // Blocks in use are those of the model, with their sizes.
  void expect_model(const std::vector<mote_piece>& pieces) {
    std::map<const void*, size_t> used;
    for (const mote_piece& piece : pieces) {
      if (piece.kind == mote_piece_used) {
        used[piece.address] = piece.size_bytes;
      }
    }
    ASSERT_EQ(used.size(), live_.size());
    for (const auto& [ptr, size] : live_) {
      ASSERT_EQ(used.count(ptr), 1u);
      ASSERT_EQ(used[ptr], size);
    }
  }

  // The pieces of a region follow each other, a header before each, up to its
  // sentinel; blocks of a slab do without.
  void expect_no_gap(const std::vector<mote_piece>& pieces) {
    size_t position = 0;
    size_t region_end = 0;
    size_t slab_position = 0;
    size_t slab_end = 0;
    for (const mote_piece& piece : pieces) {
      const size_t begin = address_of(piece.address);
      if (piece.kind == mote_piece_region) {
        ASSERT_EQ(position, region_end);
        position = begin + Back::header_size;
        region_end = begin + piece.size_bytes;
      } else if (begin < slab_end && begin >= slab_position &&
                 begin < position) {
        ASSERT_EQ(begin, slab_position);
        slab_position += piece.size_bytes;
        ASSERT_LE(slab_position, slab_end);
      } else {
        ASSERT_EQ(begin, position);
        position += piece.size_bytes + Back::header_size;
        if (piece.kind == mote_piece_slab) {
          slab_position = begin;
          slab_end = begin + piece.size_bytes;
        }
      }
    }
    ASSERT_EQ(position, region_end);
  }

  TestedHeap heap_;
  std::map<void*, size_t> live_;
  Random random_{1};
};

TYPED_TEST_SUITE(Walk, Choices, ChoiceNames);

TYPED_TEST(Walk, an_untouched_heap_has_no_piece) {
  EXPECT_TRUE(pieces_of(this->heap_).empty());
  EXPECT_EQ(statistics(this->heap_).footprint_bytes, 0u);
}

TYPED_TEST(Walk, sees_the_blocks_in_use_and_leaves_no_gap) {
  for (int i = 0; i < 20; ++i) {
    this->churn(100);
    const auto pieces = pieces_of(this->heap_);
    this->expect_model(pieces);
    this->expect_no_gap(pieces);
  }
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(Walk, sees_every_region_in_the_order_it_came) {
  for (bool descending : {false, true}) {
    typename TestFixture::TestedHeap heap;
    heap.source().foreign_bytes = 100;
    heap.source().descending = descending;
    void* const first = heap.allocate(50'000, 1);
    void* const second = heap.allocate(150'000, 1);
    std::vector<const void*> used;
    size_t region_count = 0;
    for (const mote_piece& piece : pieces_of(heap)) {
      region_count += piece.kind == mote_piece_region;
      if (piece.kind == mote_piece_used) used.push_back(piece.address);
    }
    EXPECT_EQ(region_count, 2u);
    EXPECT_EQ(used, (std::vector<const void*>{first, second}));
  }
}

TYPED_TEST(Walk, statistics_are_what_a_walk_counts) {
  this->churn(2000);
  const mote_statistics counted = statistics(this->heap_);
  mote_statistics sum = {};
  for (const mote_piece& piece : pieces_of(this->heap_)) {
    const size_t size = piece.size_bytes;
    mote_blocks& blocks = sum.by_size[highest_bit(size)];
    switch (piece.kind) {
      case mote_piece_region:
        sum.footprint_bytes += size;
        break;
      case mote_piece_slab:
        sum.slab_count++;
        break;
      case mote_piece_used:
        sum.used_bytes += size;
        sum.used_count++;
        blocks.used_count++;
        blocks.used_bytes += size;
        break;
      case mote_piece_free:
        sum.free_bytes += size;
        sum.free_count++;
        blocks.free_count++;
        blocks.free_bytes += size;
        if (sum.largest_free_bytes < size) sum.largest_free_bytes = size;
        break;
      case mote_piece_map:
        break;
    }
  }
  EXPECT_GT(counted.used_count, 0u);
  EXPECT_GT(counted.free_count, 0u);
  EXPECT_EQ(counted.slab_count > 0, TestFixture::config.has_slabs);
  EXPECT_EQ(counted.footprint_bytes, sum.footprint_bytes);
  EXPECT_EQ(counted.slab_count, sum.slab_count);
  EXPECT_EQ(counted.used_bytes, sum.used_bytes);
  EXPECT_EQ(counted.used_count, sum.used_count);
  EXPECT_EQ(counted.free_bytes, sum.free_bytes);
  EXPECT_EQ(counted.free_count, sum.free_count);
  EXPECT_EQ(counted.largest_free_bytes, sum.largest_free_bytes);
  EXPECT_EQ(memcmp(counted.by_size, sum.by_size, sizeof sum.by_size), 0);
}

TYPED_TEST(Walk, the_footprint_is_what_the_source_gave) {
  this->churn(1000);
  const mote_statistics s = statistics(this->heap_);
  const size_t granted = this->heap_.source().granted_bytes;
  // Less what lies below the first header.
  EXPECT_LE(s.footprint_bytes, granted);
  EXPECT_GE(s.footprint_bytes + 2 * span_alignment, granted);
  EXPECT_EQ(s.peak_footprint_bytes, s.footprint_bytes);
}

TYPED_TEST(Walk, the_peak_remembers_what_was_released) {
  this->allocate(100);
  void* const large = this->allocate(300'000);
  const mote_statistics before = statistics(this->heap_);
  this->free(large);
  const mote_statistics freed = statistics(this->heap_);
  EXPECT_GE(freed.last_free_bytes, 300'000u);
  EXPECT_GE(freed.largest_free_bytes, freed.last_free_bytes);
  const size_t released = this->heap_.trim();
  ASSERT_GT(released, 0u);
  const mote_statistics after = statistics(this->heap_);
  EXPECT_EQ(after.footprint_bytes, before.footprint_bytes - released);
  EXPECT_EQ(after.peak_footprint_bytes, before.footprint_bytes);
}

TYPED_TEST(Walk, the_largest_free_block_can_be_had_without_growing) {
  this->churn(1000);
  const mote_statistics s = statistics(this->heap_);
  const size_t count = this->heap_.source().acquire_count;
  EXPECT_NE(this->allocate(s.largest_free_bytes), nullptr);
  EXPECT_EQ(this->heap_.source().acquire_count, count);
}

constinit Heap<standard_profile, StaticArray<200000>> array_heap;

TEST(inspection, lists_what_there_is_room_for_and_counts_all) {
  using Calls = Inspection<array_heap>;
  for (size_t i = 1; i < 40; ++i) array_heap.allocate(i * 10);
  const auto all = pieces_of(array_heap);
  ASSERT_GT(all.size(), 50u);
  EXPECT_EQ(Calls::walk(nullptr, 0), all.size());
  std::vector<mote_piece> some(10);
  some.push_back({nullptr, 12345, mote_piece_map});
  EXPECT_EQ(Calls::walk(some.data(), 10), all.size());
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(some[i].address, all[i].address);
    EXPECT_EQ(some[i].size_bytes, all[i].size_bytes);
    EXPECT_EQ(some[i].kind, all[i].kind);
  }
  EXPECT_EQ(some[10].size_bytes, 12345u);
  mote_statistics counted;
  Calls::stats(&counted);
  EXPECT_EQ(counted.used_count, 39u);
}

#ifdef GTEST_HAS_DEATH_TEST
TEST(walk_death, a_block_of_size_0_stops_it) {
  Heap<tiny_profile, StaticArray<4096>> heap;
  void* const ptr = heap.allocate(100, 1);
  header_of(ptr)->bits &= tiny_profile.alignment - 1;
  EXPECT_DEATH(pieces_of(heap), "");
  EXPECT_DEATH(statistics(heap), "");
}
#endif

// A reader that knows a heap's memory and its layout only, as wasm/js does: the
// pieces outside slabs.
TYPED_TEST(Walk, a_reader_outside_sees_the_same_by_the_layout) {
  using Walked = Walker<TestFixture::config, ReleasingFakePages, OneThread>;
  this->churn(300);
  const Layout layout = Walked::layout(&this->heap_);
  EXPECT_EQ(layout.version, Layout::current_version);
  EXPECT_EQ(layout.alignment, TestFixture::config.alignment);
  const auto word_at = [](const void* base, size_t offset) {
    size_t word = 0;
    memcpy(&word, static_cast<const char*>(base) + offset, sizeof word);
    return word;
  };
  std::vector<std::pair<size_t, bool>> seen;  // address, free or not
  size_t at = layout.origin_offset;
  const size_t last = at + word_at(layout.heap, layout.extent_offset);
  while (at != last) {
    const size_t bits = word_at(layout.heap, at);
    const size_t size = bits & ~(layout.alignment - 1);
    ASSERT_NE(size, 0u);
    if (bits & (layout.is_free | layout.is_used))
      seen.emplace_back(address_of(layout.heap) + at + sizeof(size_t),
                        bits & layout.is_free);
    at += size;
  }
  std::vector<std::pair<size_t, bool>> walked;
  Walked::outline(
      this->heap_,
      [&](const mote_piece& piece) {
        if (piece.kind != mote_piece_region)
          walked.emplace_back(address_of(piece.address),
                              piece.kind == mote_piece_free);
      },
      [](const void*) {});
  EXPECT_EQ(seen, walked);
  EXPECT_GT(seen.size(), 3u);
  if (!TestFixture::config.has_slabs) {
    EXPECT_EQ(layout.slab_size, 0u);
    return;
  }
  // Each entry of the map that is not 0 names a slab's class.
  const size_t entry_count = word_at(layout.heap, layout.map_size_offset);
  ASSERT_EQ(layout.entry_size, 1u);
  const auto* entries = reinterpret_cast<const unsigned char*>(
      word_at(layout.heap, layout.map_offset));
  size_t slab_count = 0;
  for (size_t i = 0; i < entry_count; ++i)
    slab_count += (entries[i] & layout.class_mask) != 0;
  EXPECT_EQ(slab_count, statistics(this->heap_).slab_count);
}

}  // namespace
}  // namespace mote
