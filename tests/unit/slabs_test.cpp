#include "slabs.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "heap.hpp"
#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

namespace mote {
namespace {

template <class C>
class slabs : public testing::Test {
 protected:
  static constexpr Config config = C::config;
  static constexpr size_t alignment = config.alignment;
  using Small = Slabs<config, FakePages, OneThread>;
  static constexpr size_t class_count = Small::class_count;

  slabs() { heap_.source().arena_bytes = size_t{4} << 20; }

  void* allocate(size_t size, size_t align = 1) {
    return heap_.allocate(size, align);
  }

  static size_t size_to_class(size_t size) {
    return Small::size_to_class(size);
  }
  static size_t class_to_size(size_t class_index) {
    return Small::class_to_size(class_index);
  }
  static size_t capacity(size_t size) {
    return HeapAccess::block_bytes<Small> / class_to_size(size_to_class(size));
  }
  bool contains(const void* ptr) const { return map_.at(ptr) != 0; }
  FreeList& list_for(size_t size) {
    return HeapAccess::class_at(slabs_, size_to_class(size)).list;
  }
  // Of the slab around it.
  void set_entry(const void* ptr, size_t entry) {
    map_.set(map_.index_of(ptr), entry);
  }
  static auto& used_count(const void* ptr) {
    return HeapAccess::used_count<Small>(ptr);
  }

  std::vector<void*> allocate_many(size_t count, size_t size) {
    std::vector<void*> blocks;
    for (size_t i = 0; i < count; ++i) blocks.push_back(allocate(size));
    return blocks;
  }
  void free_many(const std::vector<void*>& blocks) {
    for (void* block : blocks) heap_.free(block);
  }

  // The sizes of the classes that are used.
  static std::vector<size_t> class_sizes() {
    std::vector<size_t> sizes;
    for (size_t size = 1; size <= config.small_size_max(); ++size) {
      const size_t block_size = class_to_size(size_to_class(size));
      if (sizes.empty() || sizes.back() != block_size) {
        sizes.push_back(block_size);
      }
    }
    return sizes;
  }

