// What the hardened profile catches, event by event, and what it leaves alone.
// What of it needs no C library runs as wasm in
// tests/freestanding/hardened.cpp; what all of it amounts to beside other
// allocators, in tests/security.
#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <set>
#include <vector>

#include "hardened_heap.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/stops.hpp"
#include "verify.hpp"

namespace mote {
namespace {

#ifdef _WIN32
// Each death is a process of its own, and wine takes 0.1 s to start one.
using HardenedChoices =
    testing::Types<Choice<Config{.alignment = 16, .is_hardened = true}>>;
#else
using HardenedChoices =
    testing::Types<Choice<Config{.alignment = 16, .is_hardened = true}>,
                   Choice<Config{.alignment = 8, .is_hardened = true}>>;
#endif

// In slabs, in the back heap, and there too large for the quarantine.
constexpr size_t sizes[] = {1, 12, 24, 100, 252, 700, 1000, 5000, 70'000};

template <class C>
class hardened : public testing::Test {
 protected:
  static constexpr Config config = C::config;
  using Heap = HardenedHeap<config, FakePages>;

  hardened() { GTEST_FLAG_SET(death_test_style, "fast"); }
  ~hardened() override { EXPECT_STREQ(verify(heap_), nullptr); }

  char* allocate(size_t size, size_t align = 1) {
    char* const ptr = static_cast<char*>(heap_.allocate(size, align));
    EXPECT_NE(ptr, nullptr);
    memset(ptr, 0x55, size);
    return ptr;
  }
  void free(void* ptr) { heap_.free(ptr); }

  static bool is_small(size_t size) {
    return size + sizeof(size_t) <= config.small_size_max();
  }

  // Where the memory lies decides what is there: to write that is no misuse.
  static void overwrite(char* at, char byte, size_t length) {
    const bool is_there =
        std::all_of(at, at + length, [=](char c) { return c == byte; });
    memset(at, is_there ? byte ^ 1 : byte, length);
  }

  // Leaves what blocks of every size held, and what the heap wrote beside it,
  // where the next ones will lie.
  static void use_memory(Heap& heap) {
    std::vector<void*> blocks;
    for (size_t size : sizes) {
      for (int i = 0; i < 8 && size < 10'000; ++i) {
        blocks.push_back(heap.allocate(size, 1));
        memset(blocks.back(), 0x5A + i, size);
      }
    }
    for (void* block : blocks) heap.free(block);
  }

  // Does what a statement must not survive, in a process of its own, on a heap
  // with neighbours on both sides of the block. Nobody wrote to any of them.
  template <class Misuse>
  static void with_block(size_t size, Misuse misuse, bool is_fresh = true) {
    Heap heap;
    if (!is_fresh) use_memory(heap);
    std::vector<void*> blocks;
    for (int i = 0; i < 9; ++i) blocks.push_back(heap.allocate(size, 1));
    misuse(heap, static_cast<char*>(blocks[4]));
  }

  Heap heap_;
};
TYPED_TEST_SUITE(hardened, HardenedChoices, ChoiceNames);

TYPED_TEST(hardened, a_block_has_the_bytes_that_were_asked_for_and_no_more) {
  for (size_t size = 0; size < 3000; ++size) {
    for (size_t align : {size_t{1}, size_t{64}, size_t{4096}}) {
      char* const ptr = this->allocate(size, align);
      ASSERT_EQ(this->heap_.usable_size(ptr), size);
      ASSERT_EQ(address_of(ptr) % align, 0u);
      this->heap_.free(ptr, size, align);
    }
  }
}

TYPED_TEST(hardened, a_double_free_stops_at_once_and_after_other_traffic) {
  for (size_t size : sizes) {
    for (int others : {0, 1, 10, 100}) {
      const auto twice = [&] {
        this->with_block(size, [&](auto& heap, char* ptr) {
          heap.free(ptr);
          for (int i = 0; i < others; ++i)
            heap.free(heap.allocate(size + 600, 1));
          heap.free(ptr);
        });
      };
      EXPECT_STOPS(twice(), "double free") << size << ", " << others;
    }
  }
}

TYPED_TEST(hardened, realloc_and_usable_size_of_a_freed_block_stop) {
  for (size_t size : sizes) {
    const auto reallocates = [&] {
      this->with_block(size, [&](auto& heap, char* ptr) {
        heap.free(ptr);
        heap.reallocate(ptr, 1, size + 1);
      });
    };
    EXPECT_STOPS(reallocates(), "double free") << size;
    const auto asks = [&] {
      this->with_block(size, [&](auto& heap, char* ptr) {
        heap.free(ptr);
        [[maybe_unused]] volatile size_t usable = heap.usable_size(ptr);
      });
    };
    EXPECT_STOPS(asks(), "double free") << size;
  }
}

// The page map's block has no seal.
TYPED_TEST(hardened, an_overwritten_size_of_the_map_stops) {
  Heap<TestFixture::config, FakePages> heap;
  heap.allocate(64, 1);
  Header* const block = HeapAccess::block_of(HeapAccess::map(heap));
  const size_t before = block->bits;
  const auto double_map = [&] {
    const size_t size = HeapAccess::map(heap).size();
    while (HeapAccess::map(heap).size() == size) heap.allocate(64, 1);
  };
  using Back = BackHeap<TestFixture::config, FakePages>;
  for (int i = 0; i < 4; ++i) heap.allocate(5000, 1);
  Header* const next = HeapAccess::after<Back>(block);
  Header* end = HeapAccess::after<Back>(next);
  while (end->bits & HeapAccess::previous_free<Back>)
    end = HeapAccess::after<Back>(end);
  block->bits += address_of(end) - address_of(next);
  EXPECT_STOPS(double_map(), "corrupted heap");
  block->bits = before;
  double_map();
}

// Every byte behind, as far as the next block.
TYPED_TEST(hardened, a_write_behind_a_block_stops_its_free) {
  for (size_t size : sizes) {
    for (size_t length : {1, 2, 4, 32}) {
      for (char byte : {'\0', 'A', '\xFF'}) {
        const auto overflow = [&] {
          this->with_block(size, [&](auto& heap, char* ptr) {
            this->overwrite(ptr + size, byte, length);
            heap.free(ptr);
          });
        };
        EXPECT_STOPS(overflow(), "")
            << size << ", " << length << ", " << int{byte};
      }
    }
  }
}

TYPED_TEST(hardened, a_write_before_a_block_stops_its_free) {
  for (size_t size : sizes) {
    for (size_t length : {1, 2, 4, 8}) {
      for (char byte : {'\0', 'A', '\xFF'}) {
        const auto underflow = [&] {
          this->with_block(size, [&](auto& heap, char* ptr) {
            this->overwrite(ptr - length, byte, length);
            heap.free(ptr);
          });
        };
        // The upper half of a large block's header is 0 as it is.
        if (!this->is_small(size) && byte == '\0' && length < 8) continue;
        EXPECT_STOPS(underflow(), "")
            << size << ", " << length << ", " << int{byte};
      }
    }
  }
}

TYPED_TEST(hardened, a_write_behind_a_block_stops_its_reallocation) {
  for (size_t size : sizes) {
    for (size_t new_size : {size_t{1}, size, size + 1, size * 2}) {
      const auto overflow = [&] {
        this->with_block(size, [&](auto& heap, char* ptr) {
          ptr[size] ^= 1;
          heap.reallocate(ptr, 1, new_size);
        });
      };
      EXPECT_STOPS(overflow(), "out of bounds") << size << ", " << new_size;
    }
  }
}

TYPED_TEST(hardened, a_write_to_a_block_that_waits_stops_its_reuse) {
  for (size_t size : sizes) {
    if (size > this->config.quarantined_size_max) continue;
    for (size_t at : {size_t{0}, size / 2, size - 1}) {
      const auto writes = [&] {
        this->with_block(size, [&](auto& heap, char* ptr) {
          heap.free(ptr);
          ptr[at] ^= 1;
          for (size_t i = 0; i < this->config.quarantine_count; ++i)
            heap.free(heap.allocate(16, 1));
          for (int i = 0; i < 100; ++i) heap.allocate(size, 1);
        });
      };
      EXPECT_STOPS(writes(), "use after free") << size << ", " << at;
    }
  }
}

// Beyond the quarantine and beyond the links of the free list.
TYPED_TEST(hardened, a_write_to_a_block_of_a_slab_stops_its_reuse) {
  for (size_t size : sizes) {
    if (size < 32 || !this->is_small(size)) continue;
    const auto writes = [&] {
      this->with_block(size, [&](auto& heap, char* ptr) {
        heap.free(ptr);
        for (size_t i = 0; i < this->config.quarantine_count; ++i)
          heap.free(heap.allocate(500, 1));
        ptr[size - 1] ^= 1;
        for (int i = 0; i < 100; ++i) heap.allocate(size, 1);
      });
    };
    EXPECT_STOPS(writes(), "use after free") << size;
  }
}

TYPED_TEST(hardened, a_block_that_is_never_written_to_is_freed_as_any_other) {
  this->heap_.source().arena_bytes = size_t{8} << 20;
  for (size_t size : sizes) {
    for (size_t align = 1; align <= 4096; align *= 4) {
      this->use_memory(this->heap_);
      std::vector<void*> blocks;
      for (int i = 0; i < 10; ++i)
        blocks.push_back(this->heap_.allocate(size, align));
      for (void*& block : blocks)
        block = this->heap_.reallocate(block, align, size + size / 2);
      ASSERT_STREQ(verify(this->heap_), nullptr) << size << ", " << align;
      for (void* block : blocks) this->free(block);
    }
  }
}

TYPED_TEST(hardened, misuse_of_a_block_in_memory_that_was_used_stops) {
  for (size_t size : sizes) {
    const auto overflow = [&] {
      this->with_block(
          size,
          [&](auto& heap, char* ptr) {
            ptr[size] ^= 1;
            heap.free(ptr);
          },
          false);
    };
    EXPECT_STOPS(overflow(), "out of bounds") << size;
    const auto double_free = [&] {
      this->with_block(
          size,
          [&](auto& heap, char* ptr) {
            heap.free(ptr);
            heap.free(ptr);
          },
          false);
    };
    EXPECT_STOPS(double_free(), "double free") << size;
    if (size > this->config.quarantined_size_max) continue;
    const auto writes = [&] {
      this->with_block(
          size,
          [&](auto& heap, char* ptr) {
            heap.free(ptr);
            ptr[size / 2] ^= 1;
            for (size_t i = 0; i < this->config.quarantine_count; ++i)
              heap.free(heap.allocate(16, 1));
            for (int i = 0; i < 100; ++i) heap.allocate(size, 1);
          },
          false);
    };
    EXPECT_STOPS(writes(), "use after free") << size;
  }
}

TYPED_TEST(hardened, a_freed_block_is_not_the_next_that_is_allocated) {
  for (size_t size : sizes) {
    if (size > this->config.quarantined_size_max) continue;
    char* const ptr = this->allocate(size);
    this->free(ptr);
    std::vector<char*> others;
    for (int i = 0; i < 20; ++i) {
      others.push_back(this->allocate(size));
      EXPECT_NE(others.back(), ptr);
    }
    for (char* other : others) this->free(other);
  }
}

TYPED_TEST(hardened, a_free_that_says_another_size_or_alignment_stops) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size, 64);
    EXPECT_STOPS(this->heap_.free(ptr, size + 1, 64), "mismatched free");
    EXPECT_STOPS(this->heap_.free(ptr, size - 1, 64), "mismatched free");
    EXPECT_STOPS(this->heap_.free(ptr, size, 32), "mismatched free");
    EXPECT_STOPS(this->heap_.free(ptr, size, 1), "mismatched free");
    EXPECT_STOPS(this->heap_.reallocate(ptr, size + 1, 64, 10),
                 "mismatched free");
    this->heap_.free(ptr, size, 64);
    char* const unaligned = this->allocate(size);
    EXPECT_STOPS(this->heap_.free(unaligned, size, 64), "mismatched free");
    this->heap_.free(unaligned, size, 8);  // no more than every block has
  }
}

