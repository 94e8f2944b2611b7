// Everything that can happen to a tiny heap within a few operations, and every
// size at every alignment.
#include "support/small_world.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

// Engines and sanitizers are slower: a step less is a tenth of the states.
constexpr unsigned depth(unsigned steps) {
  return rounds(4) == 4 ? steps : steps - 1;
}

template <class World>
void explore(unsigned steps, size_t state_count_min) {
  const auto result = World::explore(depth(steps));
  EXPECT_EQ(result.problem, "");
  printf("%zu states, %zu steps\n", result.state_count, result.step_count);
  // Were most steps refused, there would be little to see.
  EXPECT_GE(result.state_count, rounds(4) == 4 ? state_count_min : 100);
}

template <size_t alignment>
constexpr Config two_classes = {
    .alignment = alignment, .class_count = 2, .slab_size = 16 * alignment};
template <size_t alignment>
constexpr Config no_slabs = {.alignment = alignment, .has_slabs = false};

TEST(small_worlds, two_classes_in_pages_of_512_bytes) {
  explore<SmallWorld<two_classes<16>, WorldPages<2048, 512, 0, false>>>(5,
                                                                        20'000);
}

TEST(small_worlds, two_classes_aligned_to_8) {
  explore<SmallWorld<two_classes<8>, WorldPages<1024, 256, 0, false>>>(5,
                                                                       20'000);
}

TEST(small_worlds, memory_that_has_gaps) {
  explore<SmallWorld<two_classes<16>, WorldPages<2048, 256, 16, false>>>(
      5, 20'000);
}

TEST(small_worlds, memory_that_is_given_back) {
  explore<SmallWorld<two_classes<16>, WorldPages<2048, 128, 0, true>>>(5,
                                                                       20'000);
}

TEST(small_worlds, no_slabs) {
  explore<SmallWorld<no_slabs<16>, WorldPages<1024, 128, 0, true>>>(5, 20'000);
}

TEST(small_worlds, no_slabs_aligned_to_8_with_gaps) {
  explore<SmallWorld<no_slabs<8>, WorldPages<512, 64, 16, false>>>(5, 20'000);
}

TEST(small_worlds, two_threads) {
  explore<SmallWorld<two_classes<16>, WorldPages<4096, 512, 0, true>,
                     WorldThreads>>(5, 20'000);
}

constexpr Config two_classes_and_a_cache = {.class_count = 2,
                                            .slab_size = 256,
                                            .thread_cache_bytes = 256,
                                            .cached_block_size_max = 256};
TEST(small_worlds, two_threads_that_keep_blocks) {
  explore<SmallWorld<two_classes_and_a_cache, WorldPages<4096, 512, 0, false>,
                     WorldThreads>>(5, 20'000);
}

template <class C>
class every_size : public testing::Test {};
TYPED_TEST_SUITE(every_size, Choices, ChoiceNames);

// There and back: the block is aligned, long enough and its own.
TYPED_TEST(every_size, at_every_alignment) {
  constexpr Config config = TypeParam::config;
  Heap<config, FakePages> heap;
  heap.source().arena_bytes = size_t{4} << 20;
  void* const neighbour = heap.allocate(100);
  memset(neighbour, 0x33, 100);
  const auto round_trip = [&](size_t size, size_t align) {
    void* const ptr = heap.allocate(size, align);
    ASSERT_NE(ptr, nullptr);
    ASSERT_EQ(address_of(ptr) % align, 0u);
    ASSERT_EQ(address_of(ptr) % config.alignment, 0u);
    ASSERT_GE(heap.usable_size(ptr), size);
    memset(ptr, 0x44, heap.usable_size(ptr));
    ASSERT_STREQ(verify(heap), nullptr);
    void* const longer = heap.reallocate(ptr, align, size + config.alignment);
    ASSERT_NE(longer, nullptr);
    ASSERT_EQ(address_of(longer) % align, 0u);
    for (size_t i = 0; i < size; ++i)
      ASSERT_EQ(static_cast<unsigned char*>(longer)[i], 0x44u);
    heap.free(longer);
    ASSERT_STREQ(verify(heap), nullptr);
  };
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t size = 0; size <= 600 && !this->HasFatalFailure(); ++size)
      round_trip(size, align);
    for (size_t power = 1024; power <= 65536 && !this->HasFatalFailure();
         power *= 2)
      for (size_t size = power - 33; size <= power + 33; ++size)
        round_trip(size, align);
    if (this->HasFatalFailure()) FAIL() << "alignment " << align;
  }
  for (size_t i = 0; i < 100; ++i)
    ASSERT_EQ(static_cast<unsigned char*>(neighbour)[i], 0x33u);
}

// No size is lost between two that are served from classes or bins.
TYPED_TEST(every_size, is_served_by_a_block_not_much_larger) {
  constexpr Config config = TypeParam::config;
  Heap<config, FakePages> heap;
  heap.source().arena_bytes = size_t{4} << 20;
  for (size_t size = 1; size <= 40'000; ++size) {
    void* const ptr = heap.allocate(size);
    ASSERT_NE(ptr, nullptr) << size;
    const size_t usable = heap.usable_size(ptr);
    ASSERT_GE(usable, size);
    // A granule, and what is too little to be a block of its own.
    ASSERT_LT(usable - size, config.alignment + 32) << size;
    heap.free(ptr);
  }
}

}  // namespace
}  // namespace mote
