// mote as the malloc of an Emscripten program, linked beside the default
// allocator or under -sMALLOC=none. Emscripten's own names are weak: one that
// is missing here would silently come from another allocator and corrupt both
// heaps, so all of them are here, and sbrk too, which -sMALLOC=none removes.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.hpp"
#include "inspect.hpp"
#include "malloc.hpp"
#include "profile.hpp"
#include "resize_heap.hpp"

namespace {

struct Errno {
  static constexpr int invalid_argument = EINVAL;
  static constexpr int out_of_memory = ENOMEM;
  static void set(int error) { errno = error; }
};

constinit mote::Heap<mote::profile, mote::ResizeHeap> heap;
struct C : mote::Malloc<heap, Errno>, mote::Inspection<heap> {};

}  // namespace

#include "c_names.inc"

extern "C" {

void* memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}

// What musl and Emscripten's runtime call, whoever provides malloc.

void* __libc_malloc(size_t size) { return C::malloc(size); }
void __libc_free(void* ptr) { C::free(ptr); }
void* __libc_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
void* __libc_realloc(void* ptr, size_t size) { return C::realloc(ptr, size); }

void* emscripten_builtin_malloc(size_t size) { return C::malloc(size); }
void emscripten_builtin_free(void* ptr) { C::free(ptr); }
void* emscripten_builtin_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
void* emscripten_builtin_realloc(void* ptr, size_t size) {
  return C::realloc(ptr, size);
}
void* emscripten_builtin_memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}

uintptr_t* emscripten_get_sbrk_ptr(void) {
  if (!mote::program_break)
    mote::program_break = reinterpret_cast<uintptr_t>(&__heap_base);
  return &mote::program_break;
}

// As Emscripten has it: in units of 4 bytes, and only upwards or by nothing.
void* sbrk(intptr_t increment) {
  uintptr_t size_bytes =
      (static_cast<uintptr_t>(increment) + 3) & ~uintptr_t{3};
  uintptr_t begin = mote::raise_break(size_bytes);
  if (begin) return reinterpret_cast<void*>(begin);
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

int brk(void* end) {
  uintptr_t wanted = reinterpret_cast<uintptr_t>(end);
  uintptr_t begin = *emscripten_get_sbrk_ptr();
  if (wanted >= begin && mote::raise_break(wanted - begin)) return 0;
  errno = ENOMEM;
  return -1;
}
}
