// Programs that break the rules: the heap stops them, with the cause's name, or
// is not harmed. What of it needs no C library runs as wasm in
// tests/freestanding/bad_input.cpp, where a module can trap.
#include <gtest/gtest.h>
#include <string.h>

#include <vector>

#include "arena.hpp"
#include "heap.hpp"
#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/guarded.hpp"
#include "support/heap_access.hpp"
#include "support/seed.hpp"
#include "support/stops.hpp"
#include "verify.hpp"

namespace mote {
namespace {

#ifdef _WIN32
// Each death is a process of its own, and wine takes 0.1 s to start one.
using DeathChoices =
    testing::Types<Choice<Config{.alignment = 16}>,
                   Choice<Config{.alignment = 8, .has_slabs = false}>>;
#else
using DeathChoices = Choices;
#endif

// Blocks of a size class, and others, in every configuration.
constexpr size_t sizes[] = {1, 24, 100, 256, 1000, 20'000};

template <class C>
class bad_input : public testing::Test {
 protected:
  static constexpr Config config = C::config;

  bad_input() { GTEST_FLAG_SET(death_test_style, "fast"); }
  ~bad_input() override { EXPECT_STREQ(verify(heap_), nullptr); }

  char* allocate(size_t size) {
    char* const ptr = static_cast<char*>(heap_.allocate(size, 1));
    EXPECT_NE(ptr, nullptr);
    memset(ptr, 0, heap_.usable_size(ptr));
    return ptr;
  }
  void free(void* ptr) { heap_.free(ptr); }

  Heap<config, FakePages> heap_;
};
TYPED_TEST_SUITE(bad_input, DeathChoices, ChoiceNames);

// Double frees.

TYPED_TEST(bad_input, a_double_free_at_once_stops) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size);
    char* const fence = this->allocate(size);
    this->free(ptr);
    EXPECT_STOPS(this->free(ptr), "double free");
    this->free(fence);
    EXPECT_STOPS(this->free(fence), "double free");
  }
}

TYPED_TEST(bad_input, a_double_free_after_other_frees_stops) {
  for (size_t size : sizes) {
    std::vector<char*> blocks;
    for (int i = 0; i < 9; ++i) blocks.push_back(this->allocate(size));
    // Block 4 is freed alone, then merges with its neighbours, one after the
    // other, and with what they merged with.
    for (size_t i : {4, 3, 5, 2, 6, 0}) {
      this->free(blocks[i]);
      EXPECT_STOPS(this->free(blocks[4]), "double free") << size << ", " << i;
      EXPECT_STOPS(this->free(blocks[i]), "double free") << size << ", " << i;
    }
    for (size_t i : {1, 7, 8}) this->free(blocks[i]);
  }
}

TYPED_TEST(bad_input, a_double_free_of_a_block_between_two_free_ones_stops) {
  for (size_t size : sizes) {
    char* const below = this->allocate(size);
    char* const ptr = this->allocate(size);
    char* const above = this->allocate(size);
    char* const fence = this->allocate(size);
    this->free(below);
    this->free(above);
    this->free(ptr);
    EXPECT_STOPS(this->free(ptr), "double free");
    EXPECT_STOPS(this->free(below), "double free");
    EXPECT_STOPS(this->free(above), "double free");
    this->free(fence);
  }
}

// Between two fences, so that the hole is too small to be part of another
// block.
TYPED_TEST(bad_input, a_double_free_after_other_allocations_stops) {
  for (size_t size : sizes) {
    char* const first_fence = this->allocate(size);
    char* const ptr = this->allocate(size);
    char* const fence = this->allocate(size);
    this->free(ptr);
    char* const other = this->allocate(size * 3 + 300);
    EXPECT_STOPS(this->free(ptr), "double free");
    this->free(other);
    EXPECT_STOPS(this->free(ptr), "double free");
    this->free(first_fence);
    this->free(fence);
  }
}

TYPED_TEST(bad_input, a_block_freed_and_allocated_again_is_freed_once_more) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size);
    char* const fence = this->allocate(size);
    this->free(ptr);
    char* const again = this->allocate(size);
    EXPECT_EQ(again, ptr);
    this->free(again);
    EXPECT_STOPS(this->free(again), "double free");
    this->free(fence);
  }
}

TYPED_TEST(bad_input, reallocation_of_a_free_block_stops) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size);
    char* const fence = this->allocate(size);
    this->free(ptr);
    EXPECT_STOPS(this->heap_.reallocate(ptr, 1, 3 * size + 300), "double free");
    this->free(fence);
  }
}

// Other pointers.

