// operator new and delete in every form, for C++ without a C++ library, which
// would declare them in <new>. Weak: a program's own win. There are no
// exceptions here, so new traps when memory is refused and nothrow new returns
// null; there is no new handler.
//
// Under their names for the linker, where n is new, d delete, w and l of an
// object, a of an array, m is a size, St11align_val_t an alignment and
// RKSt9nothrow_t the tag of nothrow: what is declared as an operator is always
// visible, and exported by linkers that are told to export what is.
#include <stddef.h>

#include "mote/mote.h"
#include "operator_calls.hpp"
#include "profile.hpp"
#include "use.hpp"

extern "C" {
void free(void* ptr);

// new was refused memory.
[[noreturn, gnu::noinline]] void mote_trap_new_refused(void) {
  __builtin_trap();
}
}

namespace {

using mote::untold;
using mote::Use;

constexpr size_t any_alignment = 1;

// The hardened profile is told what a block is for; to the others the calls of
// C and of mote.h are shorter.

void* allocate(Use use, size_t size, size_t align) {
  if constexpr (mote::profile.is_hardened)
    return mote_allocate_for(use, size, align);
  return mote_alloc(size, align);
}

void* allocate_or_trap(Use use, size_t size, size_t align) {
  void* ptr = allocate(use, size, align);
  if (!ptr) mote_trap_new_refused();
  return ptr;
}

void release(Use use, void* ptr, size_t align) {
  if constexpr (mote::profile.is_hardened)
    return mote_free_from(use, ptr, untold, align);
  free(ptr);
}

void release_sized(Use use, void* ptr, size_t size, size_t align) {
  if constexpr (mote::profile.is_hardened)
    return mote_free_from(use, ptr, size, align);
  mote_free_sized(ptr, size, align);
}

}  // namespace

extern "C" {
// NOLINTBEGIN(readability-identifier-naming)

[[gnu::weak]] void* _Znwm(size_t n) {
  return allocate_or_trap(Use::object, n, any_alignment);
}
[[gnu::weak]] void* _Znam(size_t n) {
  return allocate_or_trap(Use::array, n, any_alignment);
}
[[gnu::weak]] void* _ZnwmSt11align_val_t(size_t n, size_t align) {
  return allocate_or_trap(Use::object, n, align);
}
[[gnu::weak]] void* _ZnamSt11align_val_t(size_t n, size_t align) {
  return allocate_or_trap(Use::array, n, align);
}
[[gnu::weak]] void* _ZnwmRKSt9nothrow_t(size_t n, const void*) {
  return allocate(Use::object, n, any_alignment);
}
[[gnu::weak]] void* _ZnamRKSt9nothrow_t(size_t n, const void*) {
  return allocate(Use::array, n, any_alignment);
}
[[gnu::weak]] void* _ZnwmSt11align_val_tRKSt9nothrow_t(size_t n, size_t align,
                                                       const void*) {
  return allocate(Use::object, n, align);
}
[[gnu::weak]] void* _ZnamSt11align_val_tRKSt9nothrow_t(size_t n, size_t align,
                                                       const void*) {
  return allocate(Use::array, n, align);
}

[[gnu::weak]] void _ZdlPv(void* p) { release(Use::object, p, untold); }
[[gnu::weak]] void _ZdaPv(void* p) { release(Use::array, p, untold); }
[[gnu::weak]] void _ZdlPvSt11align_val_t(void* p, size_t align) {
  release(Use::object, p, align);
}
[[gnu::weak]] void _ZdaPvSt11align_val_t(void* p, size_t align) {
  release(Use::array, p, align);
}
[[gnu::weak]] void _ZdlPvRKSt9nothrow_t(void* p, const void*) {
  release(Use::object, p, untold);
}
[[gnu::weak]] void _ZdaPvRKSt9nothrow_t(void* p, const void*) {
  release(Use::array, p, untold);
}
[[gnu::weak]] void _ZdlPvSt11align_val_tRKSt9nothrow_t(void* p, size_t align,
                                                       const void*) {
  release(Use::object, p, align);
}
[[gnu::weak]] void _ZdaPvSt11align_val_tRKSt9nothrow_t(void* p, size_t align,
                                                       const void*) {
  release(Use::array, p, align);
}
[[gnu::weak]] void _ZdlPvm(void* p, size_t n) {
  release_sized(Use::object, p, n, any_alignment);
}
[[gnu::weak]] void _ZdaPvm(void* p, size_t n) {
  release_sized(Use::array, p, n, any_alignment);
}
[[gnu::weak]] void _ZdlPvmSt11align_val_t(void* p, size_t n, size_t align) {
  release_sized(Use::object, p, n, align);
}
[[gnu::weak]] void _ZdaPvmSt11align_val_t(void* p, size_t n, size_t align) {
  release_sized(Use::array, p, n, align);
}

// NOLINTEND(readability-identifier-naming)
}
