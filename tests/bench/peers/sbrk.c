/* The least an sbrk can be: exact growth from __heap_base on. Stands in for
 * the JavaScript of Emscripten and for wasi-libc's, whose sbrk only moves by
 * whole pages but wastes nothing either. */
#include <stddef.h>
#include <stdint.h>

extern char __heap_base;
static char* break_address = &__heap_base;

void* sbrk(intptr_t increment) {
  uintptr_t old_break = (uintptr_t)break_address;
  uintptr_t new_break = old_break + (uintptr_t)increment;
  uintptr_t memory_end = __builtin_wasm_memory_size(0) << 16;
  if (increment > 0 && new_break < old_break) return (void*)-1;
  if (new_break > memory_end) {
    size_t page_count = (new_break - memory_end + 65535) >> 16;
    if (__builtin_wasm_memory_grow(0, page_count) == (size_t)-1) {
      return (void*)-1;
    }
  }
  break_address = (char*)new_break;
  return (void*)old_break;
}
