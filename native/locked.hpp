// The C rules (src/malloc.hpp, src/inspect.hpp), one caller at a time.
#pragma once

#include <stddef.h>

#include "mote/inspect.h"

namespace mote {

template <class Rules, class AnyLock, AnyLock& lock>
struct Locked {
  static void* malloc(size_t size) {
    const Guard guard(lock);
    return Rules::malloc(size);
  }
  static void free(void* ptr) {
    const Guard guard(lock);
    Rules::free(ptr);
  }
  static void* calloc(size_t count, size_t size) {
    const Guard guard(lock);
    return Rules::calloc(count, size);
  }
  static void* realloc(void* ptr, size_t size) {
    const Guard guard(lock);
    return Rules::realloc(ptr, size);
  }
  static void* aligned_alloc(size_t align, size_t size) {
    const Guard guard(lock);
    return Rules::aligned_alloc(align, size);
  }
  static int posix_memalign(void** result, size_t align, size_t size) {
    const Guard guard(lock);
    return Rules::posix_memalign(result, align, size);
  }
  static size_t malloc_usable_size(const void* ptr) {
    const Guard guard(lock);
    return Rules::malloc_usable_size(ptr);
  }
  static void* alloc(size_t size, size_t align) {
    const Guard guard(lock);
    return Rules::alloc(size, align);
  }
  static void* zalloc(size_t size, size_t align) {
    const Guard guard(lock);
    return Rules::zalloc(size, align);
  }
  static void* realloc_aligned(void* ptr, size_t align, size_t size) {
    const Guard guard(lock);
    return Rules::realloc_aligned(ptr, align, size);
  }
  static bool try_expand(void* ptr, size_t size) {
    const Guard guard(lock);
    return Rules::try_expand(ptr, size);
  }
  static size_t walk(mote_piece* pieces, size_t capacity) {
    const Guard guard(lock);
    return Rules::walk(pieces, capacity);
  }
  static void stats(mote_statistics* statistics) {
    const Guard guard(lock);
    Rules::stats(statistics);
  }
  static const void* layout() { return Rules::layout(); }

 private:
  using Guard = typename AnyLock::Guard;
};

}  // namespace mote
