#include "config.hpp"

#include <gtest/gtest.h>

#include "heap.hpp"
#include "support/fake_pages.hpp"
#include "support/programs.hpp"
#include "verify.hpp"

namespace mote {
namespace {

TEST(config, profiles_are_valid_with_both_alignments) {
  for (size_t alignment : {size_t{8}, size_t{16}}) {
    Config config = standard_profile;
    config.alignment = alignment;
    EXPECT_TRUE(is_valid(config));
    config = tiny_profile;
    config.alignment = alignment;
    EXPECT_TRUE(is_valid(config));
    config = hardened_profile;
    config.alignment = alignment;
    EXPECT_TRUE(is_valid(config));
  }
  EXPECT_TRUE(standard_profile.has_slabs);
  EXPECT_FALSE(tiny_profile.has_slabs);
}

TEST(config, alignments_other_than_8_and_16_are_invalid) {
  for (size_t alignment :
       {size_t{0}, size_t{1}, size_t{4}, size_t{12}, size_t{24}, size_t{32},
        size_t{64}, size_t{SIZE_MAX}}) {
    EXPECT_FALSE(is_valid({.alignment = alignment})) << alignment;
  }
}

TEST(config, small_sizes_are_multiples_that_the_page_map_can_hold) {
  EXPECT_FALSE(is_valid({.class_count = 0}));
  EXPECT_FALSE(is_valid({.class_count = 33}));
  EXPECT_FALSE(is_valid({.class_count = 128, .slab_size = 65536}));
  EXPECT_TRUE(is_valid({.class_count = 8}));
}

TEST(config, what_the_hardened_profile_needs) {
  EXPECT_TRUE(is_valid(hardened_profile));
  EXPECT_FALSE(is_valid({.has_slabs = false, .is_hardened = true}));
  EXPECT_FALSE(is_valid({.checks_links = false, .is_hardened = true}));
  EXPECT_FALSE(is_valid({.thread_cache_bytes = 1, .is_hardened = true}));
  EXPECT_FALSE(is_valid({.is_hardened = true, .quarantine_count = 0}));
  EXPECT_FALSE(is_valid({.is_hardened = true, .quarantined_size_max = 383}));
}

TEST(config, slabs_are_powers_of_two_that_lose_little) {
  EXPECT_FALSE(is_valid({.slab_size = 0}));
  EXPECT_FALSE(is_valid({.slab_size = 3000}));
  EXPECT_FALSE(is_valid({.slab_size = 2048}));  // an eighth of it is below 384
  EXPECT_FALSE(is_valid({.slab_size = 131072}));  // too long for an inverse
  EXPECT_TRUE(is_valid({.slab_size = 4096}));
}

TEST(config, segments_have_2_to_64_slabs_of_at_least_7_blocks) {
  EXPECT_TRUE(is_valid({.class_count = 32, .segment_size = 65536}));
  EXPECT_TRUE(is_valid({.class_count = 32, .segment_size = 262144}));
  EXPECT_FALSE(is_valid({.class_count = 32, .segment_size = 100000}));
  EXPECT_FALSE(
      is_valid({.class_count = 32, .segment_size = 2048}));  // less than a slab
  EXPECT_FALSE(is_valid({.class_count = 32, .segment_size = 4096}));  // one
  EXPECT_TRUE(is_valid({.class_count = 32, .segment_size = 8192}));
  EXPECT_FALSE(
      is_valid({.class_count = 32, .segment_size = 524288}));  // more than 64
  EXPECT_FALSE(is_valid({.class_count = 40, .segment_size = 65536}));
  EXPECT_FALSE(is_valid({.class_count = 100, .segment_size = 65536}));
  EXPECT_FALSE(is_valid(
      {.class_count = 32, .segment_size = 65536, .is_hardened = true}));
}

// Else a size just above the last of a granule's would be of a class below it.
TEST(config, segments_have_classes_that_go_on_where_those_of_a_granule_end) {
  static_assert(!is_valid({.segment_size = 65536}));
  static_assert(!is_valid({.class_count = 31, .segment_size = 65536}));
  static_assert(is_valid({.class_count = 32, .segment_size = 65536}));
  static_assert(
      !is_valid({.alignment = 8, .class_count = 63, .segment_size = 65536}));
  static_assert(
      is_valid({.alignment = 8, .class_count = 64, .segment_size = 65536}));
  // Nobody asks for a class of a heap without slabs.
  static_assert(is_valid({.has_slabs = false, .segment_size = 65536}));
}

// By a thread's heap of its own: every size is served by what is as large.
template <size_t class_count, size_t alignment>
void serves_all_sizes_from_segments() {
  constexpr Config config = {.alignment = alignment,
                             .class_count = class_count,
                             .segment_size = 65536};
  ProgramHeap<config, FakePages> heap;
  for (size_t size = 0; size < 1200; ++size) {
    void* const block = heap.allocate(size, 1);
    ASSERT_NE(block, nullptr);
    ASSERT_GE(heap.usable_size(block), size);
    heap.free(block);
  }
}

TEST(config, edges_of_segments_work) {
  serves_all_sizes_from_segments<32, 16>();
  serves_all_sizes_from_segments<36, 16>();
  serves_all_sizes_from_segments<64, 8>();
  serves_all_sizes_from_segments<72, 8>();
}

// Settings at the edge of what is valid give heaps that work.
template <Config config>
void allocates_and_frees() {
  static_assert(is_valid(config));
  Heap<config, FakePages> heap;
  void* blocks[64];
  for (size_t i = 0; i < 64; ++i) {
    blocks[i] = heap.allocate(i * 9, 1);
    ASSERT_NE(blocks[i], nullptr);
    memset(blocks[i], 0xAB, i * 9);
  }
  for (void* block : blocks) heap.free(block);
  ASSERT_STREQ(verify(heap), nullptr);
}

TEST(config, edges_work) {
  allocates_and_frees<Config{.slab_size = 8192}>();
  allocates_and_frees<Config{.alignment = 8, .slab_size = 4096}>();
  allocates_and_frees<Config{
      .alignment = 8, .class_count = 2, .slab_size = 128}>();
  allocates_and_frees<Config{.class_count = 1, .slab_size = 128}>();
  allocates_and_frees<Config{.class_count = 64, .slab_size = 8192}>();
}

}  // namespace
}  // namespace mote
