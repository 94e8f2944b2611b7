// Page source of Emscripten: memory grows through emscripten_resize_heap, which
// applies the program's growth policy and renews JavaScript's views of it.
//
// It takes memory at the program break, like sbrk, because others may move it
// too: libraries by sbrk, JavaScript by emscripten_get_sbrk_ptr. What they take
// is theirs; our next span then begins behind it. So it is with memory that
// somebody else grew, by memory.grow: the break goes around it.
#pragma once

#include <emscripten/heap.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "page_source.hpp"
#include "product.hpp"

extern "C" char __heap_base;

namespace mote {
namespace {

// 0: not yet at __heap_base. The first thread sees to it before there is
// another, for the creation of a thread allocates.
constinit uintptr_t program_break = 0;
// Where memory ended when we last grew it. What threads that grow it at once
// leave here may be too little: then pages are taken for somebody else's.
constinit uintptr_t own_end = 0;

// Whether others may move the break, and grow the memory, at the same time.
#ifdef __wasm_atomics__
constexpr bool is_break_shared = true;
#else
constexpr bool is_break_shared = false;
#endif

uintptr_t current_break() {
  uintptr_t* at = emscripten_get_sbrk_ptr();
  return is_break_shared ? __atomic_load_n(at, __ATOMIC_RELAXED) : *at;
}

// Where the next `size_bytes` begin, a multiple of `align`: at the break, or
// behind what somebody else grew if they would reach into that.
uintptr_t above_break(uintptr_t old_break, uintptr_t size_bytes, size_t align) {
  const uintptr_t memory_end = emscripten_get_heap_size();
  if (!own_end) own_end = memory_end;
  const uintptr_t begin = align_up(old_break, align);
  const bool reaches_theirs =
      own_end < memory_end && begin <= own_end && own_end - begin < size_bytes;
  return reaches_theirs ? memory_end : begin;
}

// Makes the memory reach to `end`; false if that is refused. When another
// thread grew it meanwhile, emscripten_resize_heap may refuse what is already
// there.
bool reach(uintptr_t end) {
  if (end <= emscripten_get_heap_size()) return true;
  if (!emscripten_resize_heap(end) &&
      !(is_break_shared && end <= emscripten_get_heap_size()))
    return false;
  own_end = emscripten_get_heap_size();
  return true;
}

// Moves the break up to `end`; false, and no change, if memory is refused, or
// if another thread moved it first. O(1).
bool raise_break(uintptr_t old_break, uintptr_t end) {
  if (!reach(end)) return false;
  uintptr_t* at = emscripten_get_sbrk_ptr();
  if constexpr (is_break_shared)
    return __atomic_compare_exchange_n(at, &old_break, end, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  *at = end;
  return true;
}

// Whether it is worth another try when the break was not raised from there.
bool has_moved(uintptr_t old_break) {
  return is_break_shared && current_break() != old_break;
}

struct ResizeHeap : Product {
  static constexpr bool is_near_zero = true;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    uintptr_t old_break;
    do {
      // To the next page border: memory is sized in pages, so this never asks
      // for more of it, and most acquires need no growth.
      old_break = current_break();
      const uintptr_t begin =
          above_break(old_break, size_bytes, span_alignment);
      const uintptr_t end = align_up(begin + size_bytes, EMSCRIPTEN_PAGE_SIZE);
      if (size_bytes > SIZE_MAX - begin || end <= begin) return {};
      if (raise_break(old_break, end))
        return {reinterpret_cast<char*>(begin), end - begin};
    } while (has_moved(old_break));
    return {};
  }
};

}  // namespace
}  // namespace mote
