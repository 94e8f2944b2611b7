// What wrappers, arenas and collections ask of what they allocate from: a heap,
// an arena, the C library's malloc, or another wrapper.
//
// Size and alignment come back with every block, so that an allocator need not
// remember them: Rust, Zig and the standard collections have them at hand. A
// type, not a virtual interface: a stack of wrappers is inlined into one call.
//
// Whoever builds on an allocator holds it as the type says: `Counting<Heap&>`
// refers to a heap, `Counting<GlobalHeap>` has an allocator of its own.
#pragma once

#include <stddef.h>

#include "page_source.hpp"

namespace mote {

// `allocate(size, align)` gives a block of at least `size` bytes (0 counts as
// 1) at a multiple of `align`, a power of two; or null, when it is refused, and
// then nothing has changed.
//
// `free(ptr, size, align)` takes it back. The size is what was last asked for,
// the alignment that of the allocation. A null `ptr` is allowed.
//
// `reallocate(ptr, old_size, align, size)` gives a block of `size` bytes with
// the old one's contents as far as they fit, or null, and the old one is as it
// was. It may move. A null `ptr` allocates.
template <class A>
concept Allocator =
    requires(A& a, void* ptr, size_t size, size_t align, size_t old_size) {
      { a.allocate(size, align) } -> same_as<void*>;
      { a.free(ptr, size, align) } -> same_as<void>;
      { a.reallocate(ptr, old_size, align, size) } -> same_as<void*>;
    };

// A, as a constructor takes what it is to hold: the deduction guides alone say
// what A is, a reference for an allocator that has a name.
template <class A>
struct HeldType {
  using Type = A;
};
template <class A>
using Held = typename HeldType<A>::Type;

// Refuses everything: what lies behind an arena that must not outgrow its
// buffer.
struct NullAllocator {
  static void* allocate(size_t, size_t) { return nullptr; }
  static void free(void*, size_t, size_t) {}
  static void* reallocate(void*, size_t, size_t, size_t) { return nullptr; }
};

static_assert(Allocator<NullAllocator> && Allocator<NullAllocator&>);

// `reallocate` for allocators that cannot do it in place. O(bytes moved).
template <Allocator A>
void* reallocate_elsewhere(A& allocator, void* ptr, size_t old_size,
                           size_t align, size_t size) {
  void* moved = allocator.allocate(size, align);
  if (!moved || !ptr) return moved;
  __builtin_memcpy(moved, ptr, old_size < size ? old_size : size);
  allocator.free(ptr, old_size, align);
  return moved;
}

}  // namespace mote