// As of malloc's block, moved or not.
TYPED_TEST(hardened, what_C_reallocates_has_no_alignment_of_its_own) {
  for (size_t new_size : {120, 119, 100, 5000}) {
    void* const aligned = this->allocate(120, 64);
    void* const ptr = this->heap_.reallocate(aligned, 1, new_size);
    ASSERT_EQ(ptr == aligned, new_size >= 119 && new_size <= 120) << new_size;
    EXPECT_STOPS(this->heap_.free(ptr, new_size, 64), "mismatched free");
    this->heap_.free(ptr, new_size, 1);
  }
}

TYPED_TEST(hardened, a_free_as_another_kind_stops) {
  constexpr Use uses[] = {Use::c, Use::object, Use::array};
  for (Use given : uses) {
    void* const ptr = this->heap_.allocate(100, 1, given);
    for (Use freed : uses) {
      if (freed == given) continue;
      EXPECT_STOPS(this->heap_.free(ptr, untold, untold, freed),
                   "mismatched free");
    }
    this->heap_.free(ptr, 100, 1, given);
  }
}

TYPED_TEST(hardened, interior_and_foreign_pointers_stop) {
  for (size_t size : sizes) {
    char* const ptr = this->allocate(size);
    for (size_t offset = 8; offset < size; offset *= 2) {
      if (this->is_small(size)) {
        EXPECT_STOPS(this->free(ptr + offset), "invalid pointer")
            << size << ", " << offset;
      } else {
        EXPECT_STOPS(this->free(ptr + offset), "") << size << ", " << offset;
      }
    }
    this->free(ptr);
  }
  alignas(64) static char foreign[256];
  EXPECT_STOPS(this->free(foreign + 64), "invalid pointer");
}