TYPED_TEST(bad_input, null_is_freed_without_harm) {
  this->free(nullptr);
  this->allocate(1);
  this->free(nullptr);
}

TYPED_TEST(bad_input, misaligned_pointers_stop) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size);
    for (size_t offset = 1; offset < this->config.alignment; offset *= 2) {
      EXPECT_STOPS(this->free(ptr + offset), "invalid pointer");
    }
  }
}

TYPED_TEST(bad_input, interior_pointers_stop) {
  for (size_t size : {size_t{100}, size_t{256}, size_t{1000}}) {
    char* const ptr = this->allocate(size);
    EXPECT_STOPS(this->free(ptr + 16), "invalid pointer");
    EXPECT_STOPS(this->free(ptr + 64), "invalid pointer");
    EXPECT_STOPS(this->free(ptr + 80), "invalid pointer");
  }
}

// Behind the last block of a slab, where one more would begin: what lies there
// is the heap's own, and the next slab.
TYPED_TEST(bad_input, pointers_behind_the_last_block_of_a_slab_stop) {
  constexpr size_t slab_size = TestFixture::config.slab_size;
  for (size_t size : {size_t{16}, size_t{48}, size_t{64}, size_t{112}}) {
    char* const ptr = this->allocate(size);
    char* const slab = ptr - address_of(ptr) % slab_size;
    constexpr size_t own_bytes = sizeof(Header) + sizeof(uint32_t);
    char* const behind = slab + (slab_size - own_bytes) / size * size;
    if (!this->config.has_slabs) memset(behind - 16, 0, 16);
    EXPECT_STOPS(this->free(behind), "invalid pointer") << size;
    this->free(ptr);
  }
}

TYPED_TEST(bad_input, static_pointers_stop) {
  alignas(64) static char bytes[256];
  this->allocate(100);
  this->allocate(1000);
  EXPECT_STOPS(this->free(bytes + 64), "invalid pointer");
  EXPECT_STOPS(this->free(bytes + 65), "invalid pointer");
}

TYPED_TEST(bad_input, stack_pointers_stop) {
  alignas(64) char bytes[256] = {};
  this->allocate(100);
  this->allocate(1000);
  EXPECT_STOPS(this->free(bytes + 64), "invalid pointer");
  EXPECT_STOPS(this->free(bytes + 65), "invalid pointer");
}

TYPED_TEST(bad_input, pointers_of_a_heap_that_has_nothing_stop) {
  alignas(64) static char bytes[256];
  EXPECT_STOPS(this->free(bytes + 64), "invalid pointer");
}

TYPED_TEST(bad_input, pointers_into_the_heap_object_stop) {
  this->allocate(100);
  char* const object = reinterpret_cast<char*>(&this->heap_);
  EXPECT_STOPS(this->free(object + 64), "invalid pointer");
}

// An interior pointer, and a user's bytes where its header would be. Whatever
// they are, the heap must not follow them into the wild.
TYPED_TEST(bad_input, no_byte_before_a_bad_pointer_leads_astray) {
#ifdef MOTE_HAS_GUARD
  char* const ptr = this->allocate(1000);
  this->allocate(1000);
  for (int byte = 0; byte < 256; ++byte) {
    memset(ptr, byte, 1000);
    EXPECT_STREQ(guarded([&]() -> const char* {
                   this->free(ptr + 512);
                   return "it was freed";
                 }),
                 "trapped")
        << byte;
  }
#endif
}

// Small numbers are the commonest words of all. What looks like a block in use
// is none if it is shorter than any.
TYPED_TEST(bad_input, no_small_word_before_a_bad_pointer_is_a_header) {
#ifdef MOTE_HAS_GUARD
  using Back = BackHeap<TestFixture::config, FakePages>;
  char* const ptr = this->allocate(1000);
  memset(ptr, 0, 1000);
  this->allocate(1000);
  for (size_t word = 0; word < Back::block_size_min; ++word) {
    header_of(ptr + 512)->bits = word;
    EXPECT_STREQ(guarded([&]() -> const char* {
                   this->free(ptr + 512);
                   return "it was freed";
                 }),
                 "trapped")
        << word;
  }
#endif
}

// Overwritten data of the heap's own.

TYPED_TEST(bad_input, an_overwritten_header_stops) {
  this->allocate(1000);
  char* const ptr = this->allocate(1000);
  this->allocate(1000);
  const auto free_with_header = [&](size_t garbage) {
    header_of(ptr)->bits = garbage;
    this->free(ptr);
  };
  const size_t bytes = size_t{SIZE_MAX} / 255;
  for (size_t garbage : {size_t{0}, bytes * 'D', size_t{' '}}) {
    EXPECT_STOPS(free_with_header(garbage), "invalid pointer") << garbage;
  }
  for (size_t garbage : {bytes * 'A', size_t{SIZE_MAX}}) {  // as a free block
    EXPECT_STOPS(free_with_header(garbage), "double free") << garbage;
  }
}

