// Each case breaks a rule and must stop the module in the function that is
// named after the rule.
#include "names.hpp"

namespace {

alignas(64) char some_static_bytes[256];

struct FreeLinks {
  void* next;
  size_t back;
};

// Double frees. 64 bytes come from a slab where there are slabs, 5000 never.

template <size_t size>
void free_twice() {
  void* const ptr = malloc(size);
  malloc(size);
  free(ptr);
  free(opaque(ptr));
}
MOTE_TRAP_CASE(small_double_free, "mote_trap_double_free") { free_twice<64>(); }
MOTE_TRAP_CASE(large_double_free, "mote_trap_double_free") {
  free_twice<5000>();
}

template <size_t size>
void free_twice_at_the_end() {
  void* const ptr = malloc(size);
  free(ptr);
  free(opaque(ptr));
}
MOTE_TRAP_CASE(small_double_free_at_the_end, "mote_trap_double_free") {
  free_twice_at_the_end<64>();
}
MOTE_TRAP_CASE(large_double_free_at_the_end, "mote_trap_double_free") {
  free_twice_at_the_end<5000>();
}

template <size_t size>
void free_twice_with_others_between() {
  void* blocks[8];
  for (void*& block : blocks) block = malloc(size);
  constexpr int order[] = {3, 1, 5, 4, 2};
  for (int i : order) free(blocks[i]);
  malloc(20'000);
  free(opaque(blocks[3]));
}
MOTE_TRAP_CASE(small_double_free_later, "mote_trap_double_free") {
  free_twice_with_others_between<64>();
}
MOTE_TRAP_CASE(large_double_free_later, "mote_trap_double_free") {
  free_twice_with_others_between<5000>();
}

template <size_t size>
void free_twice_behind_a_free_one() {
  void* const below = malloc(size);
  void* const ptr = malloc(size);
  malloc(size);
  free(below);
  free(ptr);
  free(opaque(ptr));
}
MOTE_TRAP_CASE(small_double_free_behind_a_free_one, "mote_trap_double_free") {
  free_twice_behind_a_free_one<64>();
}
MOTE_TRAP_CASE(large_double_free_behind_a_free_one, "mote_trap_double_free") {
  free_twice_behind_a_free_one<5000>();
}

template <size_t size>
void free_twice_between_free_ones() {
  void* const below = malloc(size);
  void* const ptr = malloc(size);
  void* const above = malloc(size);
  malloc(size);
  free(below);
  free(above);
  free(ptr);
  free(opaque(ptr));
}
MOTE_TRAP_CASE(large_double_free_between_free_ones, "mote_trap_double_free") {
  free_twice_between_free_ones<5000>();
}
MOTE_TRAP_CASE(small_double_free_between_free_ones, "mote_trap_double_free") {
  free_twice_between_free_ones<64>();
}

MOTE_TRAP_CASE(sized_double_free, "mote_trap_double_free") {
  void* const ptr = mote_alloc(64, 8);
  mote_free_sized(ptr, 64, 8);
  mote_free_sized(opaque(ptr), 64, 8);
}
MOTE_TRAP_CASE(realloc_of_a_free_block, "mote_trap_double_free") {
  void* const ptr = malloc(5000);
  malloc(5000);
  free(ptr);
  realloc(opaque(ptr), 6000);
}
MOTE_TRAP_CASE(realloc_of_a_free_small_block, "mote_trap_double_free") {
  void* const ptr = malloc(64);
  malloc(64);
  free(ptr);
  realloc(opaque(ptr), 6000);
}

// Pointers that no allocation returned.

MOTE_TRAP_CASE(free_of_static_memory, "mote_trap_invalid_pointer") {
  malloc(64);
  free(opaque(some_static_bytes + 64));
}
MOTE_TRAP_CASE(free_of_stack_memory, "mote_trap_invalid_pointer") {
  alignas(64) char bytes[256];
  fill(bytes, 0, sizeof bytes);
  malloc(64);
  free(opaque(bytes + 64));
}
MOTE_TRAP_CASE(free_before_any_allocation, "mote_trap_invalid_pointer") {
  free(opaque(some_static_bytes + 64));
}
MOTE_TRAP_CASE(free_of_the_lowest_addresses, "mote_trap_invalid_pointer") {
  malloc(64);
  free(opaque(reinterpret_cast<void*>(64)));
}
MOTE_TRAP_CASE(free_of_the_highest_address, "mote_trap_invalid_pointer") {
  malloc(64);
  free(opaque(reinterpret_cast<void*>(SIZE_MAX - 15)));
}
MOTE_TRAP_CASE(free_of_memory_beyond_the_heap, "mote_trap_invalid_pointer") {
  malloc(64);
  free(opaque(reinterpret_cast<void*>(page_count() * page_bytes)));
}
MOTE_TRAP_CASE(free_of_a_foreign_page, "mote_trap_invalid_pointer") {
  malloc(64);
  char* const theirs = reinterpret_cast<char*>(grow_by(1) * page_bytes);
  malloc(100'000);
  free(opaque(theirs + 1024));
}

template <size_t size, size_t offset>
void free_inside() {
  char* const ptr = static_cast<char*>(malloc(size));
  fill(ptr, 0, size);
  malloc(size);
  free(opaque(ptr + offset));
}
MOTE_TRAP_CASE(free_inside_a_small_block, "mote_trap_invalid_pointer") {
  free_inside<128, 16>();
}
#if !defined(MOTE_PROFILE_TINY) && !defined(MOTE_PROFILE_HARDENED)
MOTE_TRAP_CASE(free_behind_the_last_block, "mote_trap_invalid_pointer") {
  char* const ptr = static_cast<char*>(malloc(48));
  constexpr size_t slab_size = 4096;
  constexpr size_t own_bytes = 2 * sizeof(size_t);  // a count, the next header
  free(opaque(ptr - address(ptr) % slab_size +
              (slab_size - own_bytes) / 48 * 48));
}
#endif
MOTE_TRAP_CASE(free_inside_a_large_block, "mote_trap_invalid_pointer") {
  free_inside<5000, 64>();
}
MOTE_TRAP_CASE(free_off_alignment_small, "mote_trap_invalid_pointer") {
  free_inside<128, 4>();
}
MOTE_TRAP_CASE(free_off_alignment_large, "mote_trap_invalid_pointer") {
  free_inside<5000, 4>();
}
MOTE_TRAP_CASE(free_off_by_one_small, "mote_trap_invalid_pointer") {
  free_inside<128, 1>();
}
MOTE_TRAP_CASE(free_off_by_one_large, "mote_trap_invalid_pointer") {
  free_inside<5000, 1>();
}

// Small numbers are the commonest words of all: 4 is the flag of a block in
// use, of size 0; 12, where blocks are aligned to 8, one of size 8. None is so
// small.
template <size_t word>
void free_behind_a_small_word() {
  char* const ptr = static_cast<char*>(calloc(5000, 1));
  opaque(reinterpret_cast<size_t*>(ptr + 64))[-1] = word;
  free(opaque(ptr + 64));
}
MOTE_TRAP_CASE(a_word_of_4_is_no_header, "mote_trap_invalid_pointer") {
  free_behind_a_small_word<4>();
}
MOTE_TRAP_CASE(a_word_of_12_is_no_header, "mote_trap_invalid_pointer") {
  free_behind_a_small_word<12>();
}

MOTE_TRAP_CASE(realloc_inside_a_large_block, "mote_trap_invalid_pointer") {
  char* const ptr = static_cast<char*>(calloc(5000, 1));
  realloc(opaque(ptr + 64), 100);
}
MOTE_TRAP_CASE(usable_size_of_static_memory, "mote_trap_invalid_pointer") {
  malloc(64);
  malloc_usable_size(opaque(some_static_bytes + 64));
}

// Data of the heap's own that was overwritten.

MOTE_TRAP_CASE(overwritten_header, "mote_trap_invalid_pointer") {
  char* const ptr = static_cast<char*>(malloc(5000));
  malloc(64);
  fill(opaque(ptr - sizeof(size_t)), 0, sizeof(size_t));
  free(ptr);
}

// A block in use that ends beyond memory: it is the engine that stops free.
MOTE_TRAP_CASE(overwritten_header_beyond_memory, "free") {
  char* const ptr = static_cast<char*>(malloc(5000));
  malloc(64);
  fill(opaque(ptr - sizeof(size_t)), 'D', sizeof(size_t));
  free(ptr);
}

#ifndef MOTE_PROFILE_TINY
// One that ends beyond all addresses, and so again before it.
MOTE_TRAP_CASE(overwritten_header_of_all_addresses,
               "mote_trap_invalid_pointer") {
  char* const ptr = static_cast<char*>(malloc(5000));
  malloc(64);
  constexpr size_t is_used = 4;
  *opaque(reinterpret_cast<size_t*>(ptr) - 1) = size_t{0} - 4096 + is_used;
  free(ptr);
}
#endif

#ifdef MOTE_PROFILE_STANDARD
template <size_t garbage>
void follow_an_overwritten_link() {
  void* const ptr = malloc(64);
  malloc(64);
  free(ptr);
  opaque(static_cast<FreeLinks*>(ptr))->next = reinterpret_cast<void*>(garbage);
  for (int i = 0; i < 3; ++i) malloc(64);
}
MOTE_TRAP_CASE(overwritten_link_low, "mote_trap_corrupted_heap") {
  follow_an_overwritten_link<64>();
}
// Here it is the engine that stops malloc.
MOTE_TRAP_CASE(overwritten_link_beyond_memory, "malloc") {
  follow_an_overwritten_link<0x41414140>();
}
MOTE_TRAP_CASE(link_into_another_class, "mote_trap_corrupted_heap") {
  void* const ptr = malloc(64);
  void* const other = malloc(128);
  free(ptr);
  opaque(static_cast<FreeLinks*>(ptr))->next = other;
  for (int i = 0; i < 3; ++i) malloc(64);
}
#endif

#ifndef MOTE_PROFILE_HARDENED  // there a block is not served again at once

// No rule is broken here.

MOTE_CASE(contents_that_look_like_links_are_freed) {
  constexpr size_t sizes[] = {16, 64, 256, 5000};
  for (size_t size : sizes) {
    char* const ptr = static_cast<char*>(malloc(size));
    char* const other = static_cast<char*>(calloc(size, 1));
    const size_t words[] = {0,
                            SIZE_MAX,
                            15,
                            address(ptr),
                            address(ptr) - 1,
                            address(other),
                            address(other) - 1,
                            address(some_static_bytes) - 1};
    for (size_t next : words) {
      for (size_t back : words) {
        if (next == address(ptr) && back == address(ptr) - 1) continue;
        auto* const links = opaque(reinterpret_cast<FreeLinks*>(ptr));
        links->next = reinterpret_cast<void*>(next);
        links->back = back;
        free(ptr);
        MOTE_CHECK(malloc(size) == ptr);
      }
    }
  }
}

#endif

}  // namespace
