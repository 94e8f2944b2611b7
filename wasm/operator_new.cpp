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

extern "C" {
void free(void* ptr);

// new was refused memory.
[[noreturn, gnu::noinline]] void mote_trap_new_refused(void) {
  __builtin_trap();
}
}

namespace {

constexpr size_t any_alignment = 1;

void* allocate_or_trap(size_t size, size_t align) {
  void* ptr = mote_alloc(size, align);
  if (!ptr) mote_trap_new_refused();
  return ptr;
}

}  // namespace

extern "C" {
// NOLINTBEGIN(readability-identifier-naming)

[[gnu::weak]] void* _Znwm(size_t n) {
  return allocate_or_trap(n, any_alignment);
}
[[gnu::weak]] void* _Znam(size_t n) {
  return allocate_or_trap(n, any_alignment);
}
[[gnu::weak]] void* _ZnwmSt11align_val_t(size_t n, size_t align) {
  return allocate_or_trap(n, align);
}
[[gnu::weak]] void* _ZnamSt11align_val_t(size_t n, size_t align) {
  return allocate_or_trap(n, align);
}
[[gnu::weak]] void* _ZnwmRKSt9nothrow_t(size_t n, const void*) {
  return mote_alloc(n, any_alignment);
}
[[gnu::weak]] void* _ZnamRKSt9nothrow_t(size_t n, const void*) {
  return mote_alloc(n, any_alignment);
}
[[gnu::weak]] void* _ZnwmSt11align_val_tRKSt9nothrow_t(size_t n, size_t align,
                                                       const void*) {
  return mote_alloc(n, align);
}
[[gnu::weak]] void* _ZnamSt11align_val_tRKSt9nothrow_t(size_t n, size_t align,
                                                       const void*) {
  return mote_alloc(n, align);
}

[[gnu::weak]] void _ZdlPv(void* p) { free(p); }
[[gnu::weak]] void _ZdaPv(void* p) { free(p); }
[[gnu::weak]] void _ZdlPvSt11align_val_t(void* p, size_t) { free(p); }
[[gnu::weak]] void _ZdaPvSt11align_val_t(void* p, size_t) { free(p); }
[[gnu::weak]] void _ZdlPvRKSt9nothrow_t(void* p, const void*) { free(p); }
[[gnu::weak]] void _ZdaPvRKSt9nothrow_t(void* p, const void*) { free(p); }
[[gnu::weak]] void _ZdlPvSt11align_val_tRKSt9nothrow_t(void* p, size_t,
                                                       const void*) {
  free(p);
}
[[gnu::weak]] void _ZdaPvSt11align_val_tRKSt9nothrow_t(void* p, size_t,
                                                       const void*) {
  free(p);
}
[[gnu::weak]] void _ZdlPvm(void* p, size_t n) {
  mote_free_sized(p, n, any_alignment);
}
[[gnu::weak]] void _ZdaPvm(void* p, size_t n) {
  mote_free_sized(p, n, any_alignment);
}
[[gnu::weak]] void _ZdlPvmSt11align_val_t(void* p, size_t n, size_t align) {
  mote_free_sized(p, n, align);
}
[[gnu::weak]] void _ZdaPvmSt11align_val_t(void* p, size_t n, size_t align) {
  mote_free_sized(p, n, align);
}

// NOLINTEND(readability-identifier-naming)
}