TEST(bad_input_to_slabs, an_overwritten_link_stops) {
  Heap<standard_profile, FakePages> heap;
  char* const ptr = static_cast<char*>(heap.allocate(64, 1));
  char* const large = static_cast<char*>(heap.allocate(5000, 1));
  char* const other_class = static_cast<char*>(heap.allocate(128, 1));
  alignas(16) static char foreign[64];
  memset(large, 0, 5000);
  heap.free(ptr);
  const auto allocate_two = [&] {
    heap.allocate(64, 1);
    heap.allocate(64, 1);
  };
  for (char* garbage : {large, large + 2048, other_class, foreign,
                        reinterpret_cast<char*>(SIZE_MAX / 255 * 'A'),
                        reinterpret_cast<char*>(size_t{48})}) {
    node_at(ptr)->next = node_at(garbage);
    EXPECT_STOPS(allocate_two(), "corrupted heap") << address_of(garbage);
  }
}

// The map lies in the heap, too: its entries lead to the classes.
TEST(bad_input_to_slabs, an_overwritten_entry_of_the_map_stops) {
  Heap<standard_profile, FakePages> heap;
  void* const ptr = heap.allocate(64, 1);
  auto& map = HeapAccess::map(heap);
  for (size_t forged : {standard_profile.class_count + 1, size_t{65535}}) {
    map.set(map.index_of(ptr), forged);
    EXPECT_STOPS(heap.free(ptr), "invalid pointer") << forged;
  }
  map.set(map.index_of(ptr), 4);
  heap.free(ptr);
}

// What the map was in before it doubled is given back.
TEST(bad_input_to_slabs, a_map_that_is_no_block_stops) {
  Heap<standard_profile, FakePages> heap;
  heap.allocate(64, 1);
  HeapAccess::block_of(HeapAccess::map(heap))->bits = 0;
  const auto double_map = [&] {
    const size_t size = HeapAccess::map(heap).size();
    while (HeapAccess::map(heap).size() == size) heap.allocate(64, 1);
  };
  EXPECT_STOPS(double_map(), "invalid pointer");
}

// A block in use that ends beyond all addresses, and so before it begins.
TEST(bad_input_to_the_back_heap, an_overwritten_size_that_wraps_stops) {
  BackHeap<standard_profile, LinearFakePages> heap;
  void* const ptr = heap.allocate(1000, 1);
  Header* const header = header_of(ptr);
  const Header before = *header;
  header->bits = -size_t{512} | before.bits % 16;
  EXPECT_STOPS(heap.block_in_use(ptr), "invalid pointer");
  *header = before;
  EXPECT_EQ(heap.block_in_use(ptr), header);
}

// A block of the back heap is taken out of its bin only when both of its
// neighbours there lead to it.
TEST(bad_input_to_the_back_heap, an_overwritten_link_stops) {
  Heap<standard_profile, FakePages> heap;
  char* const ptr = static_cast<char*>(heap.allocate(1000, 1));
  heap.allocate(1000, 1);
  char* const next = static_cast<char*>(heap.allocate(1000, 1));
  heap.allocate(1000, 1);
  heap.free(next);
  heap.free(ptr);
  static FreeNode fakes[2];
  FreeNode* const node = node_at(ptr);
  const FreeNode links = *node;
  node->next = &fakes[0];
  EXPECT_STOPS(heap.allocate(1000, 1), "corrupted heap");
  *node = {nullptr, back_to(&fakes[1])};
  EXPECT_STOPS(heap.allocate(1000, 1), "corrupted heap");
  *node = links;
  EXPECT_EQ(heap.allocate(1000, 1), ptr);
  EXPECT_EQ(fakes[0].back, 0u);
  EXPECT_EQ(fakes[1].next, nullptr);
}

// Nor is a block's size believed before the word at its end tells the same.
TEST(bad_input_to_the_back_heap, an_overwritten_size_of_a_free_block_stops) {
  Heap<standard_profile, FakePages> heap;
  void* const before = heap.allocate(1000, 1);
  char* const ptr = static_cast<char*>(heap.allocate(1000, 1));
  char* const after = static_cast<char*>(heap.allocate(1000, 1));
  memset(after, 0, 1000);
  heap.free(ptr);
  Header* const header = header_of(ptr);
  const size_t bits = header->bits;
  const size_t size = bits & ~size_t{15};
  for (size_t forged : {size - 16, size + 16, size + 512}) {
    header->bits = bits - size + forged;
    EXPECT_STOPS(heap.allocate(900, 1), "corrupted heap") << forged;
    EXPECT_STOPS(heap.free(before), "corrupted heap") << forged;
  }
  header->bits = bits;
  EXPECT_EQ(heap.allocate(1000, 1), ptr);
}

