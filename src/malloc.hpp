// What ISO C and POSIX ask beyond allocating and freeing: overflow, alignment,
// zero sizes, error codes. `errno` belongs to the platform's names.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "use.hpp"

namespace mote {

// The platform's error numbers and where it keeps the last one. This one is for
// platforms without errno; the numbers are those of Linux and most others.
struct NoErrno {
  static constexpr int invalid_argument = 22;
  static constexpr int out_of_memory = 12;
  static void set(int) {}
};

// `free_here`, where there is one: the platform's free, which knows all of a
// block by its address; so its code is there once.
template <auto& heap, class Errno = NoErrno, void (*free_here)(void*) = nullptr>
struct Malloc {
  [[gnu::always_inline]] static void* malloc(size_t size) {
    if constexpr (requires { heap.pop(size); }) {
      void* ptr = heap.pop(size);
      return ptr ? ptr : malloc_slowly(size);
    } else {
      return reported(heap.allocate(size));
    }
  }

  [[gnu::always_inline]] static void free(void* ptr) {
    if constexpr (requires { heap.free_at_once(ptr); }) {
      heap.free_at_once(ptr);
    } else {
      heap.free(ptr);
    }
  }

  static void* calloc(size_t count, size_t size) {
    if constexpr (requires { heap.product(count, size); }) {
      return reported(heap.allocate_zeroed(heap.product(count, size), 1));
    } else {
      size_t total;
      bool overflows = __builtin_mul_overflow(count, size, &total);
      return reported(overflows ? nullptr : heap.allocate_zeroed(total, 1));
    }
  }

  // realloc(p, 0) never frees: it gives the smallest block, so that a null
  // result always means failure and the old block is always the caller's.
  static void* realloc(void* ptr, size_t size) {
    return reported(heap.reallocate(ptr, 1, size));
  }

  static void* aligned_alloc(size_t align, size_t size) {
    void* ptr = nullptr;
    int error = Errno::invalid_argument;
    if (is_power_of_two(align)) {
      ptr = heap.allocate(size, align);
      error = Errno::out_of_memory;
    }
    if (!ptr) Errno::set(error);
    return ptr;
  }

  // `*result` is written only on success; errno is left alone.
  static int posix_memalign(void** result, size_t align, size_t size) {
    if (align < sizeof(void*) || align & (align - 1))
      return Errno::invalid_argument;
    void* ptr = heap.allocate(size, align);
    if (!ptr) return Errno::out_of_memory;
    *result = ptr;
    return 0;
  }

  static size_t malloc_usable_size(const void* ptr) {
    return heap.usable_size(ptr);
  }

  // The calls of mote.h: an alignment of 0 is the heap's own.

  static void* alloc(size_t size, size_t align) {
    return align & (align - 1) ? nullptr : heap.allocate(size, align + !align);
  }

  static void* zalloc(size_t size, size_t align) {
    return align & (align - 1) ? nullptr
                               : heap.allocate_zeroed(size, align + !align);
  }

  static void* realloc_sized(void* ptr, size_t old_size, size_t align,
                             size_t size) {
    if (align & (align - 1)) return nullptr;
    if constexpr (free_here != nullptr) {
      return heap.template reallocate<free_here>(ptr, align + !align, size);
    } else {
      return heap.reallocate(ptr, old_size, align + !align, size);
    }
  }

  // What is `untold` is not known.
  static void free_sized(void* ptr, size_t size, size_t align) {
    if constexpr (free_here != nullptr) {
      free_here(ptr);
    } else {
      heap.free(ptr, size, align);
    }
  }

  // For operator new and delete.

  static void* allocate_for(Use use, size_t size, size_t align) {
    if constexpr (requires { heap.allocate(size, align, use); }) {
      return heap.allocate(size, align, use);
    } else {
      return heap.allocate(size, align);
    }
  }
  static void free_from(Use use, void* ptr, size_t size, size_t align) {
    if constexpr (requires { heap.free(ptr, size, align, use); }) {
      heap.free(ptr, size, align, use);
    } else {
      heap.free(ptr, size, align);
    }
  }

  static bool try_expand(void* ptr, size_t size) {
    return ptr && heap.try_expand(ptr, size);
  }

 protected:
  static void* reported(void* ptr) {
    if (!ptr) Errno::set(Errno::out_of_memory);
    return ptr;
  }
  // Apart, so that nothing is saved for a call on the path of small blocks.
  [[gnu::noinline]] static void* malloc_slowly(size_t size) {
    return reported(heap.allocate(size, 1));
  }
};

}  // namespace mote
