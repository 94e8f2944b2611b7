// What the hardened profile catches in wasm, by the function that traps;
// tests/faults/hardened_test.cpp has all of it, natively.
#include "mote/inspect.h"
#include "names.hpp"

#ifdef MOTE_PROFILE_HARDENED

namespace {

// In a slab, in the back heap, and there too large to wait.
constexpr size_t sizes[] = {1, 41, 200, 700, 5000};

char* allocate(size_t size) {
  auto* const ptr = opaque(static_cast<char*>(malloc(opaque(size))));
  fill(ptr, 0x55, size);
  return ptr;
}

template <size_t size>
void write_behind() {
  char* const ptr = allocate(size);
  ptr[size] ^= 1;
  free(opaque(ptr));
}
MOTE_TRAP_CASE(write_behind_small, "mote_trap_out_of_bounds") {
  write_behind<41>();
}
MOTE_TRAP_CASE(write_behind_full, "mote_trap_out_of_bounds") {
  write_behind<44>();
}
MOTE_TRAP_CASE(write_behind_large, "mote_trap_out_of_bounds") {
  write_behind<5000>();
}
MOTE_TRAP_CASE(write_behind_reallocated, "mote_trap_out_of_bounds") {
  char* const ptr = allocate(100);
  ptr[100] ^= 1;
  opaque(realloc(opaque(ptr), 300));
}

MOTE_TRAP_CASE(write_before, "mote_trap_out_of_bounds") {
  allocate(41);
  char* const ptr = allocate(41);
  ptr[-1] ^= 1;
  free(opaque(ptr));
}

MOTE_TRAP_CASE(write_before_the_first_of_a_slab, "mote_trap_out_of_bounds") {
  char* const ptr = allocate(41);
  ptr[-1] ^= 1;
  free(opaque(ptr));
}

template <size_t size, size_t offset>
void write_freed() {
  char* const ptr = allocate(size);
  free(ptr);
  opaque(ptr)[offset] ^= 1;
  for (int i = 0; i < 1000; ++i) allocate(size);
  for (int i = 0; i < 100; ++i) free(allocate(16));
}
MOTE_TRAP_CASE(write_after_free, "mote_trap_use_after_free") {
  char* blocks[100];
  for (char*& block : blocks) block = allocate(100);
  // Every second one, for memory of a slab that died is another's.
  for (int i = 0; i < 100; i += 2) free(blocks[i]);
  opaque(blocks[0])[99] ^= 1;
  for (int i = 0; i < 100; ++i) allocate(100);
}
MOTE_TRAP_CASE(write_after_free_while_it_waits, "mote_trap_use_after_free") {
  write_freed<700, 0>();
}

MOTE_TRAP_CASE(walk_sees_a_write_behind, "mote_trap_out_of_bounds") {
  char* const ptr = allocate(41);
  ptr[41] ^= 1;
  mote_walk(nullptr, 0);
}
MOTE_TRAP_CASE(walk_sees_a_write_after_free, "mote_trap_use_after_free") {
  char* const ptr = allocate(41);
  free(ptr);
  opaque(ptr)[20] ^= 1;
  mote_walk(nullptr, 0);
}

MOTE_TRAP_CASE(wrong_size, "mote_trap_mismatch") {
  free_sized(allocate(100), 101);
}
MOTE_TRAP_CASE(wrong_alignment, "mote_trap_mismatch") {
  free_aligned_sized(aligned_alloc(64, 128), 32, 128);
}
MOTE_TRAP_CASE(wrong_size_of_mote, "mote_trap_mismatch") {
  mote_free_sized(mote_alloc(100, 64), 100, 0);
}
MOTE_TRAP_CASE(wrong_old_size, "mote_trap_mismatch") {
  opaque(mote_realloc_sized(allocate(100), 99, 0, 200));
}

MOTE_TRAP_CASE(array_freed_as_an_object, "mote_trap_mismatch") {
  ::operator delete(opaque(::operator new[](100)));
}
MOTE_TRAP_CASE(object_freed_as_an_array, "mote_trap_mismatch") {
  ::operator delete[](opaque(::operator new(100)));
}
MOTE_TRAP_CASE(object_freed_by_c, "mote_trap_mismatch") {
  free(opaque(::operator new(100)));
}
MOTE_TRAP_CASE(object_of_another_size, "mote_trap_mismatch") {
  ::operator delete(opaque(::operator new(100)), size_t{99});
}

// A second free, as long as the block was not given out again.
MOTE_TRAP_CASE(double_free_after_other_traffic, "mote_trap_double_free") {
  char* const ptr = allocate(100);
  free(ptr);
  for (int i = 0; i < 1000; ++i) free(allocate(200));
  free(opaque(ptr));
}

MOTE_CASE(blocks_have_the_bytes_that_were_asked_for) {
  for (size_t size : sizes) {
    char* ptr = allocate(size);
    MOTE_CHECK(malloc_usable_size(ptr) == size);
    ptr = static_cast<char*>(realloc(ptr, size * 3));
    MOTE_CHECK(is_filled(ptr, 0x55, size));
    MOTE_CHECK(malloc_usable_size(ptr) == size * 3);
    fill(ptr, 0x66, size * 3);
    mote_walk(nullptr, 0);
    free_sized(ptr, size * 3);
  }
}

MOTE_CASE(freed_memory_is_clear) {
  for (size_t size : sizes) {
    if (size > 4096) continue;
    char* const ptr = allocate(size);
    free(ptr);
    MOTE_CHECK(is_filled(opaque(ptr), 0, size));
  }
}

#ifdef MOTE_CLEARS_FREED
// But for the links of a free block, and what is behind each payload.
constexpr size_t links_size = 2 * sizeof(void*);

MOTE_CASE(freed_memory_is_clear_however_large) {
  constexpr size_t large_sizes[] = {5000, 300000};
  for (size_t size : large_sizes) {
    char* const ptr = allocate(size);
    free(ptr);
    MOTE_CHECK(is_filled(opaque(ptr) + links_size, 0, size - links_size));
  }
}
MOTE_CASE(what_realloc_cuts_off_is_clear) {
  char* const ptr = allocate(50000);
  char* const rest = static_cast<char*>(realloc(ptr, 20000));
  MOTE_CHECK(is_filled(rest, 0x55, 20000));
  if (rest == ptr) {
    MOTE_CHECK(is_filled(opaque(ptr) + 20100, 0, 29000));
  } else {
    MOTE_CHECK(is_filled(opaque(ptr) + links_size, 0, 50000 - links_size));
  }
}
#endif

}  // namespace

#endif
