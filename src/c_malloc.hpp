// The C library's malloc as an allocator: whichever the program is linked with.
// Needs the C library, unlike the core.
//
// Alignments above malloc's own are made here, with `align` bytes more and the
// block's beginning kept in front: aligned_alloc is missing on Windows, and its
// blocks cannot be reallocated anywhere. Complexity and threads: malloc's.
#pragma once

#include <stddef.h>
#include <stdlib.h>

#include "allocator.hpp"
#include "bits.hpp"

namespace mote {

struct CMalloc {
  static void* allocate(size_t size, size_t align) {
    if (is_ordinary(align)) return malloc(size + !size);
    size_t whole_size;
    if (__builtin_add_overflow(size, align, &whole_size)) return nullptr;
    void* whole = malloc(whole_size);
    if (!whole) return nullptr;
    // As `align` is larger than malloc's, at least a pointer's room.
    size_t gap = align - (address_of(whole) & (align - 1));
    auto* block = reinterpret_cast<void**>(static_cast<char*>(whole) + gap);
    block[-1] = whole;
    return static_cast<void*>(block);
  }

  static void free(void* ptr, size_t, size_t align) {
    ::free(!ptr || is_ordinary(align) ? ptr : static_cast<void**>(ptr)[-1]);
  }

  static void* reallocate(void* ptr, size_t old_size, size_t align,
                          size_t size) {
    if (is_ordinary(align)) return realloc(ptr, size + !size);
    CMalloc self;
    return reallocate_elsewhere(self, ptr, old_size, align, size);
  }

 private:
  static bool is_ordinary(size_t align) {
    return align <= alignof(max_align_t);
  }
};

static_assert(Allocator<CMalloc>);

}  // namespace mote
