// What Emscripten's dlmalloc has beyond malloc.cpp, over public names only. A
// file of its own, so that a program that asks for none of it has none of it.
//
// Not here, and so a link error: malloc_footprint_limit and
// malloc_set_footprint_limit (-sMAXIMUM_MEMORY limits), malloc_inspect_all
// (mote_walk lists the heap), mspaces (mote::Heap instances).
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bits.hpp"
#include "mote/inspect.h"
#include "mote/mote.h"

namespace {

mote_statistics ask() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics;
}

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// Allocates one block of each size, cleared or not; all or none. The list of
// them is `list`, or, if that is null, a block of its own.
template <class SizeAt>
void** allocate_each(size_t count, void** list, bool is_cleared,
                     SizeAt size_at) {
  void** blocks = list;
  if (!blocks) blocks = static_cast<void**>(calloc(count, sizeof(void*)));
  if (!blocks) return nullptr;
  for (size_t i = 0; i < count; ++i) {
    blocks[i] = is_cleared ? calloc(1, size_at(i)) : malloc(size_at(i));
    if (blocks[i]) continue;
    while (i-- > 0) free(blocks[i]);
    if (!list) free(blocks);
    return nullptr;
  }
  return blocks;
}

}  // namespace

extern "C" {

// By the walk of mote_stats: O(slabs and blocks that are not in one), where
// dlmalloc reads a counter.
size_t malloc_footprint() { return ask().footprint_bytes; }
size_t malloc_max_footprint() { return ask().peak_footprint_bytes; }

// Its fields are ints in old Emscriptens and size_t in new ones.
struct mallinfo mallinfo() {
  using Field = decltype(mallinfo::arena);
  const mote_statistics s = ask();
  struct mallinfo info = {};
  info.arena = static_cast<Field>(s.footprint_bytes);
  info.ordblks = static_cast<Field>(s.free_count);
  info.usmblks = static_cast<Field>(s.peak_footprint_bytes);
  info.uordblks = static_cast<Field>(s.used_bytes);
  info.fordblks = static_cast<Field>(s.free_bytes);
  info.keepcost = static_cast<Field>(s.last_free_bytes);
  return info;
}

void malloc_stats() {
  const mote_statistics s = ask();
  fprintf(stderr, "max system bytes = %10zu\n", s.peak_footprint_bytes);
  fprintf(stderr, "system bytes     = %10zu\n", s.footprint_bytes);
  fprintf(stderr, "in use bytes     = %10zu\n", s.used_bytes);
}

// Memory of a module never shrinks, and there is nothing to tune: 0 says so.
int malloc_trim(size_t) { return 0; }
int mallopt(int, int) { return 0; }

// The block itself if it could be made that long where it is, else null.
void* realloc_in_place(void* ptr, size_t size) {
  return mote_try_expand(ptr, size) ? ptr : nullptr;
}

void* valloc(size_t size) { return aligned_alloc(page_bytes(), size); }

void* pvalloc(size_t size) {
  const size_t rounded = mote::align_up(size, page_bytes());
  if (rounded >= size) return aligned_alloc(page_bytes(), rounded);
  errno = ENOMEM;
  return nullptr;
}

// Blocks that may be freed one by one; on failure there are none, and null.
void** independent_calloc(size_t count, size_t size, void** list) {
  return allocate_each(count, list, true, [=](size_t) { return size; });
}
void** independent_comalloc(size_t count, size_t* sizes, void** list) {
  return allocate_each(count, list, false, [=](size_t i) { return sizes[i]; });
}

// Frees all of them that are not null, and clears the list. A pointer that is
// not a block traps, so none is left over.
size_t bulk_free(void** list, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    free(list[i]);
    list[i] = nullptr;
  }
  return 0;
}
}
