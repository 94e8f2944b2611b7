// Memory that a heap holds must stay in proportion to what is live: the
// workloads on which other small allocators leaked or grew without end.
#include <gtest/gtest.h>
#include <string.h>

#include <new>
#include <vector>

#include "hardened_heap.hpp"
#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/model.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

namespace mote {
namespace {

template <class C>
class bounded_memory : public testing::Test {
 protected:
  static constexpr Config config = C::config;
  template <class Source>
  using HeapOver = HeapOf<config, Source, OneThread>;
  using TestedHeap = HeapOver<FakePages>;

  bounded_memory() { heap_.source().arena_bytes = size_t{16} << 20; }
  ~bounded_memory() override { EXPECT_STREQ(verify(heap_), nullptr); }

  void* allocate(size_t size) {
    void* const ptr = heap_.allocate(size, 1);
    EXPECT_NE(ptr, nullptr);
    return ptr;
  }
  size_t granted_pages() { return heap_.source().granted_bytes / 65536; }

  TestedHeap heap_;
};

TYPED_TEST_SUITE(bounded_memory, ProfileChoices, ChoiceNames);

// Issue 106 of wee_alloc: two large blocks freed in the order of allocation.
TYPED_TEST(bounded_memory, of_two_large_blocks_again_and_again) {
  size_t first_pages = 0;
  for (int i = 0; i < 100'000; ++i) {
    void* const first = this->allocate(85'196);
    void* const second = this->allocate(80'000);
    this->heap_.free(first);
    this->heap_.free(second);
    if (i == 0) first_pages = this->granted_pages();
  }
  EXPECT_EQ(this->granted_pages(), first_pages);
  EXPECT_LE(first_pages, 3u);
}

// The three workloads of issue 51 of talc, and the pages it counts.

// A buffer that grows by about a page each step, the one before freed.
TYPED_TEST(bounded_memory, of_a_buffer_that_grows) {
  size_t size = 65'536;
  void* buffer = this->allocate(size);
  for (int step = 0; step < 60; ++step) {
    size += 65'000;
    void* const grown = this->allocate(size);
    this->heap_.free(buffer);
    buffer = grown;
  }
  // Both buffers of a step are live, and a third is the largest hole that is
  // too small for the next.
  EXPECT_LT(this->granted_pages() * 65536, 3 * size);
  this->heap_.free(buffer);
}

TYPED_TEST(bounded_memory, of_random_actions) {
  Model<typename TestFixture::TestedHeap, TestFixture::config.alignment> model(
      this->heap_);
  Random random(seed());
  const unsigned length = rounds(100'000);
  size_t early_pages = 0;
  for (unsigned i = 0; i < length; ++i) {
    ASSERT_STREQ(model.apply(random_operation(random, 50'000)), nullptr);
    if (i == length / 4) early_pages = this->granted_pages();
  }
  EXPECT_EQ(model.refused_count(), 0u);
  // Random peaks still come later, but no trend.
  EXPECT_LE(this->granted_pages(), early_pages * 5 / 4 + 2);
  EXPECT_STREQ(model.free_all(), nullptr);
}

// A page allocated and freed, with one small block beside it.
TYPED_TEST(bounded_memory, of_a_page_again_and_again) {
  void* const pinned = this->allocate(16);
  for (int i = 0; i < 10'000; ++i) {
    void* const page = this->allocate(65'520);
    this->heap_.free(page);
  }
  EXPECT_LE(this->granted_pages(), 3u);
  this->heap_.free(pinned);
}

// The first run meets an untouched heap, the others one that is in one piece;
// for small programs that alone can move a page or two.
TYPED_TEST(bounded_memory, after_three_runs_as_after_one) {
  this->heap_.source().page_size_bytes = 4096;
  const auto run = [&] {
    Random random(seed());
    std::vector<void*> blocks;
    for (unsigned i = 0; i < 20'000; ++i) {
      if (blocks.size() > 3000 || (!blocks.empty() && random.one_in(3))) {
        const size_t index = random.below(blocks.size());
        this->heap_.free(blocks[index]);
        blocks[index] = blocks.back();
        blocks.pop_back();
      } else {
        blocks.push_back(this->allocate(random_size(random, 2000)));
      }
    }
    for (void* block : blocks) this->heap_.free(block);
  };
  run();
  const size_t after_one = this->heap_.source().granted_bytes;
  run();
  run();
  EXPECT_LE(this->heap_.source().granted_bytes,
            after_one + after_one / 50 + 2 * 4096);
}

// Blocks of one size, all freed, then of the next size: memory is shared.
TYPED_TEST(bounded_memory, of_phases_with_different_sizes) {
  size_t first_pages = 0;
  for (size_t size = 16; size < 2000; size += 24) {
    std::vector<void*> blocks;
    for (size_t live = 0; live < 500'000; live += size) {
      blocks.push_back(this->allocate(size));
    }
    for (void* block : blocks) this->heap_.free(block);
    if (first_pages == 0) first_pages = this->granted_pages();
  }
  EXPECT_LE(this->granted_pages(), first_pages + 2);
}

// Every second block freed leaves holes of one size only; they must serve it.
TYPED_TEST(bounded_memory, of_holes_that_are_filled_again) {
  std::vector<void*> blocks;
  for (int i = 0; i < 2000; ++i) blocks.push_back(this->allocate(400));
  const size_t pages = this->granted_pages();
  for (int round = 0; round < 20; ++round) {
    for (size_t i = 0; i < blocks.size(); i += 2) this->heap_.free(blocks[i]);
    for (size_t i = 0; i < blocks.size(); i += 2) {
      blocks[i] = this->allocate(400);
    }
  }
  EXPECT_EQ(this->granted_pages(), pages);
}

// Fixed heaps.

template <class TestedHeap>
std::vector<void*> fill(TestedHeap& heap, size_t size) {
  std::vector<void*> blocks;
  while (void* const ptr = heap.allocate(size, 1)) blocks.push_back(ptr);
  return blocks;
}

// What blocks take of the heap: the payload, rounded up to the alignment, and
// the header of those that have one. A slab's unused tail does not count.
template <Config config, class Source>
size_t bytes_taken(Heap<config, Source>& heap,
                   const std::vector<void*>& blocks) {
  size_t bytes = 0;
  for (void* block : blocks) {
    bytes += heap.usable_size(block);
    if (config.has_slabs && HeapAccess::map(heap).at(block)) continue;
    bytes += BackHeap<config, Source>::header_size;
  }
  return bytes;
}

TYPED_TEST(bounded_memory, of_256_KiB_serves_240_KiB_of_100_byte_blocks) {
  static typename TestFixture::template HeapOver<StaticArray<256 * 1024>> fixed;
  for (int round = 0; round < 3; ++round) {
    const std::vector<void*> blocks = fill(fixed, 100);
    ASSERT_FALSE(blocks.empty());
    EXPECT_GE(bytes_taken(fixed, blocks), 240u * 1024);
    EXPECT_STREQ(verify(fixed), nullptr);
    for (void* block : blocks) fixed.free(block);
    EXPECT_STREQ(verify(fixed), nullptr);
  }
}

// Issue 85 of wee_alloc: each size class took so much that 2.2 KiB were left.
TYPED_TEST(bounded_memory, of_256_KiB_is_usable_after_one_block_of_each_size) {
  static typename TestFixture::template HeapOver<StaticArray<256 * 1024>> fixed;
  std::vector<void*> singles;
  for (size_t size = 1; size <= 256; ++size) {
    singles.push_back(fixed.allocate(size, 1));
    ASSERT_NE(singles.back(), nullptr);
  }
  // With slabs, each class has taken one; else, each block its size.
  constexpr Config config = TestFixture::config;
  constexpr size_t seal = config.is_hardened ? sizeof(size_t) : 0;
  constexpr size_t classes = (255 + seal) / config.alignment + 1;
  constexpr size_t taken = config.has_slabs
                               ? classes * config.slab_size
                               : 256 * (256 / 2 + config.alignment);
  const size_t count = fill(fixed, 1000).size();
  EXPECT_GE(count * 1000, (256u * 1024 - taken) / 20 * 19);
  for (void* single : singles) fixed.free(single);
  EXPECT_STREQ(verify(fixed), nullptr);
}

// Where slabs can be, and whether the page map, a block that stays, splits what
// is around it, depends on the address.
TYPED_TEST(bounded_memory, of_8_KiB_works_wherever_it_lies) {
  constexpr Config config = TestFixture::config;
  using Fixed = typename TestFixture::template HeapOver<StaticArray<8192>>;
  constexpr size_t largest = config.has_slabs ? 4000 : 8000;
  // With a seal, 500 bytes are 520 or more: one block less beside the map.
  constexpr size_t least = config.is_hardened ? 6700 : 7000;
  alignas(config.slab_size) static char room[sizeof(Fixed) + config.slab_size];
  for (size_t offset = 0; offset < config.slab_size; offset += 16) {
    Fixed& fixed = *new (room + offset) Fixed;
    for (size_t size : {1, 24, 100, 500}) {
      const std::vector<void*> blocks = fill(fixed, size);
      ASSERT_GE(bytes_taken(fixed, blocks), least) << size << " at " << offset;
      for (void* block : blocks) memset(block, 0xAA, fixed.usable_size(block));
      ASSERT_STREQ(verify(fixed), nullptr);
      for (void* block : blocks) fixed.free(block);
      ASSERT_STREQ(verify(fixed), nullptr);
    }
    ASSERT_NE(fixed.allocate(largest, 1), nullptr)
        << "what the size classes kept must return";
  }
}

}  // namespace
}  // namespace mote
