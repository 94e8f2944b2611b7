// malloc(SIZE_MAX - k) for every k up to 64 KiB, by the names that programs
// call: null, and the memory is what it was.
#include <errno.h>
#include <gtest/gtest.h>
#include <stdint.h>
#include <stdlib.h>

#include "mote/mote.h"
#include "native/allocated.hpp"

namespace mote {
namespace {

// Where the platform can say it cheaply.
size_t memory_pages() {
#ifdef __wasm__
  return __builtin_wasm_memory_size(0);
#else
  return 0;
#endif
}

TEST(impossible_sizes, are_null_and_grow_nothing) {
  void* const ptr = opaque(malloc(100));
  const size_t pages = memory_pages();
  for (size_t k = 0; k <= 65536; ++k) {
    const size_t size = opaque(SIZE_MAX - k);
    ASSERT_EQ(opaque(malloc(size)), nullptr) << k;
    ASSERT_EQ(opaque(calloc(1, size)), nullptr) << k;
    ASSERT_EQ(opaque(realloc(ptr, size)), nullptr) << k;
    ASSERT_EQ(opaque(mote_alloc(size, 0)), nullptr) << k;
    ASSERT_EQ(opaque(mote_zalloc(size, 64)), nullptr) << k;
    ASSERT_EQ(mote_try_expand(ptr, size), 0) << k;
  }
  EXPECT_EQ(memory_pages(), pages);
  free(ptr);
}

TEST(impossible_sizes, of_calloc_overflow) {
  const size_t root = size_t{1} << (sizeof(size_t) * 4);
  const size_t pages = memory_pages();
  errno = 0;
  EXPECT_EQ(opaque(calloc(opaque(root), root)), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(opaque(calloc(opaque(SIZE_MAX / 2 + 1), 2)), nullptr);
  EXPECT_EQ(opaque(calloc(2, opaque(SIZE_MAX / 2 + 1))), nullptr);
  EXPECT_EQ(opaque(calloc(opaque(SIZE_MAX / 3 + 1), 3)), nullptr);
  EXPECT_EQ(memory_pages(), pages);
}

}  // namespace
}  // namespace mote
