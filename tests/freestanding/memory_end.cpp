// Memory with a low maximum, and the highest there is.
#include "mote/inspect.h"
#include "names.hpp"

namespace {

size_t fill_all(Hoard& hoard) {
  constexpr size_t sizes[] = {5000, 100, 16};
  for (size_t size : sizes) {
    while (void* const ptr = malloc(size)) {
      fill(ptr, 0xCC, malloc_usable_size(ptr));
      hoard.add(ptr);
    }
  }
  return hoard.count();
}

void runs_dry_and_recovers() {
  Hoard hoard;
  const size_t count = fill_all(hoard);
  MOTE_CHECK(count > 0);
  MOTE_CHECK(!malloc(5000) && !calloc(1, 100'000) && !aligned_alloc(64, 5000));
  void* untouched = &hoard;
  MOTE_CHECK(posix_memalign(&untouched, 64, 5000) == 12);
  MOTE_CHECK(untouched == &hoard);
  hoard.free_all();
  for (int round = 0; round < 3; ++round) {
    MOTE_CHECK(fill_all(hoard) * 10 >= count * 9);
    hoard.free_all();
  }
  void* const ptr = malloc(20'000);
  MOTE_CHECK(ptr != nullptr);
  MOTE_CHECK(!realloc(ptr, 10'000'000));
  MOTE_CHECK(realloc(ptr, 10'000) != nullptr);
}

MOTE_CASE_MAX_PAGES(fixed_memory_runs_dry_and_recovers, MOTE_INITIAL_PAGES) {
  const size_t pages = page_count();
  runs_dry_and_recovers();
  MOTE_CHECK(page_count() == pages);
}

MOTE_CASE_MAX_PAGES(one_more_page_runs_dry_and_recovers,
                    MOTE_INITIAL_PAGES + 1) {
  runs_dry_and_recovers();
}

MOTE_CASE_MAX_PAGES(two_more_pages_run_dry_and_recover,
                    MOTE_INITIAL_PAGES + 2) {
  runs_dry_and_recovers();
}

MOTE_CASE_MAX_PAGES(refused_growth_keeps_what_is_there, 20) {
  void* const ptr = malloc(300);
  fill(ptr, 9, 300);
  const size_t pages = page_count();
  MOTE_CHECK(!malloc(20 * page_bytes));
  MOTE_CHECK(!realloc(ptr, 20 * page_bytes));
  MOTE_CHECK(page_count() == pages);
  MOTE_CHECK(is_filled(ptr, 9, 300));
  free(ptr);
  MOTE_CHECK(malloc(10 * page_bytes) != nullptr);
}

MOTE_CASE_MAX_PAGES(somebody_else_takes_the_last_pages, 24) {
  Hoard hoard;
  hoard.add(malloc(1000));
  while (grow_by(1) != SIZE_MAX) {
  }
  MOTE_CHECK(fill_all(hoard) > 0);
  hoard.free_all();
  MOTE_CHECK(malloc(5000) != nullptr);
}

// Up to the last byte of the address space: what lies behind it is address 0.
MOTE_CASE(all_of_4_GiB_can_be_had) {
  Hoard hoard;
  for (size_t size = 0x40000000; size >= page_bytes; size /= 2) {
    while (void* const ptr = malloc(opaque(size))) hoard.add(ptr);
  }
  MOTE_CHECK(page_count() == 65536);
  while (void* const ptr = malloc(opaque(size_t{5000}))) {
    MOTE_CHECK(address(ptr) > address(&__heap_base));
    hoard.add(ptr);
  }
  const size_t count = hoard.count();
  while (void* const ptr = malloc(opaque(size_t{8}))) hoard.add(ptr);
  MOTE_CHECK(hoard.count() - count < 200'000);
  hoard.free_all();
  MOTE_CHECK(malloc(opaque(0x80000000)) != nullptr);
}

// The largest block that can be had, when memory is as large as it gets.
size_t largest_size() {
  size_t size = 0;
  for (size_t bit = 0x80000000; bit; bit /= 2) {
    void* const ptr = malloc(opaque(size | bit));
    if (ptr) size |= bit;
    free(ptr);
  }
  return size;
}

MOTE_CASE(a_block_may_end_at_4_GiB) {
  // So large that what is left is no absurd size.
  void* const below = malloc(300'000);
  fill(below, 1, 300'000);
  // The memory grows to its end.
  void* const most = malloc(opaque(largest_size()));
  Hoard hoard;
  fill_all(hoard);
  MOTE_CHECK(page_count() == 65536);
  hoard.free_all();
  free(most);
  const size_t size = largest_size();
  char* const ptr = static_cast<char*>(malloc(opaque(size)));
  MOTE_CHECK(ptr && address(ptr) + size > page_count() * page_bytes - 64);
  fill(ptr + size - 5000, 2, 5000);
  MOTE_CHECK(malloc_usable_size(ptr) >= size);
  MOTE_CHECK(!malloc(opaque(size_t{100'000})) && !calloc(1, 100'000));
  MOTE_CHECK(!realloc(ptr, opaque(size + 1000)));
  mote_statistics statistics;
  mote_stats(&statistics);
  MOTE_CHECK(statistics.region_count == 1 && statistics.used_bytes > size);
  MOTE_CHECK(is_filled(ptr + size - 5000, 2, 5000));
  // Smaller in place, and what is behind it serves.
  MOTE_CHECK(realloc(ptr, opaque(size - 200'000)) == ptr);
  void* const behind = malloc(opaque(size_t{150'000}));
  MOTE_CHECK(address(behind) > address(ptr));
  free(behind);
  free(ptr);
  MOTE_CHECK(is_filled(below, 1, 300'000));
  MOTE_CHECK(largest_size() == size);
}

MOTE_CASE(half_the_address_space_is_one_block) {
  void* const ptr = malloc(opaque(0x80000000));
  MOTE_CHECK(ptr != nullptr);
  MOTE_CHECK(malloc_usable_size(ptr) >= 0x80000000);
  free(ptr);
  MOTE_CHECK(malloc(opaque(0x90000000)) == ptr);
}

MOTE_CASE(blocks_above_2_GiB_are_like_all_others) {
  void* const low = malloc(opaque(0x80000000));
  void* const high = malloc(1000);
  void* const small = malloc(48);
  MOTE_CHECK(low && address(high) > 0x80000000);
  MOTE_CHECK(small != nullptr);
  fill(high, 3, 1000);
  fill(small, 3, 48);
  free(low);
  void* const moved = realloc(high, 5000);
  MOTE_CHECK(is_filled(moved, 3, 1000));
  free(moved);
  free(small);
}

}  // namespace
