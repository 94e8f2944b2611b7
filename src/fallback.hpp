// Allocates from one, and where that refuses from another: a buffer first and a
// heap behind it, a heap and its upstream.
//
//   mote::Fallback fallback(arena, heap);
//
// No state and no header tells whose a block is; its address does. The first
// one's blocks are aligned twice as much as asked for, the second one's just
// not. That costs nothing where the first aligns to 16 anyway and no more than
// 8 is asked for, else padding.
//
// Complexity: O(1) beside the inner calls, but a reallocation that changes the
// allocator moves. Threads: as the inner allocators.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "bits.hpp"

namespace mote {

template <class First, class Second>
  requires Allocator<First> && Allocator<Second>
class Fallback {
 public:
  constexpr Fallback() = default;
  constexpr Fallback(Held<First> first, Held<Second> second)
      : first_(static_cast<First&&>(first)),
        second_(static_cast<Second&&>(second)) {}
  Fallback(const Fallback&) = delete;
  Fallback& operator=(const Fallback&) = delete;

  void* allocate(size_t size, size_t align) {
    if (align > SIZE_MAX / 2) return nullptr;
    void* ptr = first_.allocate(size, 2 * align);
    return ptr ? ptr : allocate_second(size, align);
  }

  void free(void* ptr, size_t size, size_t align) {
    if (is_second(ptr, align)) {
      second_.free(base_of(ptr, align), whole_size(size, align), 2 * align);
    } else {
      first_.free(ptr, size, 2 * align);
    }
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    if (!ptr) return allocate(size, align);
    if (is_second(ptr, align)) {
      if (size > SIZE_MAX - align) return nullptr;
      void* base =
          second_.reallocate(base_of(ptr, align), whole_size(old_size, align),
                             2 * align, whole_size(size, align));
      return base ? static_cast<char*>(base) + align : nullptr;
    }
    void* moved = first_.reallocate(ptr, old_size, 2 * align, size);
    if (moved) return moved;
    moved = allocate_second(size, align);
    if (!moved) return nullptr;
    __builtin_memcpy(moved, ptr, old_size < size ? old_size : size);
    first_.free(ptr, old_size, 2 * align);
    return moved;
  }

 private:
  // A block of the second one begins `align` bytes behind its base.
  static bool is_second(const void* ptr, size_t align) {
    return address_of(ptr) & align;
  }
  static void* base_of(void* ptr, size_t align) {
    return static_cast<char*>(ptr) - align;
  }
  static size_t whole_size(size_t size, size_t align) {
    return size + !size + align;
  }

  void* allocate_second(size_t size, size_t align) {
    if (size > SIZE_MAX - align) return nullptr;
    void* base = second_.allocate(whole_size(size, align), 2 * align);
    return base ? static_cast<char*>(base) + align : nullptr;
  }

  [[no_unique_address]] First first_;
  [[no_unique_address]] Second second_;
};

template <class First, class Second>
Fallback(First&, Second&) -> Fallback<First&, Second&>;

}  // namespace mote
