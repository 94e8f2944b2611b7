// The contenders that C++ has, all over mote as malloc, by number.
#include <stdlib.h>

#include <memory_resource>
#include <new>

#include "arena.hpp"
#include "global_heap.hpp"
#include "mote/arena.h"
#include "rows.hpp"

namespace {

template <size_t min_align>
struct Mote {
  static constexpr bool must_drop = false;
  mote::Arena<mote::GlobalHeap, min_align> arena;

  void* allocate(size_t size, size_t align) {
    return arena.allocate(size, align);
  }
  void* grow(void* ptr, size_t old_size, size_t align, size_t size) {
    return arena.reallocate(ptr, old_size, align, size);
  }
  void drop(void*, size_t, size_t) {}
  void reset() { arena.reset(); }
};

struct MoteInC {
  static constexpr bool must_drop = false;
  mote_arena arena = MOTE_ARENA_INIT;

  ~MoteInC() { mote_arena_release(&arena); }
  void* allocate(size_t size, size_t align) {
    return mote_arena_alloc(&arena, size, align);
  }
  void* grow(void* ptr, size_t old_size, size_t align, size_t size) {
    return mote_arena_realloc(&arena, ptr, old_size, align, size);
  }
  void drop(void*, size_t, size_t) {}
  void reset() { mote_arena_reset(&arena); }
};

struct Monotonic {
  static constexpr bool must_drop = false;
  std::pmr::monotonic_buffer_resource resource;

  void* allocate(size_t size, size_t align) {
    return resource.allocate(size, align);
  }
  void* grow(void* ptr, size_t old_size, size_t align, size_t size) {
    void* moved = resource.allocate(size, align);
    return __builtin_memcpy(moved, ptr, old_size);
  }
  void drop(void*, size_t, size_t) {}
  void reset() { resource.release(); }
};

struct Malloc {
  static constexpr bool must_drop = true;

  void* allocate(size_t size, size_t) { return malloc(size); }
  void* grow(void* ptr, size_t, size_t, size_t size) {
    return realloc(ptr, size);
  }
  void drop(void* ptr, size_t, size_t) { free(ptr); }
  void reset() {}
};

}  // namespace

#ifdef __wasm__
#define EXPORT [[clang::export_name("run")]]
#else
#define EXPORT
#endif

extern "C" EXPORT uint64_t run_contender(unsigned contender, unsigned row,
                                         unsigned rounds) {
  switch (contender) {
    case 0:
      return bench::run<Mote<8>>(row, rounds);
    case 1:
      return bench::run<Mote<1>>(row, rounds);
    case 2:
      return bench::run<MoteInC>(row, rounds);
    case 3:
      return bench::run<Monotonic>(row, rounds);
    default:
      return bench::run<Malloc>(row, rounds);
  }
}
