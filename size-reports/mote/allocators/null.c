// The baseline: every name that an entry may ask for, with nothing behind it.
// What this module weighs is header, types, exports and memory; an allocator
// costs what it adds to that.
typedef __SIZE_TYPE__ size_t;

void* malloc(size_t size) { return 0; }
void free(void* ptr) {}
void* realloc(void* ptr, size_t size) { return 0; }
void* calloc(size_t count, size_t size) { return 0; }
void* aligned_alloc(size_t align, size_t size) { return 0; }
int posix_memalign(void** result, size_t align, size_t size) { return 12; }
size_t malloc_usable_size(void* ptr) { return 0; }
void* mote_alloc(size_t size, size_t align) { return 0; }
void mote_free_sized(void* ptr, size_t size, size_t align) {}
void* mote_realloc_sized(void* ptr, size_t old_size, size_t align,
                         size_t new_size) {
  return 0;
}
void* mote_zalloc(size_t size, size_t align) { return 0; }
