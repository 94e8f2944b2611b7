// mote as the malloc of a Windows program, linked into it: the program's own
// code and the static C++ library then call these, not the C runtime's DLL.
//
// The DLL keeps a heap of its own for what it allocates itself. The calls whose
// result the program frees are here too (strdup); the ones that are not
// (getcwd, fullpath, tempnam with a null buffer) must be given a buffer.
#include <stddef.h>

#include "errno.hpp"
#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "locked_heap.hpp"
#include "malloc.hpp"
#include "profile.hpp"
#include "srw_lock.hpp"
#include "virtual_alloc.hpp"

namespace {

constinit mote::HeapFor<mote::profile, mote::VirtualAllocPages,
                        mote::Locked<mote::SrwLock>>
    heap;
struct C : mote::Malloc<heap, mote::Errno>, mote::Inspection<heap> {};

void* out_of_memory() {
  mote::Errno::set(mote::Errno::out_of_memory);
  return nullptr;
}

// What grew of a block reads as zero.
void* resized(void* ptr, size_t count, size_t size, size_t align) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return out_of_memory();
  const size_t old_size = C::malloc_usable_size(ptr);
  auto* block =
      static_cast<char*>(C::realloc_sized(ptr, mote::untold, align, total));
  if (block == nullptr) return out_of_memory();
  if (total > old_size) __builtin_memset(block + old_size, 0, total - old_size);
  return block;
}

template <class Char>
Char* duplicate(const Char* text) {
  size_t length = 0;
  while (text[length] != 0) ++length;
  const size_t size = (length + 1) * sizeof(Char);
  void* const block = C::malloc(size);
  return static_cast<Char*>(block ? __builtin_memcpy(block, text, size)
                                  : nullptr);
}

}  // namespace

// The C runtime's headers say that these come from its DLL; now they do not.
#pragma GCC diagnostic ignored "-Wattributes"

#include "c_names.inc"
#include "operator_calls.inc"

extern "C" {

size_t _msize(void* ptr) { return C::malloc_usable_size(ptr); }

void* _expand(void* ptr, size_t size) {
  return C::try_expand(ptr, size) ? ptr : nullptr;
}

void* _recalloc(void* ptr, size_t count, size_t size) {
  return resized(ptr, count, size, 1);
}

void* _aligned_malloc(size_t size, size_t align) {
  return C::aligned_alloc(align, size);
}

void _aligned_free(void* ptr) { C::free(ptr); }

void* _aligned_realloc(void* ptr, size_t size, size_t align) {
  void* const block = C::realloc_sized(ptr, mote::untold, align, size);
  return block ? block : out_of_memory();
}

void* _aligned_recalloc(void* ptr, size_t count, size_t size, size_t align) {
  return resized(ptr, count, size, align);
}

size_t _aligned_msize(void* ptr, size_t, size_t) {
  return C::malloc_usable_size(ptr);
}

char* strdup(const char* text) { return duplicate(text); }
char* _strdup(const char* text) { return duplicate(text); }
wchar_t* wcsdup(const wchar_t* text) { return duplicate(text); }
wchar_t* _wcsdup(const wchar_t* text) { return duplicate(text); }

// Callers that believed the headers call through a pointer to what they import.
#define MOTE_REPLACE_IMPORT(name) \
  [[gnu::used]] auto* import_of_##name __asm__("__imp_" #name) = &name

MOTE_REPLACE_IMPORT(malloc);
MOTE_REPLACE_IMPORT(free);
MOTE_REPLACE_IMPORT(calloc);
MOTE_REPLACE_IMPORT(realloc);
MOTE_REPLACE_IMPORT(_msize);
MOTE_REPLACE_IMPORT(_expand);
MOTE_REPLACE_IMPORT(_recalloc);
MOTE_REPLACE_IMPORT(_aligned_malloc);
MOTE_REPLACE_IMPORT(_aligned_free);
MOTE_REPLACE_IMPORT(_aligned_realloc);
MOTE_REPLACE_IMPORT(_aligned_recalloc);
MOTE_REPLACE_IMPORT(_aligned_msize);
MOTE_REPLACE_IMPORT(strdup);
MOTE_REPLACE_IMPORT(_strdup);
MOTE_REPLACE_IMPORT(wcsdup);
MOTE_REPLACE_IMPORT(_wcsdup);

}  // extern "C"
