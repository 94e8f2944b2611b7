// The benchmark's four names over an allocator with the C library's names.
// -DBENCH_MEMALIGN: over memalign, for one that leaves aligned_alloc to its C
// library (dlmalloc) or refuses sizes that the others take (emmalloc).
#define BENCH_NAMES_DEFINED
#include "names.hpp"

extern "C" {
BENCH_ALLOCATOR("malloc") void* malloc(size_t size);
BENCH_ALLOCATOR("free") void free(void* ptr);
BENCH_ALLOCATOR("realloc") void* realloc(void* ptr, size_t size);
#ifdef BENCH_MEMALIGN
BENCH_ALLOCATOR("memalign") void* memalign(size_t align, size_t size);
#else
BENCH_ALLOCATOR("aligned_alloc") void* aligned_alloc(size_t align, size_t size);
#endif

void* bench_malloc(size_t size) { return malloc(size); }
void bench_free(void* ptr, size_t, size_t) { free(ptr); }
void* bench_realloc(void* ptr, size_t, size_t, size_t new_size) {
  return realloc(ptr, new_size);
}
void* bench_aligned_alloc(size_t align, size_t size) {
#ifdef BENCH_MEMALIGN
  return memalign(align, size);
#else
  return aligned_alloc(align, size);
#endif
}
}
