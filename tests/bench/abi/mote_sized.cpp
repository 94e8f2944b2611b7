// The benchmark's four names over mote's size-aware calls, as Rust and Zig use
// them: the heap is told the size of what it frees. 8 is the alignment of an
// ordinary type there.
#define BENCH_NAMES_DEFINED
#include "names.hpp"

extern "C" {
void* mote_alloc(size_t size, size_t align);
void mote_free_sized(void* ptr, size_t size, size_t align);
void* mote_realloc_sized(void* ptr, size_t old_size, size_t align,
                         size_t new_size);

void* bench_malloc(size_t size) { return mote_alloc(size, 8); }
void bench_free(void* ptr, size_t size, size_t align) {
  mote_free_sized(ptr, size, align ? align : 8);
}
void* bench_realloc(void* ptr, size_t old_size, size_t align, size_t new_size) {
  return mote_realloc_sized(ptr, old_size, align ? align : 8, new_size);
}
void* bench_aligned_alloc(size_t align, size_t size) {
  return mote_alloc(size, align);
}
}
