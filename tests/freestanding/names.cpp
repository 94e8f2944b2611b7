// The exported names of a module without a C library.
#include "names.hpp"

namespace {

constexpr size_t sizes[] = {0,   1,   8,   15,   16,   17,    100,
                            255, 256, 257, 1000, 4096, 65520, 200'000};

MOTE_CASE(blocks_are_aligned_apart_and_long_enough) {
  void* blocks[14];
  for (size_t i = 0; i < 14; ++i) {
    blocks[i] = malloc(sizes[i]);
    MOTE_CHECK(blocks[i] != nullptr);
    MOTE_CHECK(address(blocks[i]) % MOTE_ALIGNMENT == 0);
    MOTE_CHECK(malloc_usable_size(blocks[i]) >= sizes[i]);
    fill(blocks[i], static_cast<unsigned char>(i), sizes[i]);
  }
  for (size_t i = 0; i < 14; ++i) {
    MOTE_CHECK(is_filled(blocks[i], static_cast<unsigned char>(i), sizes[i]));
    free(blocks[i]);
  }
}

MOTE_CASE(null_is_freed_and_has_no_size) {
  free(nullptr);
  mote_free_sized(nullptr, 10, 8);
  MOTE_CHECK(malloc_usable_size(nullptr) == 0);
  MOTE_CHECK(mote_usable_size(nullptr) == 0);
  MOTE_CHECK(mote_try_expand(nullptr, 0) == 0);
}

MOTE_CASE(blocks_are_freed_by_size_and_alignment) {
  free_sized(nullptr, 10);
  free_aligned_sized(nullptr, 64, 10);
  void* const first = malloc(5000);
  free_sized(first, 5000);
  MOTE_CHECK(malloc(5000) == first);
  free_aligned_sized(first, MOTE_ALIGNMENT, 5000);
  MOTE_CHECK(malloc(5000) == first);
}

MOTE_CASE(the_first_blocks_come_from_what_the_linker_left) {
  const size_t pages = page_count();
  void* const ptr = malloc(100);
  MOTE_CHECK(ptr > &__heap_base && ptr < &__heap_end);
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE(memory_grows_when_it_must_and_extends) {
  char* const first = static_cast<char*>(malloc(100'000));
  const size_t pages = page_count();
  char* const second = static_cast<char*>(malloc(1'000'000));
  MOTE_CHECK(page_count() > pages);
  MOTE_CHECK(second > first && second < first + 200'000);
  free(first);
  free(second);
  const size_t grown = page_count();
  MOTE_CHECK(malloc(1'090'000) == first);
  MOTE_CHECK(page_count() == grown);
}

MOTE_CASE(calloc_clears_memory_that_was_used) {
  for (size_t size : sizes) {
    void* const dirty = malloc(size);
    fill(dirty, 0xFF, malloc_usable_size(dirty));
    free(dirty);
    void* const ptr = calloc(size, 1);
    MOTE_CHECK(is_filled(ptr, 0, size));
    fill(ptr, 0xFF, size);
    free(ptr);
    void* const zeroed = mote_zalloc(size, 64);
    MOTE_CHECK(is_filled(zeroed, 0, size));
    free(zeroed);
  }
}

MOTE_CASE(calloc_refuses_products_that_overflow) {
  const size_t pages = page_count();
  MOTE_CHECK(!calloc(0x10000, 0x10000));
  MOTE_CHECK(!calloc(0x80000000, 2));
  MOTE_CHECK(!calloc(SIZE_MAX, SIZE_MAX));
  MOTE_CHECK(!calloc(0x10001, 0x10000));
  MOTE_CHECK(!calloc(3, 0x55555556));
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE(impossible_sizes_are_null_and_grow_nothing) {
  void* const ptr = malloc(10);
  const size_t pages = page_count();
  for (size_t k = 0; k <= 65536; ++k) {
    MOTE_CHECK(!malloc(opaque(SIZE_MAX - k)));
    MOTE_CHECK(!realloc(ptr, opaque(SIZE_MAX - k)));
    MOTE_CHECK(!calloc(1, opaque(SIZE_MAX - k)));
    MOTE_CHECK(!aligned_alloc(64, opaque(SIZE_MAX - k)));
    MOTE_CHECK(!mote_alloc(opaque(SIZE_MAX - k), 0));
    MOTE_CHECK(!mote_try_expand(ptr, opaque(SIZE_MAX - k)));
  }
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE_MAX_PAGES(absurd_alignments_are_refused_and_grow_nothing, 1000) {
  void* const mark = malloc(10);
  const size_t pages = page_count();
  void* result = mark;
  constexpr size_t aligns[] = {0, 3, 24, SIZE_MAX};
  for (size_t align : aligns) {
    MOTE_CHECK(!aligned_alloc(align, 10));
    MOTE_CHECK(posix_memalign(&result, align, 10) == 22);
  }
  MOTE_CHECK(posix_memalign(&result, 2, 10) == 22);
  MOTE_CHECK(!mote_alloc(10, 3) && !mote_zalloc(10, 3));
  MOTE_CHECK(!mote_realloc_sized(mark, 10, 3, 20));
  MOTE_CHECK(!aligned_alloc(0x80000000, 10));
  MOTE_CHECK(!aligned_alloc(0x80000000, 0x80000000));
  MOTE_CHECK(!aligned_alloc(0x80000000, 0x7FFFFFFF));
  MOTE_CHECK(!aligned_alloc(0x40000000, 0xC0000000));
  MOTE_CHECK(posix_memalign(&result, 0x80000000, 10) == 12);
  MOTE_CHECK(result == mark);
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE(every_alignment_is_kept) {
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t size : sizes) {
      void* const ptr = aligned_alloc(align, size);
      MOTE_CHECK(ptr && address(ptr) % align == 0);
      fill(ptr, 1, size);
      void* moved = mote_realloc_sized(ptr, size, align, 2 * size + 20);
      MOTE_CHECK(moved && address(moved) % align == 0);
      MOTE_CHECK(is_filled(moved, 1, size));
      free(moved);
    }
  }
}

MOTE_CASE(alignment_0_is_the_heaps_own) {
  for (size_t size : sizes) {
    void* ptr = mote_alloc(size, 0);
    MOTE_CHECK(ptr && address(ptr) % MOTE_ALIGNMENT == 0);
    ptr = mote_realloc_sized(ptr, size, 0, size + 300);
    MOTE_CHECK(ptr);
    mote_free_sized(ptr, size + 300, 0);
  }
}

MOTE_CASE(realloc_keeps_contents) {
  for (size_t from : sizes) {
    for (size_t to : sizes) {
      void* const ptr = malloc(from);
      fill(ptr, 0x5A, from);
      void* const moved = realloc(ptr, to);
      MOTE_CHECK(moved && malloc_usable_size(moved) >= to);
      MOTE_CHECK(is_filled(moved, 0x5A, from < to ? from : to));
      free(moved);
    }
  }
  void* const fresh = realloc(nullptr, 50);
  MOTE_CHECK(fresh != nullptr);
  void* const least = realloc(fresh, 0);
  MOTE_CHECK(least != nullptr);
  free(least);
}

MOTE_CASE(a_growing_block_grows_in_place) {
  char* ptr = static_cast<char*>(malloc(10'000));
  for (size_t size = 10'000; size < 3'000'000; size += 10'000) {
    ptr = static_cast<char*>(realloc(ptr, size));
    MOTE_CHECK(ptr != nullptr);
  }
  MOTE_CHECK(page_count() < 2 * 3'000'000 / page_bytes + 20);
}

MOTE_CASE(try_expand_never_moves) {
  void* const ptr = mote_alloc(1000, 8);
  MOTE_CHECK(mote_try_expand(ptr, mote_usable_size(ptr)));
  MOTE_CHECK(mote_usable_size(ptr) >= 1000);
  malloc(1);
  malloc(1000);
  MOTE_CHECK(!mote_try_expand(ptr, 1'000'000));
  MOTE_CHECK(mote_usable_size(ptr) < 2000);
}

MOTE_CASE(foreign_growth_in_between_is_tolerated) {
  Hoard hoard;
  for (int i = 0; i < 20; ++i) {
    void* const ptr = malloc(150'000);
    MOTE_CHECK(ptr != nullptr);
    fill(ptr, 0x77, 150'000);
    hoard.add(ptr);
    const size_t theirs = grow_by(1) * page_bytes;
    fill(reinterpret_cast<void*>(theirs), 0xEE, page_bytes);
    void* const small = malloc(60);
    MOTE_CHECK(small != nullptr);
    hoard.add(small);
    MOTE_CHECK(is_filled(reinterpret_cast<void*>(theirs), 0xEE, page_bytes));
  }
  hoard.free_all();
  const size_t pages = page_count();
  for (int i = 0; i < 20; ++i) hoard.add(malloc(150'000));
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE(foreign_growth_before_the_first_block_is_tolerated) {
  grow_by(3);
  void* const ptr = malloc(3'000'000);
  MOTE_CHECK(ptr != nullptr);
  fill(ptr, 1, 3'000'000);
  free(ptr);
}

MOTE_CASE(two_large_blocks_again_and_again_grow_nothing) {
  size_t pages = 0;
  for (int i = 0; i < 100'000; ++i) {
    void* const first = malloc(85'196);
    void* const second = malloc(80'000);
    MOTE_CHECK(first && second);
    free(first);
    free(second);
    if (i == 2) pages = page_count();
  }
  MOTE_CHECK(page_count() == pages);
}

}  // namespace
