// The C names of a Unix program that is linked with mote: what POSIX and
// glibc's manual say of each, and errno. The rules common to all platforms are
// tested in tests/names.
#ifndef _WIN32

#include <errno.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mote/mote.h"
#include "native/allocated.hpp"
#include "native/undeclared.h"
#include "profile.hpp"

namespace mote {
namespace {

const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
void* const allocated_before_main = malloc(1000);

long page_faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TEST(c_names, work_before_main) {
  ASSERT_NE(allocated_before_main, nullptr);
  EXPECT_GE(mote_usable_size(allocated_before_main), 1000u);
}

TEST(c_names, malloc_is_motes) {
  void* ptr = opaque(malloc(opaque(100)));
  EXPECT_EQ(mote_usable_size(ptr), malloc_usable_size(ptr));
  EXPECT_EQ(mote_try_expand(ptr, mote_usable_size(ptr)), 1);
  free(ptr);
}

TEST(c_names, absurd_sizes_fail_with_enomem_and_grow_nothing) {
  free(opaque(malloc(opaque(1))));
  const long faults = page_faults();
  void* const brk_before = sbrk(0);
  for (size_t k = 0; k <= 65536; ++k) {
    errno = 0;
    ASSERT_EQ(opaque(malloc(opaque(SIZE_MAX - k))), nullptr) << k;
    ASSERT_EQ(errno, ENOMEM) << k;
  }
  EXPECT_EQ(sbrk(0), brk_before);
  EXPECT_LT(page_faults() - faults, 20);
  errno = 0;
  EXPECT_EQ(opaque(malloc(opaque(SIZE_MAX / 2))), nullptr);
  EXPECT_EQ(errno, ENOMEM);
}

TEST(c_names, every_call_refuses_absurd_sizes_with_enomem) {
  void* const block = malloc(10);
  const size_t absurd = opaque(SIZE_MAX - 100);
  const auto fails = [](void* result) {
    const int error = errno;
    errno = 0;
    return result == nullptr && error == ENOMEM;
  };
  errno = 0;
  EXPECT_TRUE(fails(calloc(absurd, 1)));
  EXPECT_TRUE(fails(calloc(absurd, 16)));
  EXPECT_TRUE(fails(calloc(opaque(SIZE_MAX / 2 + 2), 2)));
  EXPECT_TRUE(fails(realloc(opaque(block), absurd)));
  EXPECT_TRUE(fails(reallocarray(opaque(block), opaque(SIZE_MAX / 4), 5)));
  EXPECT_TRUE(fails(aligned_alloc(64, absurd)));
  EXPECT_TRUE(fails(memalign(4096, absurd)));
  EXPECT_TRUE(fails(valloc(absurd)));
  EXPECT_TRUE(fails(pvalloc(absurd)));
  EXPECT_TRUE(fails(pvalloc(opaque(SIZE_MAX))));
  EXPECT_TRUE(fails(aligned_alloc(opaque(SIZE_MAX / 2 + 1), 1)));
  EXPECT_EQ(mote_alloc(absurd, 0), nullptr);
  EXPECT_EQ(errno, 0) << "mote's own calls leave errno alone";
  free(block);
}

// What no address space holds, and what only just overflows when it is rounded
// up to an alignment or a page, for every call that takes a size.
TEST(c_names, sizes_up_to_a_page_below_the_largest_are_refused) {
  char untouched;
  void* const block = malloc(100);
  for (size_t k = 0; k <= page_bytes; ++k) {
    const size_t size = opaque(SIZE_MAX - k);
    const auto refused = [&](void* ptr) {
      const bool is_enomem = errno == ENOMEM;
      errno = 0;
      return ptr == nullptr && is_enomem;
    };
    errno = 0;
    ASSERT_TRUE(refused(opaque(malloc(size)))) << k;
    ASSERT_TRUE(refused(opaque(calloc(1, size)))) << k;
    ASSERT_TRUE(refused(opaque(calloc(size, 1)))) << k;
    ASSERT_TRUE(refused(opaque(realloc(opaque(block), size)))) << k;
    ASSERT_TRUE(refused(opaque(realloc(opaque<void*>(nullptr), size)))) << k;
    ASSERT_TRUE(refused(opaque(reallocarray(opaque(block), size, 1)))) << k;
    ASSERT_TRUE(refused(opaque(aligned_alloc(16, size)))) << k;
    ASSERT_TRUE(refused(opaque(aligned_alloc(page_bytes, size)))) << k;
    ASSERT_TRUE(refused(opaque(memalign(64, size)))) << k;
    ASSERT_TRUE(refused(opaque(valloc(size)))) << k;
    ASSERT_TRUE(refused(opaque(pvalloc(size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_malloc(size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_calloc(1, size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_realloc(opaque(block), size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_memalign(64, size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_valloc(size)))) << k;
    ASSERT_TRUE(refused(opaque(__libc_pvalloc(size)))) << k;
    void* result = &untouched;
    ASSERT_EQ(posix_memalign(&result, 64, size), ENOMEM) << k;
    ASSERT_EQ(__posix_memalign(&result, 64, size), ENOMEM) << k;
    ASSERT_EQ(result, &untouched) << k;
    ASSERT_EQ(errno, 0) << "POSIX: posix_memalign returns its error";
  }
  free(block);
}

// Products that wrap to a small size must not be served.
TEST(c_names, products_that_wrap_are_refused) {
  void* const block = malloc(100);
  for (size_t count = 2; count != 0; count *= 2) {
    const size_t size = opaque(SIZE_MAX / count + 1);
    for (const size_t more : {size_t{0}, size_t{1}, size_t{16}}) {
      errno = 0;
      ASSERT_EQ(opaque(calloc(count, size + more)), nullptr) << count;
      ASSERT_EQ(errno, ENOMEM) << count;
      errno = 0;
      ASSERT_EQ(opaque(calloc(size + more, count)), nullptr) << count;
      ASSERT_EQ(errno, ENOMEM) << count;
      errno = 0;
      ASSERT_EQ(opaque(reallocarray(opaque(block), count, size + more)),
                nullptr);
      ASSERT_EQ(errno, ENOMEM) << count;
    }
  }
  free(block);
}

TEST(c_names, alignments_up_to_a_gibibyte) {
  // A block at such an alignment needs up to twice that in addresses.
  const size_t largest = sizeof(void*) > 4 ? size_t{1} << 30 : size_t{1} << 28;
  for (size_t align = sizeof(void*); align <= largest; align *= 2) {
    for (const size_t size : {size_t{1}, size_t{100}, size_t{5000}}) {
      void* posix = nullptr;
      ASSERT_EQ(posix_memalign(&posix, align, size), 0) << align;
      void* const iso = opaque(aligned_alloc(align, size));
      void* const old = opaque(memalign(align, size));
      for (void* ptr : {posix, iso, old}) {
        ASSERT_NE(ptr, nullptr) << align;
        ASSERT_TRUE(is_aligned_to(ptr, align)) << align;
        ASSERT_GE(malloc_usable_size(ptr), size);
        memset(ptr, 1, size);
      }
      free(old);
      free(posix);
      free(iso);
    }
  }
  malloc_trim(0);
}

// As glibc does not, and C23 leaves undefined: the block stays one, so that
// null always means failure.
TEST(c_names, realloc_to_nothing_keeps_a_block) {
  for (const size_t size : {1, 100, 5000, 300000}) {
    errno = 12345;
    void* const ptr = opaque(realloc(opaque(malloc(size)), opaque(size_t{0})));
    ASSERT_NE(ptr, nullptr) << size;
    EXPECT_EQ(errno, 12345);
    free(ptr);
  }
}

TEST(c_names, posix_memalign_returns_its_error) {
  void* const untouched = &errno;
  void* ptr = untouched;
  errno = 0;
  for (size_t align : {size_t{0}, size_t{1}, size_t{3}, sizeof(void*) / 2,
                       size_t{12}, size_t{24}, size_t{100}}) {
    EXPECT_EQ(posix_memalign(&ptr, opaque(align), 10), EINVAL) << align;
  }
  EXPECT_EQ(posix_memalign(&ptr, 16, opaque(SIZE_MAX - 100)), ENOMEM);
  EXPECT_EQ(ptr, untouched);
  EXPECT_EQ(errno, 0);
  for (size_t align = sizeof(void*); align <= size_t{1} << 22; align *= 2) {
    ASSERT_EQ(posix_memalign(&ptr, align, 10), 0);
    EXPECT_TRUE(is_aligned_to(ptr, align));
    free(ptr);
  }
}

TEST(c_names, bad_alignments_are_refused) {
  for (size_t align : {0, 3, 24, 100}) {
    errno = 0;
    EXPECT_EQ(opaque(aligned_alloc(opaque(align), 10)), nullptr);
    EXPECT_EQ(errno, EINVAL);
    errno = 0;
    EXPECT_EQ(opaque(memalign(opaque(align), 10)), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
}

TEST(c_names, valloc_and_pvalloc_give_pages) {
  void* ptr = valloc(10);
  EXPECT_TRUE(is_aligned_to(ptr, page_bytes));
  free(ptr);
  ptr = pvalloc(page_bytes + 1);
  EXPECT_TRUE(is_aligned_to(ptr, page_bytes));
  EXPECT_GE(malloc_usable_size(ptr), 2 * page_bytes);
  free(ptr);
}

TEST(c_names, zero_sizes_give_blocks) {
  for (void* ptr : {opaque(malloc(opaque(0))), opaque(calloc(0, opaque(10))),
                    opaque(realloc(opaque(malloc(10)), opaque(0))),
                    opaque(valloc(opaque(0)))}) {
    EXPECT_NE(ptr, nullptr);
    free(ptr);
  }
}

TEST(c_names, null_is_allowed) {
  const auto null = [] { return opaque(static_cast<void*>(nullptr)); };
  free(null());
  free_sized(null(), 10);
  free_aligned_sized(null(), 16, 10);
  EXPECT_EQ(malloc_usable_size(null()), 0u);
  void* const ptr = realloc(null(), 10);
  EXPECT_NE(ptr, nullptr);
  free(ptr);
}

TEST(c_names, free_and_success_leave_errno_alone) {
  errno = 12345;
  void* const small = opaque(malloc(10));
  void* const large = opaque(malloc(size_t{64} << 20));
  free(opaque(realloc(small, 100000)));
  free(large);
  malloc_trim(0);
  EXPECT_EQ(errno, 12345);
}

TEST(c_names, families_mix) {
  free_sized(malloc(100), 100);
  free_aligned_sized(aligned_alloc(256, 512), 256, 512);
  free(mote_alloc(100, 64));
  mote_free_sized(malloc(100), 100, 0);
  __libc_free(malloc(100));
  cfree(malloc(100));
  __libc_cfree(__libc_realloc(__libc_calloc(10, 10), 1000));
  free(__libc_valloc(10));
  free(__libc_pvalloc(10));
  free(__libc_malloc(100));
  void* const ptr = __libc_memalign(128, 10);
  EXPECT_TRUE(is_aligned_to(ptr, 128));
  free(reallocarray(ptr, 10, 10));
}

TEST(c_names, calloc_clears_used_memory) {
  for (size_t size : {1, 100, 300, 5000, 200000}) {
    void* const dirty = malloc(size);
    memset(dirty, 0xFF, size);
    free(dirty);
    auto* const clean = static_cast<unsigned char*>(calloc(size, 1));
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(clean[i], 0) << size;
    free(clean);
  }
}

TEST(c_names, malloc_trim_gives_the_tail_back) {
  // Not so large that they were between guard pages.
  void* blocks[4096];
  for (void*& block : blocks) {
    block = opaque(malloc(60'000));
    ASSERT_NE(block, nullptr);
  }
  for (void* block : blocks) free(block);
  EXPECT_EQ(malloc_trim(0), 1);
  EXPECT_EQ(malloc_trim(0), 0) << "nothing was left";
}

// 1 for what is so at any value, 0 for what is not done.
TEST(c_names, mallopt_tells_what_is_so) {
  EXPECT_EQ(mallopt(MOTE_DISCARD_DELAY, 250), profile.is_hardened ? 0 : 1);
  for (const int value : {0, 1, 8, 65536}) {
    EXPECT_EQ(mallopt(M_ARENA_MAX, value), 1);
    EXPECT_EQ(mallopt(M_ARENA_TEST, value), 1);
    EXPECT_EQ(mallopt(M_MMAP_MAX, value), 1);
    EXPECT_EQ(mallopt(M_MMAP_THRESHOLD, value), 0);
    EXPECT_EQ(mallopt(M_TRIM_THRESHOLD, value), 0);
    EXPECT_EQ(mallopt(M_TOP_PAD, value), 0);
    EXPECT_EQ(mallopt(M_PERTURB, value), 0);
    EXPECT_EQ(mallopt(M_CHECK_ACTION, value), 0);
    EXPECT_EQ(mallopt(M_MXFAST, value), 0);
    EXPECT_EQ(mallopt(M_NLBLKS, value), 0);
    EXPECT_EQ(mallopt(M_GRAIN, value), 0);
    EXPECT_EQ(mallopt(M_KEEP, value), 0);
    EXPECT_EQ(mallopt(0, value), 0) << "nobody's";
    EXPECT_EQ(mallopt(-9, value), 0) << "nobody's";
  }
}

// The trap's message, then SIGABRT; nothing else may happen before.
void free_interior(size_t size) {
  auto* const ptr = static_cast<char*>(malloc(size));
  free(opaque(ptr + 16));
}

void free_twice(size_t size) {
  void* const ptr = malloc(size);
  void* const again = opaque(ptr);
  void* const other = malloc(size);
  free(ptr);
  free(again);
  free(other);
}

TEST(bad_input_death, double_free) {
  for (size_t size : {1, 16, 100, 256, 300, 5000, 200000}) {
    EXPECT_EXIT(free_twice(size), testing::KilledBySignal(SIGABRT),
                "mote: double free")
        << size;
  }
}

// In a large block, what the program wrote stands where the header would: it
// may look like that of a block which is free already.
TEST(bad_input_death, interior_pointer) {
  for (size_t size : {32, 100, 256}) {
    EXPECT_EXIT(free_interior(size), testing::KilledBySignal(SIGABRT),
                "mote: invalid pointer")
        << size;
  }
  for (size_t size : {300, 5000, 200000}) {
    EXPECT_EXIT(free_interior(size), testing::KilledBySignal(SIGABRT),
                "mote: (invalid pointer|double free)")
        << size;
  }
}

TEST(bad_input_death, misaligned_pointer) {
  EXPECT_EXIT(free(opaque(static_cast<char*>(malloc(100)) + 1)),
              testing::KilledBySignal(SIGABRT), "mote: invalid pointer");
  EXPECT_EXIT(free(opaque(static_cast<char*>(malloc(1000)) + 8)),
              testing::KilledBySignal(SIGABRT), "mote: invalid pointer");
}

TEST(bad_input_death, foreign_pointer) {
  static char array[64];
  char local[64];
  EXPECT_EXIT(free(opaque(array + 16)), testing::KilledBySignal(SIGABRT),
              "mote: invalid pointer");
  EXPECT_EXIT(free(opaque(local + 16)), testing::KilledBySignal(SIGABRT),
              "mote: invalid pointer");
  EXPECT_EXIT(free(opaque(reinterpret_cast<void*>(16))),
              testing::KilledBySignal(SIGABRT), "mote: invalid pointer");
  EXPECT_EXIT(opaque(realloc(opaque(array + 16), 100)),
              testing::KilledBySignal(SIGABRT), "mote: invalid pointer");
}

}  // namespace
}  // namespace mote

#endif
