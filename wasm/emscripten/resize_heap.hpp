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

constinit uintptr_t program_break = 0;  // 0: not yet at __heap_base

// Moves the break up; the old one, or 0 if memory is refused. O(1).
uintptr_t raise_break(uintptr_t size_bytes) {
  uintptr_t* at = emscripten_get_sbrk_ptr();
  uintptr_t begin = *at;
  uintptr_t end = begin + size_bytes;
  if (end < begin) return 0;
  if (end > emscripten_get_heap_size() && !emscripten_resize_heap(end))
    return 0;
  *at = end;
  return begin;
}

struct ResizeHeap {
  static constexpr bool is_near_zero = true;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    // To the next page border: memory is sized in pages, so this never asks
    // for more of it, and most acquires need no growth.
    uintptr_t begin = *emscripten_get_sbrk_ptr();
    uintptr_t end = align_up(begin + size_bytes, EMSCRIPTEN_PAGE_SIZE);
    if (size_bytes > SIZE_MAX - begin || end <= begin) return {};
    if (!raise_break(end - begin)) return {};
    return {reinterpret_cast<char*>(begin), end - begin};
  }
};

}  // namespace
}  // namespace mote