// What verify() says, as the next walk would.
TYPED_TEST(hardened, H1_H2_H3_are_seen_broken) {
  char* const ptr = this->allocate(41);
  char* const large = this->allocate(2001);
  char* const freed = this->allocate(41);
  this->free(freed);
  const auto broken_by = [&](char* at) {
    *at ^= 1;
    const char* const broken = verify(this->heap_);
    *at ^= 1;
    return broken ? broken : "nothing";
  };
  EXPECT_STREQ(broken_by(ptr + 41), "H2");
  EXPECT_STREQ(broken_by(large + 2001), "H2");
  EXPECT_STREQ(broken_by(freed + 40), "H3");
  constexpr size_t block_size =
      align_up(41 + sizeof(size_t), TestFixture::config.alignment);
  EXPECT_STREQ(broken_by(ptr + block_size - 1), "H1");
  EXPECT_STREQ(broken_by(ptr + block_size - sizeof(size_t)), "H1");
  this->free(ptr);
  this->free(large);
}

// A block that is neither in use nor waits, and has not left either.
TYPED_TEST(hardened, Q1_is_seen_broken) {
  constexpr size_t size = 2032 - 2 * sizeof(size_t);  // without slack
  char* const large = this->allocate(size);
  char* const seal = large + size;
  char in_use[sizeof(size_t)];
  memcpy(in_use, seal, sizeof in_use);
  this->free(large);
  char freed[sizeof in_use];
  memcpy(freed, seal, sizeof freed);
  for (size_t i = 0; i < TestFixture::config.quarantine_count; ++i)
    this->free(this->allocate(100));
  ASSERT_EQ(this->allocate(size), large);
  ASSERT_EQ(memcmp(seal, in_use, sizeof in_use), 0);
  memcpy(seal, freed, sizeof freed);
  EXPECT_STREQ(verify(this->heap_), "Q1");
  memcpy(seal, in_use, sizeof in_use);
  this->free(large);
}

