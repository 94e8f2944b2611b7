// The names that every build with a C library has, linked as the program's
// malloc: the C library's rules and those of mote.h, at the profile and
// alignment of the build.
#include <errno.h>
#include <gtest/gtest.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mote/mote.h"
#include "names/declared.hpp"
#include "native/allocated.hpp"
#include "profile.hpp"

namespace mote {
namespace {

const size_t absurd_sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15,
                               SIZE_MAX - 4095, SIZE_MAX - 65536};
const size_t ordinary_sizes[] = {0, 1, 7, 8, 24, 100, 256, 257, 5000, 300000};

bool is_filled_with(const void* ptr, size_t size, char byte) {
  auto* begin = static_cast<const char*>(ptr);
  return std::all_of(begin, begin + size, [=](char c) { return c == byte; });
}

TEST(names, malloc_gives_aligned_memory_of_its_own) {
  std::vector<void*> blocks;
  for (size_t size : ordinary_sizes) {
    void* ptr = opaque(malloc(size));
    ASSERT_NE(ptr, nullptr) << size;
    EXPECT_TRUE(is_aligned_to(ptr, MOTE_ALIGNMENT)) << size;
    EXPECT_GE(malloc_usable_size(ptr), size);
    memset(ptr, static_cast<int>(blocks.size()), size);
    blocks.push_back(ptr);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(
        is_filled_with(blocks[i], ordinary_sizes[i], static_cast<char>(i)));
    free(blocks[i]);
  }
}

TEST(names, blocks_are_freed_by_size_and_alignment) {
  free_sized(opaque<void*>(nullptr), 10);
  free_aligned_sized(opaque<void*>(nullptr), 16, 10);
  void* const first = opaque(malloc(5000));
  free_sized(first, 5000);
  void* const second = opaque(malloc(5000));
  EXPECT_TRUE(profile.is_hardened || second == first);
  free(second);
  void* const aligned = opaque(aligned_alloc(64, 5000));
  free_aligned_sized(aligned, 64, 5000);
  void* const again = opaque(aligned_alloc(64, 5000));
  EXPECT_TRUE(profile.is_hardened || again == aligned);
  free(again);
}

TEST(names, free_of_null_does_nothing) {
  free(opaque<void*>(nullptr));
  mote_free_sized(nullptr, 0, 0);
  EXPECT_EQ(malloc_usable_size(nullptr), 0u);
  EXPECT_EQ(mote_usable_size(nullptr), 0u);
}

TEST(names, absurd_sizes_give_null_and_enomem) {
  for (size_t size : absurd_sizes) {
    errno = 0;
    EXPECT_EQ(opaque(malloc(opaque(size))), nullptr) << size;
    EXPECT_EQ(errno, ENOMEM) << size;
    errno = 0;
    EXPECT_EQ(opaque(calloc(1, opaque(size))), nullptr) << size;
    EXPECT_EQ(errno, ENOMEM) << size;
    errno = 0;
    EXPECT_EQ(opaque(aligned_alloc(64, opaque(size))), nullptr) << size;
    EXPECT_EQ(errno, ENOMEM) << size;
    EXPECT_EQ(mote_alloc(size, 0), nullptr) << size;
    EXPECT_EQ(mote_alloc(size, 4096), nullptr) << size;
    EXPECT_EQ(mote_zalloc(size, 1), nullptr) << size;
  }
}

TEST(names, calloc_clears_what_was_used_before) {
  for (size_t size : ordinary_sizes) {
    void* ptr = opaque(malloc(size));
    memset(ptr, 0x5a, size);
    free(ptr);
    ptr = opaque(calloc(size, 1));
    ASSERT_NE(ptr, nullptr) << size;
    EXPECT_TRUE(is_filled_with(ptr, size, 0)) << size;
    free(ptr);
  }
}

TEST(names, calloc_refuses_a_product_that_overflows) {
  errno = 0;
  EXPECT_EQ(opaque(calloc(opaque(SIZE_MAX / 4 + 2), 4)), nullptr);
  EXPECT_EQ(errno, ENOMEM);
}

TEST(names, realloc_keeps_the_contents) {
  for (size_t from : ordinary_sizes) {
    for (size_t to : ordinary_sizes) {
      void* ptr = opaque(malloc(from));
      memset(ptr, 0x5a, from);
      ptr = opaque(realloc(ptr, to));
      ASSERT_NE(ptr, nullptr) << from << " to " << to;
      EXPECT_TRUE(is_filled_with(ptr, std::min(from, to), 0x5a))
          << from << " to " << to;
      free(ptr);
    }
  }
}

TEST(names, realloc_that_fails_keeps_the_block) {
  void* ptr = opaque(malloc(100));
  memset(ptr, 0x5a, 100);
  errno = 0;
  EXPECT_EQ(opaque(realloc(ptr, opaque(SIZE_MAX - 100))), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_TRUE(is_filled_with(ptr, 100, 0x5a));
  free(ptr);
}

TEST(names, realloc_of_null_allocates) {
  void* ptr = opaque(realloc(opaque<void*>(nullptr), 100));
  EXPECT_GE(malloc_usable_size(ptr), 100u);
  free(ptr);
}

TEST(names, aligned_blocks_are_aligned_and_freed_like_others) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t size : ordinary_sizes) {
      void* ptr = opaque(aligned_alloc(align, size));
      ASSERT_NE(ptr, nullptr) << align;
      EXPECT_TRUE(is_aligned_to(ptr, align)) << align;
      memset(ptr, 0x5a, size);
      free(ptr);
    }
  }
}

