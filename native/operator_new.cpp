// operator new and delete over mote, so that their size and alignment reach it.
//
// A member of its own in the static library: only C++ programs take it, and the
// C++ library with it. The shared library leaves it out: it would need that
// library in every C program, and gains little, for its operator new calls
// malloc and aligned_alloc, which are mote's by then.
#include <stddef.h>
#include <stdlib.h>

#include <new>

#include "mote/mote.h"

namespace {

// As [new.delete.single] asks: the handler until memory is found, or null.
void* allocate(size_t size, size_t align) {
  for (;;) {
    if (void* ptr = mote_alloc(size, align)) return ptr;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* allocate_or_throw(size_t size, size_t align) {
  void* ptr = allocate(size, align);
  if (ptr == nullptr) throw std::bad_alloc();
  return ptr;
}

void* allocate_or_null(size_t size, size_t align) noexcept {
  try {
    return allocate(size, align);
  } catch (const std::bad_alloc&) {  // the handler's way to give up
    return nullptr;
  }
}

constexpr size_t least = 1;  // any alignment: the heap's own then

constexpr size_t number(std::align_val_t align) {
  return static_cast<size_t>(align);
}

}  // namespace

using std::align_val_t;
using std::nothrow_t;

void* operator new(size_t n) { return allocate_or_throw(n, least); }
void* operator new[](size_t n) { return allocate_or_throw(n, least); }
void* operator new(size_t n, align_val_t a) {
  return allocate_or_throw(n, number(a));
}
void* operator new[](size_t n, align_val_t a) {
  return allocate_or_throw(n, number(a));
}
void* operator new(size_t n, const nothrow_t&) noexcept {
  return allocate_or_null(n, least);
}
void* operator new[](size_t n, const nothrow_t&) noexcept {
  return allocate_or_null(n, least);
}
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept {
  return allocate_or_null(n, number(a));
}
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept {
  return allocate_or_null(n, number(a));
}

void operator delete(void* p) noexcept { free(p); }
void operator delete[](void* p) noexcept { free(p); }
void operator delete(void* p, align_val_t) noexcept { free(p); }
void operator delete[](void* p, align_val_t) noexcept { free(p); }
void operator delete(void* p, const nothrow_t&) noexcept { free(p); }
void operator delete[](void* p, const nothrow_t&) noexcept { free(p); }
void operator delete(void* p, align_val_t, const nothrow_t&) noexcept {
  free(p);
}
void operator delete[](void* p, align_val_t, const nothrow_t&) noexcept {
  free(p);
}
void operator delete(void* p, size_t n) noexcept {
  mote_free_sized(p, n, least);
}
void operator delete[](void* p, size_t n) noexcept {
  mote_free_sized(p, n, least);
}
void operator delete(void* p, size_t n, align_val_t a) noexcept {
  mote_free_sized(p, n, number(a));
}
void operator delete[](void* p, size_t n, align_val_t a) noexcept {
  mote_free_sized(p, n, number(a));
}