// The heap below is verified first.
TYPED_TEST(hardened, a_broken_heap_below_is_seen) {
  char* const ptr = this->allocate(5000);
  header_of(ptr)->bits ^= 1;  // free and in use
  const char* const broken = verify(this->heap_);
  header_of(ptr)->bits ^= 1;
  EXPECT_STREQ(broken, "B5");
  this->free(ptr);
}

// Somebody who can write a seal that was there before has the heap give a block
// that is in use, for all it can tell.
TYPED_TEST(hardened, a_free_block_with_the_seal_of_one_in_use_stops) {
  const auto puts_back = [&] {
    this->with_block(41, [&](auto& heap, char* ptr) {
      char seal[sizeof(size_t)];
      char* const at = ptr +
                       align_up(41 + sizeof seal, this->config.alignment) -
                       sizeof seal;
      memcpy(seal, at, sizeof seal);
      heap.free(ptr);
      for (size_t i = 0; i < this->config.quarantine_count; ++i)
        heap.free(heap.allocate(500, 1));
      memcpy(at, seal, sizeof seal);
      for (int i = 0; i < 100; ++i) heap.allocate(41, 1);
    });
  };
  EXPECT_STOPS(puts_back(), "corrupted heap");
}

TYPED_TEST(hardened, a_free_block_that_lost_its_seal_stops) {
  const auto overwrites = [&] {
    this->with_block(41, [&](auto& heap, char* ptr) {
      heap.free(ptr);
      for (size_t i = 0; i < this->config.quarantine_count; ++i)
        heap.free(heap.allocate(500, 1));
      memset(ptr + align_up(41 + sizeof(size_t), this->config.alignment) -
                 sizeof(size_t),
             'x', sizeof(size_t));
      for (int i = 0; i < 100; ++i) heap.allocate(41, 1);
    });
  };
  EXPECT_STOPS(overwrites(), "out of bounds");
}

