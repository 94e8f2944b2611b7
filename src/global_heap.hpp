// The program's mote as an allocator: the heap behind malloc, through mote.h.
// Has no state of its own. Complexity and threads: those of mote.h.
#pragma once

#include <stddef.h>

#include "allocator.hpp"
#include "mote/mote.h"

namespace mote {

struct GlobalHeap {
  static void* allocate(size_t size, size_t align) {
    return mote_alloc(size, align);
  }
  static void free(void* ptr, size_t size, size_t align) {
    mote_free_sized(ptr, size, align);
  }
  static void* reallocate(void* ptr, size_t old_size, size_t align,
                          size_t size) {
    return mote_realloc_sized(ptr, old_size, align, size);
  }
};

static_assert(Allocator<GlobalHeap>);

}  // namespace mote
