// operator new and delete in every form, for C++ without a C++ library, which
// would declare them in <new>. Weak: a program's own win. There are no
// exceptions here, so new traps when memory is refused and nothrow new returns
// null; there is no new handler.
#include <stddef.h>

#include "mote/mote.h"

// As <new> has them.
namespace std {
enum class align_val_t : size_t {};
struct nothrow_t;
}  // namespace std

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

constexpr size_t number(std::align_val_t align) {
  return static_cast<size_t>(align);
}

}  // namespace

using std::align_val_t;
using std::nothrow_t;

// Without <new> the tool takes them for functions of this file.
// NOLINTBEGIN(misc-use-internal-linkage)
[[gnu::weak]] void* operator new(size_t n) {
  return allocate_or_trap(n, any_alignment);
}
[[gnu::weak]] void* operator new[](size_t n) {
  return allocate_or_trap(n, any_alignment);
}
[[gnu::weak]] void* operator new(size_t n, align_val_t a) {
  return allocate_or_trap(n, number(a));
}
[[gnu::weak]] void* operator new[](size_t n, align_val_t a) {
  return allocate_or_trap(n, number(a));
}
[[gnu::weak]] void* operator new(size_t n, const nothrow_t&) noexcept {
  return mote_alloc(n, any_alignment);
}
[[gnu::weak]] void* operator new[](size_t n, const nothrow_t&) noexcept {
  return mote_alloc(n, any_alignment);
}
[[gnu::weak]] void* operator new(size_t n, align_val_t a,
                                 const nothrow_t&) noexcept {
  return mote_alloc(n, number(a));
}
[[gnu::weak]] void* operator new[](size_t n, align_val_t a,
                                   const nothrow_t&) noexcept {
  return mote_alloc(n, number(a));
}

[[gnu::weak]] void operator delete(void* p) noexcept { free(p); }
[[gnu::weak]] void operator delete[](void* p) noexcept { free(p); }
[[gnu::weak]] void operator delete(void* p, align_val_t) noexcept { free(p); }
[[gnu::weak]] void operator delete[](void* p, align_val_t) noexcept { free(p); }
[[gnu::weak]] void operator delete(void* p, const nothrow_t&) noexcept {
  free(p);
}
[[gnu::weak]] void operator delete[](void* p, const nothrow_t&) noexcept {
  free(p);
}
[[gnu::weak]] void operator delete(void* p, align_val_t,
                                   const nothrow_t&) noexcept {
  free(p);
}
[[gnu::weak]] void operator delete[](void* p, align_val_t,
                                     const nothrow_t&) noexcept {
  free(p);
}
[[gnu::weak]] void operator delete(void* p, size_t n) noexcept {
  mote_free_sized(p, n, any_alignment);
}
[[gnu::weak]] void operator delete[](void* p, size_t n) noexcept {
  mote_free_sized(p, n, any_alignment);
}
[[gnu::weak]] void operator delete(void* p, size_t n, align_val_t a) noexcept {
  mote_free_sized(p, n, number(a));
}
[[gnu::weak]] void operator delete[](void* p, size_t n,
                                     align_val_t a) noexcept {
  mote_free_sized(p, n, number(a));
}
// NOLINTEND(misc-use-internal-linkage)