  Heap<config, FakePages> heap_;
  Small& slabs_ = HeapAccess::slabs(heap_);
  PageMap<config, FakePages, OneThread>& map_ = HeapAccess::map(heap_);
};

TYPED_TEST_SUITE(slabs, SlabChoices, ChoiceNames);

// Size classes.

TYPED_TEST(slabs, every_size_has_a_class_that_fits_and_wastes_little) {
  size_t last = 0;
  for (size_t size = 1; size <= this->config.small_size_max(); ++size) {
    const size_t class_index = this->size_to_class(size);
    ASSERT_LT(class_index, this->class_count);
    ASSERT_GE(class_index, last);
    const size_t block_size = this->class_to_size(class_index);
    ASSERT_GE(block_size, size);
    ASSERT_GE(block_size, sizeof(FreeNode)) << "no room for links";
    ASSERT_EQ(block_size % this->alignment, 0u);
    ASSERT_TRUE(block_size - size < this->alignment ||
                block_size == sizeof(FreeNode))
        << size << " costs " << block_size;
    ASSERT_EQ(this->size_to_class(block_size), class_index) << "round trip";
    last = class_index;
  }
  EXPECT_EQ(last, this->class_count - 1);
}

TYPED_TEST(slabs, no_other_size_has_a_class) {
  EXPECT_GE(this->size_to_class(0), this->class_count);
  for (size_t k = 1; k <= 65536; ++k) {
    const size_t size_max = this->config.small_size_max();
    ASSERT_GE(this->size_to_class(size_max + k), this->class_count);
    ASSERT_GE(this->size_to_class(SIZE_MAX - k + 1), this->class_count);
  }
}

TYPED_TEST(slabs, blocks_cost_exactly_their_class) {
  for (size_t size = 1; size <= this->config.small_size_max(); ++size) {
    void* const ptr = this->allocate(size);
    ASSERT_EQ(this->heap_.usable_size(ptr),
              this->class_to_size(this->size_to_class(size)));
    this->heap_.free(ptr);
  }
}

TYPED_TEST(slabs, a_slab_holds_as_many_blocks_as_fit) {
  for (size_t size : this->class_sizes()) {
    const size_t capacity = this->capacity(size);
    std::vector<void*> blocks = this->allocate_many(capacity, size);
    for (void* block : blocks) {
      ASSERT_EQ(address_of(block) / this->config.slab_size,
                address_of(blocks[0]) / this->config.slab_size);
    }
    EXPECT_EQ(this->used_count(blocks[0]), capacity);
    EXPECT_EQ(this->list_for(size).first, nullptr);
    void* const next = this->allocate(size);
    EXPECT_NE(address_of(next) / this->config.slab_size,
              address_of(blocks[0]) / this->config.slab_size);
    std::sort(blocks.begin(), blocks.end());
    for (size_t i = 1; i < capacity; ++i) {
      ASSERT_EQ(address_of(blocks[i]) - address_of(blocks[i - 1]), size);
    }
    this->free_many(blocks);
    this->heap_.free(next);
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

// Every offset of a slab is either a block, or refused by the same arithmetic
// that free uses.
TYPED_TEST(slabs, divides_is_exact_for_every_class_and_offset) {
  for (size_t size : this->class_sizes()) {
    this->heap_.free(this->allocate(size));  // sets the class up
    const auto& size_class =
        HeapAccess::class_at(this->slabs_, this->size_to_class(size));
    for (size_t offset = 0; offset < this->config.slab_size; ++offset) {
      ASSERT_EQ(this->slabs_.divides(size_class.inverse, offset),
                offset % size == 0)
          << offset << " of " << size;
    }
  }
}

TYPED_TEST(slabs, last_freed_is_first_allocated) {
  void* const first = this->allocate(40);
  void* const second = this->allocate(40);
  this->heap_.free(first);
  this->heap_.free(second);
  EXPECT_EQ(this->allocate(40), second);
  EXPECT_EQ(this->allocate(40), first);
}

TYPED_TEST(slabs, powers_of_two_are_aligned_to_themselves) {
  for (size_t align = 8; align <= this->config.small_size_max(); align *= 2) {
    for (size_t size = 1; size <= this->config.small_size_max(); size += 7) {
      void* const ptr = this->allocate(size, align);
      ASSERT_EQ(address_of(ptr) % align, 0u) << size << " at " << align;
    }
  }
  ASSERT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, the_page_map_grows_with_the_heap) {
  for (int i = 0; i < 12; ++i) {
    ASSERT_NE(this->allocate(200'000), nullptr);
    void* const ptr = this->allocate(24);
    ASSERT_NE(ptr, nullptr);
    ASSERT_TRUE(this->contains(ptr));
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

// It covers the heap's memory, not all that lies below: it once began at
// address 0 when the memory was an array inside the heap, and no slab could be
// had, or few beside so long a map.
template <Config config, class Source>
void expect_map_covers(Heap<config, Source>& heap, size_t memory_bytes) {
  void* const ptr = heap.allocate(24, 1);
  const auto& map = HeapAccess::map(heap);
  EXPECT_NE(map.at(ptr), 0u);
  EXPECT_LE(map.size(), 2 * (memory_bytes / config.slab_size + 1));
}
TYPED_TEST(slabs, the_page_map_begins_where_the_memory_does) {
  constexpr Config config = TestFixture::config;
  alignas(config.slab_size) static char memory[3 * config.slab_size];
  Heap<config, StaticArray<sizeof memory>> inside;
  Heap<config, GivenMemory> beside(GivenMemory(memory, sizeof memory));
  expect_map_covers(inside, sizeof memory);
  expect_map_covers(beside, sizeof memory);
}

TYPED_TEST(slabs, only_slabs_are_in_the_page_map) {
  void* const small = this->allocate(24);
  void* const large = this->allocate(5000);
  char local = 0;
  EXPECT_TRUE(this->contains(small));
  EXPECT_FALSE(this->contains(large));
  EXPECT_FALSE(this->contains(nullptr));
  EXPECT_FALSE(this->contains(&local));
  EXPECT_FALSE(this->contains(reinterpret_cast<void*>(SIZE_MAX)));
}

// Slabs come and go.

TYPED_TEST(slabs, of_two_empty_slabs_the_later_is_kept) {
  const size_t capacity = this->capacity(64);
  const std::vector<void*> one = this->allocate_many(capacity, 64);
  const std::vector<void*> other = this->allocate_many(capacity, 64);
  this->free_many(one);
  this->free_many(other);
  EXPECT_FALSE(this->contains(one[0]));
  EXPECT_TRUE(this->contains(other[0]));
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, spares_return_before_the_heap_grows) {
  // Some of each class, so that the spares lie side by side.
  std::vector<void*> blocks;
  for (size_t size : this->class_sizes()) {
    blocks.push_back(this->allocate(size));
  }
  this->free_many(blocks);
  const size_t spare_bytes = blocks.size() * this->config.slab_size;
  const auto growth_count = this->heap_.source().acquire_count;
  EXPECT_NE(this->allocate(spare_bytes / 2), nullptr);
  EXPECT_EQ(this->heap_.source().acquire_count, growth_count);
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, S4_an_empty_slab_is_kept_as_the_spare) {
  void* const ptr = this->allocate(64);
  this->heap_.free(ptr);
  EXPECT_TRUE(this->contains(ptr));
  EXPECT_STREQ(verify(this->heap_), nullptr);
  EXPECT_EQ(this->allocate(64), ptr);
}

TYPED_TEST(slabs, S4_all_empty_slabs_but_the_spare_return_to_the_back_heap) {
  for (size_t size : this->class_sizes()) {
    const size_t capacity = this->capacity(size);
    const std::vector<void*> blocks = this->allocate_many(5 * capacity, size);
    this->free_many(blocks);
    ASSERT_STREQ(verify(this->heap_), nullptr);
    size_t kept = 0;
    for (void* block : blocks) kept += this->contains(block);
    ASSERT_EQ(kept, capacity);
  }
  // Their memory serves any size.
  const size_t granted = this->heap_.source().granted_bytes;
  EXPECT_NE(this->allocate(20'000), nullptr);
  EXPECT_EQ(this->heap_.source().granted_bytes, granted);
}

// Programs copy words that they never wrote: the upper half of a union, the
// rest of a block that realloc moves. Such a word must not look like a link.
TYPED_TEST(slabs, F3_memory_of_a_slab_that_retired_holds_no_links) {
  constexpr size_t size = 128;
  const size_t count = 2 * this->capacity(size);
  std::vector<void*> blocks = this->allocate_many(count, size);
  // Freed in this order, a block's links are those it gets when the slab is
  // cut.
  std::reverse(blocks.begin(), blocks.end());
  this->free_many(blocks);
  std::map<void*, size_t> left_behind;
  for (void* block : blocks) {
    if (!this->contains(block)) left_behind[block] = node_at(block)->back;
  }
  ASSERT_EQ(left_behind.size(), this->capacity(size));

  blocks = this->allocate_many(count, size);
  size_t written = 0;
  for (void* block : blocks) {
    const auto word = left_behind.find(block);
    if (word == left_behind.end()) continue;
    node_at(block)->back = word->second;
    ++written;
  }
  ASSERT_EQ(written, left_behind.size());
  std::reverse(blocks.begin(), blocks.end());
  this->free_many(blocks);
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, S4_slabs_empty_in_any_order) {
  Random random(seed());
  for (unsigned round = 0; round < rounds(40); ++round) {
    std::vector<void*> blocks = this->allocate_many(300, 48);
    for (size_t i = blocks.size() - 1; i > 0; --i) {
      std::swap(blocks[i], blocks[random.below(i + 1)]);
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      this->heap_.free(blocks[i]);
      if (i % 16 == 0) {
        ASSERT_STREQ(verify(this->heap_), nullptr);
      }
    }
    ASSERT_STREQ(verify(this->heap_), nullptr);
  }
}

TYPED_TEST(slabs, a_program_at_the_edge_of_a_slab_keeps_it) {
  const size_t capacity = this->capacity(64);
  this->allocate_many(capacity, 64);
  void* const edge = this->allocate(64);
  this->heap_.free(edge);
  const size_t count = this->heap_.source().acquire_count;
  for (int i = 0; i < 1000; ++i) {
    void* const ptr = this->allocate(64);
    ASSERT_EQ(ptr, edge);
    this->heap_.free(ptr);
  }
  EXPECT_EQ(this->heap_.source().acquire_count, count);
}

// What verify() must find. Each test breaks one invariant and mends it again.

TYPED_TEST(slabs, S1_an_entry_is_not_0_exactly_where_a_slab_lies) {
  char* const large = static_cast<char*>(this->allocate(20'000));
  void* const small = this->allocate(64);  // so the map covers the large one
  ASSERT_STREQ(verify(this->heap_), nullptr);

  // Memory that is no slab: in the midst of a large block.
  ASSERT_FALSE(this->contains(large + 10'000));
  memset(large, 0, 20'000);
  this->set_entry(large + 10'000, this->size_to_class(64) + 1);
  EXPECT_STREQ(verify(this->heap_), "S1");
  this->set_entry(large + 10'000, 0);
  EXPECT_STREQ(verify(this->heap_), nullptr);

  // A slab without an entry: its free blocks lie nowhere.
  const size_t saved = this->map_.at(small);
  this->set_entry(small, 0);
  EXPECT_STREQ(verify(this->heap_), "S3");
  this->set_entry(small, saved);
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, S2_used_and_listed_blocks_add_up_to_the_capacity) {
  void* const ptr = this->allocate(64);
  ++this->used_count(ptr);
  EXPECT_STREQ(verify(this->heap_), "S2");
  --this->used_count(ptr);
  EXPECT_STREQ(verify(this->heap_), nullptr);

  FreeList& list = this->list_for(64);
  FreeNode* const dropped = list.first;
  list.first = dropped->next;
  EXPECT_STREQ(verify(this->heap_), "S2");
  list.first = dropped;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, S3_a_listed_block_lies_in_a_slab_of_its_class) {
  this->allocate(64);
  void* const other = this->allocate(96);
  FreeList& list = this->list_for(64);
  FreeNode* const first = list.first;

  const FreeNode saved = *node_at(other);
  node_at(other)->next = first;
  list.first = node_at(other);  // of another class
  EXPECT_STREQ(verify(this->heap_), "S3");
  *node_at(other) = saved;

  auto* const between =
      reinterpret_cast<FreeNode*>(reinterpret_cast<char*>(first) + 16);
  const FreeNode saved_between = *between;
  between->next = first->next;
  list.first = between;  // of the class, but no multiple of its size
  EXPECT_STREQ(verify(this->heap_), "S3");
  *between = saved_between;

  auto* const large = node_at(this->allocate(5000));
  large->next = first;
  list.first = large;  // of no slab
  EXPECT_STREQ(verify(this->heap_), "S3");

  list.first = first;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

TYPED_TEST(slabs, S4_verify_finds_an_empty_slab_that_is_no_spare) {
  const size_t capacity = this->capacity(64);
  this->free_many(this->allocate_many(2 * capacity, 64));
  ASSERT_STREQ(verify(this->heap_), nullptr);
  auto& size_class =
      HeapAccess::class_at(this->slabs_, this->size_to_class(64));
  const auto spare = size_class.spare;
  size_class.spare = 0;
  EXPECT_STREQ(verify(this->heap_), "S4");
  size_class.spare = spare;
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

// Memory that runs out.

TYPED_TEST(slabs, a_refused_slab_changes_nothing) {
  this->heap_.source().budget_bytes = 0;
  EXPECT_EQ(this->allocate(64), nullptr);
  EXPECT_STREQ(verify(this->heap_), nullptr);
  this->heap_.source().budget_bytes = SIZE_MAX;
  EXPECT_NE(this->allocate(64), nullptr);
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

// When there is no room for a slab any more, what is left still serves single
// blocks.
TYPED_TEST(slabs, small_blocks_come_from_the_rest_when_no_slab_fits) {
  this->heap_.source().page_size_bytes = 1;
  this->heap_.source().budget_bytes = 16'384;
  size_t last_slabs = 0;
  size_t count = 0;
  while (void* const ptr = this->allocate(200)) {
    last_slabs = this->contains(ptr) ? 0 : last_slabs + 1;
    ++count;
  }
  EXPECT_GT(last_slabs, 0u);
  EXPECT_GT(count * this->class_to_size(this->size_to_class(200)),
            16'384u * 3 / 4);
  EXPECT_STREQ(verify(this->heap_), nullptr);
}

// A pop leaves the next block's link as it was, which leads to the popped
// block. Who then takes the next one out of the list must not write there.
TEST(slabs, F2_a_spare_returns_from_behind_a_block_that_was_popped) {
  Heap<standard_profile, FakePages> heap;
  heap.source().page_size_bytes = 4096;
  constexpr size_t per_slab = (4096 - 8 - 4) / 16;
  std::vector<void*> first_slab;
  for (size_t i = 0; i < per_slab; ++i) first_slab.push_back(heap.allocate(16));
  void* popped = heap.allocate(16);
  heap.allocate(16);                            // keeps the second slab in use
  for (void* ptr : first_slab) heap.free(ptr);  // now a spare
  heap.free(popped);
  ASSERT_EQ(heap.allocate(16), popped);
  memset(popped, 0x5A, 16);
  ASSERT_STREQ(verify(heap), nullptr);
  ASSERT_NE(heap.allocate(500'000), nullptr);  // all spares return
  EXPECT_STREQ(verify(heap), nullptr);
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(static_cast<unsigned char*>(popped)[i], 0x5Au);
}

}  // namespace
}  // namespace mote
