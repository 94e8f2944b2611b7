// Memory that is cleared without being written to.
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "heap.hpp"
#include "statistics.hpp"
#include "support/fake_pages.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

namespace mote {
namespace {

// What comes again reads as zero, as a source that can discard promises.
struct ZeroPages : ReleasingFakePages {
  char* release(char* from) noexcept {
    char* const old_end = end_;
    char* const new_end = ReleasingFakePages::release(from);
    allow(new_end, static_cast<size_t>(old_end - new_end));
    memset(new_end, 0, static_cast<size_t>(old_end - new_end));
    forbid(new_end, static_cast<size_t>(old_end - new_end));
    return new_end;
  }
  void discard(char* begin, char* end) noexcept {
    memset(begin, 0, static_cast<size_t>(end - begin));
  }
  static uint32_t milliseconds() noexcept { return 0; }
};
static_assert(ReleasingPageSource<ZeroPages>);
static_assert(DiscardingPageSource<ZeroPages>);

template <Config config>
void expect_zeros(ZeroPages pages, uint64_t seed_of_run) {
  pages.arena_bytes = size_t{16} << 20;
  Heap<config, ZeroPages> heap{pages};
  Random random(seed_of_run);
  std::vector<void*> blocks;
  const auto dirty = [&](void* ptr) {
    memset(ptr, 0xAB, heap.usable_size(ptr));
    blocks.push_back(ptr);
  };
  for (int step = 0; step < 3000; ++step) {
    size_t size = random.between(1, size_t{8} << random.below(16));
    const size_t what = random.below(8);
    if (what < 2) {
      if (void* const ptr = heap.allocate(size)) dirty(ptr);
    } else if (what < 4) {
      // At times the last free block whole, and with it its footer.
      const size_t last = statistics(heap).last_free_bytes;
      if (last > 0 && random.one_in(8)) size = last;
      const size_t align = size_t{1} << (size == last ? 0 : random.below(14));
      auto* const bytes =
          static_cast<unsigned char*>(heap.allocate_zeroed(size, align));
      if (bytes == nullptr) continue;
      ASSERT_EQ(std::count(bytes, bytes + size, 0), static_cast<long>(size))
          << step;
      dirty(bytes);
    } else if (what == 4 && !blocks.empty()) {
      void*& block = blocks[random.below(blocks.size())];
      if (void* const moved = heap.reallocate(block, 1, size)) {
        block = moved;
        memset(block, 0xAB, heap.usable_size(block));
      }
    } else if (what == 5 && random.one_in(20)) {
      heap.trim();
    } else if (!blocks.empty()) {
      std::swap(blocks[random.below(blocks.size())], blocks.back());
      heap.free(blocks.back());
      blocks.pop_back();
    }
    if (step % 100 == 0) {
      ASSERT_STREQ(verify(heap), nullptr);
    }
  }
}

TEST(untouched, B7_what_is_cleared_is_zero_wherever_memory_comes_from) {
  for (uint64_t i = 0; i < 4 * rounds(4); ++i) {
    for (const ZeroPages& pages :
         {ZeroPages{{.page_size_bytes = 4096}},
          ZeroPages{{.page_size_bytes = 1}}, ZeroPages{{.foreign_bytes = 4096}},
          ZeroPages{{.descending = true}}}) {
      expect_zeros<standard_profile>(pages, seed() + i);
      expect_zeros<tiny_profile>(pages, seed() + i);
    }
  }
}

// A source whose memory tells whether it was written to.
TEST(untouched, B7_new_memory_is_not_written_to) {
  Heap<standard_profile, ZeroPages> heap;
  heap.source().arena_bytes = size_t{16} << 20;
  heap.source().page_size_bytes = size_t{8} << 20;
  void* const small = heap.allocate(10);
  auto* const block = static_cast<unsigned char*>(heap.allocate(1 << 20));
  heap.allocate(1 << 16);
  // Behind the heap's back: had nobody written, it would be read again.
  unsigned char* const behind = block + (2 << 20);
  *behind = 7;
  auto* const cleared =
      static_cast<unsigned char*>(heap.allocate_zeroed(3 << 20, 1));
  ASSERT_LT(cleared, behind);
  ASSERT_GT(cleared + (3 << 20), behind);
  EXPECT_EQ(*behind, 7);
  // Again, when somebody had it.
  heap.free(cleared);
  ASSERT_EQ(heap.allocate_zeroed(3 << 20, 1), cleared);
  EXPECT_EQ(*behind, 0);
  heap.free(small);
}

}  // namespace
}  // namespace mote
