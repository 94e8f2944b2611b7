// The least that the other allocators need below them in a freestanding module:
// sbrk over memory.grow, errno, and the two copies. mote has its page source
// inside, so this counts for them as that does for mote.
typedef __SIZE_TYPE__ size_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __INTPTR_TYPE__ intptr_t;

static const size_t wasm_page_size = 65536;
extern char __heap_base;
static uintptr_t break_address;

int errno;  // wasi-libc's object names it so; Emscripten's are built without

void* sbrk(intptr_t increment) {
  uintptr_t begin = break_address ? break_address : (uintptr_t)&__heap_base;
  uintptr_t end = begin + (uintptr_t)increment;
  uintptr_t size = __builtin_wasm_memory_size(0) * wasm_page_size;
  if (end < begin) return (void*)-1;
  if (end > size) {
    size_t page_count = (end - size + wasm_page_size - 1) / wasm_page_size;
    if (__builtin_wasm_memory_grow(0, page_count) == (size_t)-1)
      return (void*)-1;
  }
  break_address = end;
  return (void*)begin;
}

void* memcpy(void* to, const void* from, size_t size) {
  return __builtin_memcpy(to, from, size);
}
void* memset(void* to, int value, size_t size) {
  return __builtin_memset(to, value, size);
}