TYPED_TEST(hardened, alignments_beyond_those_that_a_seal_tells_are_served) {
  this->heap_.source().arena_bytes = size_t{16} << 20;
  for (size_t align = 64; align <= size_t{1} << 20; align *= 2) {
    char* const ptr = this->allocate(100, align);
    EXPECT_EQ(address_of(ptr) % align, 0u);
    this->heap_.free(ptr, 100, align);
  }
}

TYPED_TEST(hardened, null_has_no_bytes) {
  EXPECT_EQ(this->heap_.usable_size(nullptr), 0u);
  this->heap_.free(nullptr, 10, 16);
  void* const ptr = this->heap_.reallocate(nullptr, 0, 1, 100);
  EXPECT_EQ(this->heap_.usable_size(ptr), 100u);
  this->heap_.free(this->heap_.reallocate(ptr, 100, 1, 5000), 5000, 1);
}

// The quarantine must not be a reason for refusal.
TYPED_TEST(hardened, a_full_heap_is_usable_after_one_free) {
  for (size_t size : {100, 700, 1000}) {
    typename TestFixture::Heap heap;
    heap.source().budget_bytes = 200'000;
    std::vector<void*> blocks;
    while (void* ptr = heap.allocate(size, 1)) blocks.push_back(ptr);
    heap.free(blocks.back());
    EXPECT_EQ(heap.allocate(size, 1), blocks.back());
    EXPECT_STREQ(verify(heap), nullptr);
  }
}

TYPED_TEST(hardened, sizes_that_wrap_are_refused) {
  for (size_t below = 0; below < 200'000; below += below < 64 ? 1 : 999) {
    ASSERT_EQ(this->heap_.allocate(SIZE_MAX - below, 1), nullptr) << below;
    char* const ptr = this->allocate(100);
    ASSERT_EQ(this->heap_.reallocate(ptr, 1, SIZE_MAX - below), nullptr);
    ASSERT_FALSE(this->heap_.try_expand(ptr, SIZE_MAX - below));
    this->free(ptr);
  }
}

TYPED_TEST(hardened, try_expand_changes_the_size_or_nothing) {
  for (size_t size : sizes) {
    for (size_t new_size : {size - 1, size, size + 1, size + 3, size * 2}) {
      char* const ptr = this->allocate(size);
      const bool is_done = this->heap_.try_expand(ptr, new_size);
      EXPECT_EQ(this->heap_.usable_size(ptr), is_done ? new_size : size);
      this->free(ptr);
    }
  }
}

TEST(hardened_profile, cleared_on_request_is_what_was_freed) {
  constexpr Config config = {.is_hardened = true, .clears_all_freed = true};
  HardenedHeap<config, FakePages> heap;
  for (size_t size : sizes) {
    auto* const ptr = static_cast<char*>(heap.allocate(size, 1));
    void* const fence = heap.allocate(size, 1);
    memset(ptr, 0x55, size);
    heap.free(ptr);
    // The first words of a large block are the heap's links by now.
    const size_t links = size > config.quarantined_size_max ? 16 : 0;
    for (size_t i = links; i < size; ++i) ASSERT_EQ(ptr[i], 0) << size;
    heap.free(fence);
    ASSERT_STREQ(verify(heap), nullptr);
  }
}

TEST(hardened_profile, cleared_on_request_is_what_realloc_cuts_off) {
  constexpr Config config = {.is_hardened = true, .clears_all_freed = true};
  HardenedHeap<config, FakePages> heap;
  auto* const ptr = static_cast<char*>(heap.allocate(50'000, 1));
  memset(ptr, 0x55, 50'000);
  ASSERT_EQ(heap.reallocate(ptr, 1, 20'000), ptr);
  for (size_t i = 0; i < 20'000; ++i) ASSERT_EQ(ptr[i], 0x55) << i;
  // Between them are a seal, a header and links.
  for (size_t i = 20'100; i < 50'000; ++i) ASSERT_EQ(ptr[i], 0) << i;
  ASSERT_STREQ(verify(heap), nullptr);
}

TEST(quarantine, Q1_every_block_leaves_once_and_in_order) {
  Quarantine<4, false> quarantine;
  char blocks[20];
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(quarantine.exchange(&blocks[i]), nullptr);
  for (int i = 4; i < 20; ++i)
    EXPECT_EQ(quarantine.exchange(&blocks[i]), &blocks[i - 4]);
  for (int i = 16; i < 20; ++i)
    EXPECT_EQ(quarantine.exchange(nullptr), &blocks[i]);
  EXPECT_EQ(quarantine.exchange(nullptr), nullptr);
}

}  // namespace
}  // namespace mote