// What must not be taken for a broken rule.

TYPED_TEST(bad_input, contents_that_look_like_links_are_freed) {
  for (size_t size : sizes) {
    if (size < sizeof(FreeNode)) continue;
    char* const before = this->allocate(size);
    char* const ptr = this->allocate(size);
    char* const after = this->allocate(size);
    const size_t words[] = {
        0,
        SIZE_MAX,
        1,
        15,
        address_of(ptr),
        back_to(ptr),
        address_of(before),
        back_to(before),
        back_to(after),
        back_to(&this->heap_),
        SIZE_MAX / 2,
    };
    for (size_t next : words) {
      for (size_t back : words) {
        if (next == address_of(ptr) && back == back_to(ptr)) continue;
        node_at(ptr)->next = reinterpret_cast<FreeNode*>(next);
        node_at(ptr)->back = back;
        this->free(ptr);
        char* const again = static_cast<char*>(this->heap_.allocate(size, 1));
        ASSERT_EQ(again, ptr);
      }
    }
    for (char* block : {before, ptr, after}) this->free(block);
  }
}

// The price of a check that takes no room: two small blocks in use that their
// user linked exactly as the heap links free ones, one less than the address
// included, are taken for such. Large blocks have a header to ask.
TYPED_TEST(bad_input, contents_that_are_exact_links_stop_only_small_blocks) {
  for (size_t size : sizes) {
    if (size < sizeof(FreeNode)) continue;
    char* const first = this->allocate(size);
    char* const second = this->allocate(size);
    node_at(first)->next = node_at(second);
    node_at(second)->back = back_to(first);
    if (this->config.has_slabs && size <= this->config.small_size_max()) {
      EXPECT_STOPS(this->free(second), "double free");
      node_at(second)->back = 0;
    }
    this->free(second);
    this->free(first);
  }
}

TYPED_TEST(bad_input, contents_that_look_like_headers_are_freed) {
  using Back = BackHeap<TestFixture::config, FakePages>;
  char* const ptr = this->allocate(1000);
  for (size_t flags = 0; flags < this->config.alignment; ++flags) {
    for (size_t offset = 0; offset + sizeof(Header) < 1000; offset += 8) {
      reinterpret_cast<Header*>(ptr + offset)->bits =
          2 * Back::block_size_min | flags;
    }
    ASSERT_STREQ(verify(this->heap_), nullptr);
    ASSERT_EQ(this->heap_.reallocate(ptr, 1, 900), ptr);
    ASSERT_EQ(this->heap_.reallocate(ptr, 1, 1000), ptr);
  }
  this->free(ptr);
}

// A heap does not take what another heap gave.
TYPED_TEST(bad_input, blocks_of_another_heap_stop) {
  using FixedHeap = Heap<TestFixture::config, StaticArray<65536>>;
  static struct {
    FixedHeap low;
    FixedHeap high;
  } heaps;
  void* const low = heaps.low.allocate(5000, 1);
  void* const high = heaps.high.allocate(5000, 1);
  EXPECT_STOPS(heaps.low.free(high), "invalid pointer");
  EXPECT_STOPS(heaps.high.free(low), "invalid pointer");
  heaps.low.free(low);
  heaps.high.free(high);
}

// The header behind a block says that the block is free: one of both was
// overwritten.
TYPED_TEST(bad_input, a_neighbour_that_says_otherwise_stops) {
  char* const ptr = this->allocate(5000);
  char* const behind = this->allocate(5000);
  const auto free_with_a_lie_behind = [&] {
    header_of(behind)->bits |= 2;
    this->free(ptr);
  };
  EXPECT_STOPS(free_with_a_lie_behind(), "invalid pointer");
  this->free(ptr);
  this->free(behind);
}

TEST(bad_checkpoints, one_of_another_arena_stops_at_the_buffer) {
  GTEST_FLAG_SET(death_test_style, "fast");
  char bytes[512];
  char other_bytes[512];
  Arena<NullAllocator> arena(bytes, sizeof bytes);
  Arena<NullAllocator> other(other_bytes, sizeof other_bytes);
  const auto foreign = other.checkpoint();
  EXPECT_STOPS(arena.rewind(foreign), "invalid pointer");
}

}  // namespace
}  // namespace mote