TEST(names, aligned_alloc_refuses_what_is_no_power_of_two) {
  for (size_t align : {0, 3, 24, 4095}) {
    errno = 0;
    EXPECT_EQ(opaque(aligned_alloc(opaque(align), 96)), nullptr) << align;
    EXPECT_EQ(errno, EINVAL) << align;
  }
}

TEST(names, posix_memalign_reports_and_leaves_the_result_alone) {
  char untouched;
  void* ptr = &untouched;
  for (size_t align : {size_t{0}, size_t{1}, sizeof(void*) / 2, size_t{24}}) {
    EXPECT_EQ(posix_memalign(&ptr, opaque(align), 100), EINVAL) << align;
  }
  EXPECT_EQ(posix_memalign(&ptr, 64, opaque(SIZE_MAX - 100)), ENOMEM);
  EXPECT_EQ(ptr, &untouched);
  ASSERT_EQ(posix_memalign(&ptr, 512, 100), 0);
  EXPECT_TRUE(is_aligned_to(ptr, 512));
  free(ptr);
}

TEST(names, sized_calls_take_any_alignment_below_their_own) {
  for (size_t align : {0, 1, 2, 4, 8, 16, 64, 4096}) {
    for (size_t size : ordinary_sizes) {
      void* ptr = mote_alloc(size, align);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      EXPECT_TRUE(is_aligned_to(ptr, std::max<size_t>(align, MOTE_ALIGNMENT)));
      EXPECT_GE(mote_usable_size(ptr), size);
      memset(ptr, 0x5a, size);
      void* moved = mote_realloc_sized(ptr, size, align, size * 3);
      ASSERT_NE(moved, nullptr) << size << " at " << align;
      EXPECT_TRUE(
          is_aligned_to(moved, std::max<size_t>(align, MOTE_ALIGNMENT)));
      EXPECT_TRUE(is_filled_with(moved, size, 0x5a));
      mote_free_sized(moved, size * 3, align);
      ptr = mote_zalloc(size, align);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      EXPECT_TRUE(is_filled_with(ptr, size, 0));
      mote_free_sized(ptr, size, align);
    }
  }
}

TEST(names, sized_calls_refuse_what_is_no_power_of_two) {
  EXPECT_EQ(mote_alloc(100, 3), nullptr);
  EXPECT_EQ(mote_zalloc(100, 48), nullptr);
  void* ptr = mote_alloc(100, 16);
  EXPECT_EQ(mote_realloc_sized(ptr, 100, 24, 200), nullptr);
  mote_free_sized(ptr, 100, 16);
}

TEST(names, sized_calls_leave_errno_alone) {
  errno = 7;
  EXPECT_EQ(mote_alloc(SIZE_MAX, 0), nullptr);
  EXPECT_EQ(mote_zalloc(100, 3), nullptr);
  EXPECT_EQ(mote_realloc_sized(nullptr, 0, 0, SIZE_MAX), nullptr);
  EXPECT_EQ(errno, 7);
}

TEST(names, try_expand_never_moves) {
  void* ptr = mote_alloc(100'000, 0);
  memset(ptr, 0x5a, 100'000);
  EXPECT_EQ(mote_try_expand(ptr, SIZE_MAX - 100), 0);
  EXPECT_EQ(mote_try_expand(nullptr, 100), 0);
  if (mote_try_expand(ptr, 100'100)) {
    EXPECT_GE(mote_usable_size(ptr), 100'100u);
  }
  EXPECT_TRUE(is_filled_with(ptr, 100'000, 0x5a));
  mote_free_sized(ptr, mote_usable_size(ptr), 0);
}

TEST(names, blocks_cross_between_both_families) {
  free(mote_alloc(100, 0));
  mote_free_sized(malloc(100), 100, 0);
  free(mote_realloc_sized(malloc(100), 100, 0, 5000));
  mote_free_sized(opaque(realloc(mote_zalloc(100, 32), 10)), 10, 0);
  mote_free_sized(opaque(realloc(mote_zalloc(100, 32), 99)), 99, 0);
}

TEST(names, serve_the_cxx_library) {
  std::vector<std::string> words(1000, std::string(100, 'x'));
  EXPECT_GE(mote_usable_size(words.data()), 1000 * sizeof(std::string));
  EXPECT_GE(mote_usable_size(words.back().data()), 100u);
}

}  // namespace
}  // namespace mote
