// The names of a Windows program that is linked with mote.
#ifdef _WIN32

#include <gtest/gtest.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <thread>
#include <vector>

#include "mote/mote.h"
#include "native/allocated.hpp"

namespace mote {
namespace {

void* const allocated_before_main = malloc(1000);

TEST(windows_names, work_before_main) {
  EXPECT_GE(mote_usable_size(allocated_before_main), 1000u);
}

TEST(windows_names, sizes_are_motes) {
  void* const ptr = opaque(malloc(opaque(100)));
  EXPECT_EQ(_msize(ptr), mote_usable_size(ptr));
  EXPECT_EQ(_expand(ptr, 100), ptr);
  EXPECT_EQ(_expand(ptr, size_t{1} << 40), nullptr);
  free(ptr);
}

TEST(windows_names, aligned_family) {
  void* ptr = _aligned_malloc(100, 256);
  EXPECT_TRUE(is_aligned_to(ptr, 256));
  memset(ptr, 5, 100);
  ptr = _aligned_realloc(ptr, 10000, 256);
  EXPECT_TRUE(is_aligned_to(ptr, 256));
  EXPECT_EQ(static_cast<char*>(ptr)[99], 5);
  _aligned_free(ptr);
  errno = 0;
  EXPECT_EQ(opaque(_aligned_malloc(10, opaque(3))), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

TEST(windows_names, recalloc_clears_what_is_new) {
  auto* ptr = static_cast<char*>(_recalloc(nullptr, 10, 10));
  memset(ptr, 7, 100);
  ptr = static_cast<char*>(_recalloc(ptr, 1000, 100));
  ASSERT_NE(ptr, nullptr);
  EXPECT_EQ(ptr[99], 7);
  for (size_t i = 200; i < 100000; ++i) ASSERT_EQ(ptr[i], 0) << i;
  EXPECT_EQ(opaque(_recalloc(ptr, opaque(SIZE_MAX / 2), 3)), nullptr);
  free(ptr);
}

TEST(windows_names, duplicated_strings_can_be_freed) {
  char* const narrow = _strdup("narrow");
  wchar_t* const wide = _wcsdup(L"wide");
  EXPECT_STREQ(narrow, "narrow");
  EXPECT_STREQ(wide, L"wide");
  EXPECT_GT(mote_usable_size(narrow), 0u);
  free(narrow);
  free(wide);
}

TEST(windows_names, absurd_sizes_fail_with_enomem) {
  for (size_t k = 0; k <= 65536; ++k) {
    errno = 0;
    ASSERT_EQ(opaque(malloc(opaque(SIZE_MAX - k))), nullptr) << k;
    ASSERT_EQ(errno, ENOMEM) << k;
  }
}

TEST(windows_names, threads_share_the_heap) {
  std::vector<std::thread> threads;
  for (unsigned char t = 0; t < 3; ++t) {
    threads.emplace_back([t] {
      for (size_t i = 1; i < 20000; ++i) {
        auto* const ptr = static_cast<unsigned char*>(malloc(i % 1000 + 1));
        memset(ptr, t, i % 1000 + 1);
        if (opaque(ptr)[i % 1000] != t) abort();
        free(ptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mote

#endif
