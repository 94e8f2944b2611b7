// operator new and delete over mote, so that their size and alignment reach it.
//
// A member of its own in the static library: only C++ programs take it, and the
// C++ library with it. The shared library leaves it out: it would need that
// library in every C program, and gains little, for its operator new calls
// malloc and aligned_alloc, which are mote's by then.
#include <stddef.h>
#include <stdlib.h>

#include <new>

#include "operator_calls.hpp"
#include "use.hpp"

namespace {

using mote::Use;

// As [new.delete.single] asks: the handler until memory is found, or null.
void* allocate(Use use, size_t size, size_t align) {
  for (;;) {
    if (void* ptr = mote_allocate_for(use, size, align)) return ptr;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* allocate_or_throw(Use use, size_t size, size_t align) {
  void* ptr = allocate(use, size, align);
  if (ptr == nullptr) throw std::bad_alloc();
  return ptr;
}

void* allocate_or_null(Use use, size_t size, size_t align) noexcept {
  try {
    return allocate(use, size, align);
  } catch (const std::bad_alloc&) {  // the handler's way to give up
    return nullptr;
  }
}

void free_object(void* ptr, size_t size, size_t align) noexcept {
  mote_free_from(Use::object, ptr, size, align);
}
void free_array(void* ptr, size_t size, size_t align) noexcept {
  mote_free_from(Use::array, ptr, size, align);
}

constexpr size_t least = 1;  // any alignment: the heap's own then

constexpr size_t number(std::align_val_t align) {
  return static_cast<size_t>(align);
}

}  // namespace

using mote::untold;
using std::align_val_t;
using std::nothrow_t;

void* operator new(size_t n) {
  return allocate_or_throw(Use::object, n, least);
}
void* operator new[](size_t n) {
  return allocate_or_throw(Use::array, n, least);
}
void* operator new(size_t n, align_val_t a) {
  return allocate_or_throw(Use::object, n, number(a));
}
void* operator new[](size_t n, align_val_t a) {
  return allocate_or_throw(Use::array, n, number(a));
}
void* operator new(size_t n, const nothrow_t&) noexcept {
  return allocate_or_null(Use::object, n, least);
}
void* operator new[](size_t n, const nothrow_t&) noexcept {
  return allocate_or_null(Use::array, n, least);
}
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept {
  return allocate_or_null(Use::object, n, number(a));
}
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept {
  return allocate_or_null(Use::array, n, number(a));
}

void operator delete(void* p) noexcept { free_object(p, untold, least); }
void operator delete[](void* p) noexcept { free_array(p, untold, least); }
void operator delete(void* p, align_val_t a) noexcept {
  free_object(p, untold, number(a));
}
void operator delete[](void* p, align_val_t a) noexcept {
  free_array(p, untold, number(a));
}
void operator delete(void* p, const nothrow_t&) noexcept {
  free_object(p, untold, least);
}
void operator delete[](void* p, const nothrow_t&) noexcept {
  free_array(p, untold, least);
}
void operator delete(void* p, align_val_t a, const nothrow_t&) noexcept {
  free_object(p, untold, number(a));
}
void operator delete[](void* p, align_val_t a, const nothrow_t&) noexcept {
  free_array(p, untold, number(a));
}
void operator delete(void* p, size_t n) noexcept { free_object(p, n, least); }
void operator delete[](void* p, size_t n) noexcept { free_array(p, n, least); }
void operator delete(void* p, size_t n, align_val_t a) noexcept {
  free_object(p, n, number(a));
}
void operator delete[](void* p, size_t n, align_val_t a) noexcept {
  free_array(p, n, number(a));
}
