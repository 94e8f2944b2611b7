// What <emscripten/emmalloc.h> declares, over public names only; a file of its
// own, so that a program that asks for none of it has none of it.
//
// Not here, and so a link error: emmalloc_blank_slate_from_orbit,
// emmalloc_validate_memory_regions and the two emmalloc_dump_* functions.
#include <emscripten/emmalloc.h>
#include <emscripten/heap.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#include "mote/inspect.h"
#include "mote/mote.h"

extern "C" {

void* emmalloc_malloc(size_t size) { return malloc(size); }
void emmalloc_free(void* ptr) { free(ptr); }
void* emmalloc_calloc(size_t count, size_t size) { return calloc(count, size); }
void* emmalloc_realloc(void* ptr, size_t size) { return realloc(ptr, size); }
void* emmalloc_memalign(size_t align, size_t size) {
  return memalign(align, size);
}
int emmalloc_posix_memalign(void** result, size_t align, size_t size) {
  return posix_memalign(result, align, size);
}
size_t emmalloc_usable_size(void* ptr) { return malloc_usable_size(ptr); }

// In place or not at all; a size of 0 frees.
void* emmalloc_realloc_try(void* ptr, size_t size) {
  if (ptr && size == 0) {
    free(ptr);
    return nullptr;
  }
  return mote_try_expand(ptr, size) ? ptr : nullptr;
}

void* aligned_realloc(void* ptr, size_t align, size_t size) {
  return mote_realloc_sized(ptr, mote_usable_size(ptr), align, size);
}
void* emmalloc_aligned_realloc(void* ptr, size_t align, size_t size) {
  return aligned_realloc(ptr, align, size);
}

// The contents may be lost; that nothing is copied is all that is gained.
void* emmalloc_aligned_realloc_uninitialized(void* ptr, size_t align,
                                             size_t size) {
  if (mote_try_expand(ptr, size)) return ptr;
  void* moved = mote_alloc(size, align);
  if (moved) free(ptr);
  return moved;
}
void* emmalloc_realloc_uninitialized(void* ptr, size_t size) {
  return emmalloc_aligned_realloc_uninitialized(ptr, 0, size);
}

struct mallinfo emmalloc_mallinfo() { return mallinfo(); }
int emmalloc_trim(size_t pad) { return malloc_trim(pad); }

// By the walk of mote_stats: O(slabs and blocks that are not in one).
size_t emmalloc_dynamic_heap_size() {
  return static_cast<size_t>(mallinfo().arena);
}
size_t emmalloc_free_dynamic_memory() {
  return static_cast<size_t>(mallinfo().fordblks);
}

// O(1).
size_t emmalloc_unclaimed_heap_memory() {
  return emscripten_get_heap_max() - *emscripten_get_sbrk_ptr();
}

// How many free blocks have 2^i to 2^(i+1) - 1 bytes, for i below 32; how many
// there are in all.
size_t emmalloc_compute_free_dynamic_memory_fragmentation_map(size_t map[32]) {
  mote_statistics s;
  mote_stats(&s);
  for (size_t i = 0; i < 32; ++i) map[i] = s.by_size[i].free_count;
  return s.free_count;
}
}
