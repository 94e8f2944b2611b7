// Tells the page each call of malloc and its kin. For any module with a C
// library, beside mote: link it with -Wl,--wrap=NAME for the names below.
#include <stddef.h>

// `kind`: of the trace format. `old`: of realloc. A null `ptr`: refused.
__attribute__((import_module("mote"), import_name("event"))) void mote_event(
    int kind, void* old, void* ptr, size_t size, size_t align);

enum { allocate = 1, allocate_zeroed, free_block, reallocate };

void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* ptr, size_t size);
void* __real_aligned_alloc(size_t align, size_t size);
void __real_free(void* ptr);

void* __wrap_malloc(size_t size) {
  void* ptr = __real_malloc(size);
  mote_event(allocate, NULL, ptr, size, 0);
  return ptr;
}
void* __wrap_calloc(size_t count, size_t size) {
  void* ptr = __real_calloc(count, size);
  mote_event(allocate_zeroed, NULL, ptr, ptr ? count * size : size, 0);
  return ptr;
}
void* __wrap_realloc(void* old, size_t size) {
  void* ptr = __real_realloc(old, size);
  mote_event(reallocate, old, ptr, size, 0);
  return ptr;
}
void* __wrap_aligned_alloc(size_t align, size_t size) {
  void* ptr = __real_aligned_alloc(align, size);
  mote_event(allocate, NULL, ptr, size, align);
  return ptr;
}
void __wrap_free(void* ptr) {
  if (ptr) mote_event(free_block, ptr, NULL, 0, 0);
  __real_free(ptr);
}
