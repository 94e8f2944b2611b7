// The null allocator: every name that an entry or a C library may ask for, with
// nothing behind it. What a file weighs with it is all the rest, and an
// allocator costs what it adds to that.
//
// Nothing says that `memory` stays null: were that known, an optimiser that
// sees the whole module would leave out what callers do with a block (9 KB of
// SQLite).
typedef __SIZE_TYPE__ size_t;

static void* volatile memory;
static volatile int error;

void* malloc(size_t size) { return memory; }
void free(void* ptr) {}
void* realloc(void* ptr, size_t size) { return memory; }
void* calloc(size_t count, size_t size) { return memory; }
void* aligned_alloc(size_t align, size_t size) { return memory; }
void* memalign(size_t align, size_t size) { return memory; }
int posix_memalign(void** result, size_t align, size_t size) { return error; }
size_t malloc_usable_size(void* ptr) { return (size_t)memory; }

void* mote_alloc(size_t size, size_t align) { return memory; }
void mote_free_sized(void* ptr, size_t size, size_t align) {}
void* mote_realloc_sized(void* ptr, size_t old_size, size_t align,
                         size_t new_size) {
  return memory;
}
void* mote_zalloc(size_t size, size_t align) { return memory; }

// What the C libraries themselves call.
void* __libc_malloc(size_t size) { return memory; }
void __libc_free(void* ptr) {}
void* __libc_calloc(size_t count, size_t size) { return memory; }
void* __libc_realloc(void* ptr, size_t size) { return memory; }
void* __libc_memalign(size_t align, size_t size) { return memory; }
void* emscripten_builtin_malloc(size_t size) { return memory; }
void emscripten_builtin_free(void* ptr) {}
void* emscripten_builtin_memalign(size_t align, size_t size) { return memory; }
