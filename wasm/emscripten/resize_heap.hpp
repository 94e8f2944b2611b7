// Page source of Emscripten: memory grows through emscripten_resize_heap, which
// applies the program's growth policy and renews JavaScript's views of it.
//
// It takes memory at the program break, like sbrk, because others may move it
// too: libraries by sbrk, JavaScript by emscripten_get_sbrk_ptr. What they take
// is theirs; our next span then begins behind it.
#pragma once

#include <emscripten/heap.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "page_source.hpp"

extern "C" char __heap_base;

namespace mote {
namespace {

// 0: not yet at __heap_base. The first thread sees to it before there is
// another, for the creation of a thread allocates.
constinit uintptr_t program_break = 0;

// Whether others may move the break, and grow the memory, at the same time.
#ifdef __wasm_atomics__
constexpr bool is_break_shared = true;
#else
constexpr bool is_break_shared = false;
#endif

// Makes the memory reach to `end`; false if that is refused. When another
// thread grew it meanwhile, emscripten_resize_heap may refuse what is already
// there.
bool reach(uintptr_t end) {
  if (end <= emscripten_get_heap_size() || emscripten_resize_heap(end))
    return true;
  return is_break_shared && end <= emscripten_get_heap_size();
}

uintptr_t current_break() {
  uintptr_t* at = emscripten_get_sbrk_ptr();
  return is_break_shared ? __atomic_load_n(at, __ATOMIC_RELAXED) : *at;
}

// Moves the break up from `begin` to `end`; false if memory is refused, or if
// another thread moved it first. O(1).
bool raise_break(uintptr_t begin, uintptr_t end) {
  if (end < begin || !reach(end)) return false;
  uintptr_t* at = emscripten_get_sbrk_ptr();
  if constexpr (is_break_shared)
    return __atomic_compare_exchange_n(at, &begin, end, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
  *at = end;
  return true;
}

// Whether it is worth another try when the break was not raised from there.
bool has_moved(uintptr_t begin) {
  return is_break_shared && current_break() != begin;
}

struct ResizeHeap {
  static constexpr bool is_near_zero = true;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    for (;;) {
      // To the next page border: memory is sized in pages, so this never asks
      // for more of it, and most acquires need no growth. Others leave the
      // break where they like.
      uintptr_t old_break = current_break();
      uintptr_t begin = align_up(old_break, span_alignment);
      uintptr_t end = align_up(begin + size_bytes, EMSCRIPTEN_PAGE_SIZE);
      if (size_bytes > SIZE_MAX - begin) return {};
      if (raise_break(old_break, end))
        return {reinterpret_cast<char*>(begin), end - begin};
      if (!has_moved(old_break)) return {};
    }
  }
};

}  // namespace
}  // namespace mote
