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

extern "C" char __heap_base;

namespace mote {
namespace {

constinit uintptr_t program_break = 0;  // 0: not yet at __heap_base
constinit uintptr_t own_end = 0;  // where memory ended when we last grew it

// Where the next `size_bytes` begin, a multiple of `align`: at the break, or
// behind what somebody else grew if they would reach into that.
uintptr_t above_break(uintptr_t size_bytes, size_t align) {
  const uintptr_t memory_end = emscripten_get_heap_size();
  if (!own_end) own_end = memory_end;
  const uintptr_t begin = align_up(*emscripten_get_sbrk_ptr(), align);
  const bool reaches_theirs =
      own_end < memory_end && begin <= own_end && own_end - begin < size_bytes;
  return reaches_theirs ? memory_end : begin;
}

// Moves the break up to `end`; false, and no change, if memory is refused.
bool raise_break(uintptr_t end) {
  if (end > emscripten_get_heap_size()) {
    if (!emscripten_resize_heap(end)) return false;
    own_end = emscripten_get_heap_size();
  }
  *emscripten_get_sbrk_ptr() = end;
  return true;
}

struct ResizeHeap {
  static constexpr bool is_near_zero = true;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    // To the next page border: memory is sized in pages, so this never asks
    // for more of it, and most acquires need no growth.
    const uintptr_t begin = above_break(size_bytes, span_alignment);
    const uintptr_t end = align_up(begin + size_bytes, EMSCRIPTEN_PAGE_SIZE);
    if (size_bytes > SIZE_MAX - begin || end <= begin) return {};
    if (!raise_break(end)) return {};
    return {reinterpret_cast<char*>(begin), end - begin};
  }
};

}  // namespace
}  // namespace mote
