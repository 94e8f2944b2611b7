#include "c_malloc.hpp"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include "support/asan.hpp"

namespace mote {
namespace {

TEST(c_malloc, every_alignment) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t size : {0, 1, 17, 1000, 5000}) {
      void* ptr = CMalloc::allocate(size, align);
      ASSERT_NE(ptr, nullptr) << size << " at " << align;
      ASSERT_EQ(address_of(ptr) % align, 0u);
      memset(ptr, 0x5A, size);
      ptr = CMalloc::reallocate(ptr, size, align, size + 3000);
      ASSERT_NE(ptr, nullptr);
      ASSERT_EQ(address_of(ptr) % align, 0u);
      for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(static_cast<char*>(ptr)[i], 0x5A);
      }
      CMalloc::free(ptr, size + 3000, align);
    }
  }
}

TEST(c_malloc, null) {
  CMalloc::free(nullptr, 0, 1);
  CMalloc::free(nullptr, 0, 4096);
  for (size_t align : {1, 4096}) {
    void* const ptr = CMalloc::reallocate(nullptr, 0, align, 10);
    EXPECT_NE(ptr, nullptr);
    CMalloc::free(ptr, 10, align);
  }
}

TEST(c_malloc, refuses_sizes_that_wrap) {
  EXPECT_EQ(CMalloc::allocate(SIZE_MAX - 100, 4096), nullptr);
}

TEST(c_malloc, refuses_what_malloc_does) {
  if (has_asan) GTEST_SKIP() << "AddressSanitizer's stops the program";
  volatile size_t almost_all = SIZE_MAX - 131072;
  EXPECT_EQ(CMalloc::allocate(almost_all, 4096), nullptr);
}

}  // namespace
}  // namespace mote
