// Page sources of fixed size: an array inside the heap object, or memory the
// program already has. All of it is given at once, to the first request that
// fits: a fixed heap has nobody to leave the rest to, and one span has one end.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "page_source.hpp"

namespace mote {

// The array is part of the source: a constinit heap over it lives in .bss.
template <size_t size_bytes>
class StaticArray {
  static_assert(size_bytes != 0 && size_bytes % span_alignment == 0);

 public:
  static constexpr bool is_near_zero = false;

  Span acquire(size_t needed_bytes, const char* = nullptr) noexcept {
    if (given_ || needed_bytes > size_bytes) return {nullptr, 0};
    given_ = true;
    return {bytes_, size_bytes};
  }

 private:
  alignas(span_alignment) char bytes_[size_bytes] = {};
  bool given_ = false;
};

// [begin, begin + size_bytes) belongs to the heap from now on. It must read as
// zero, as every page source promises. Both must be multiples of
// `span_alignment`.
class GivenMemory {
 public:
  static constexpr bool is_near_zero = false;

  constexpr GivenMemory(char* begin, size_t size_bytes) noexcept
      : memory_{begin, size_bytes} {}

  Span acquire(size_t needed_bytes, const char* = nullptr) noexcept {
    const size_t gap_bytes = -address_of(memory_.begin) & (span_alignment - 1);
    if (gap_bytes > memory_.size_bytes) return {nullptr, 0};
    const size_t size_bytes =
        align_down(memory_.size_bytes - gap_bytes, span_alignment);
    if (needed_bytes > size_bytes) return {nullptr, 0};
    char* const begin = memory_.begin + gap_bytes;
    memory_ = {nullptr, 0};
    return {begin, size_bytes};
  }

 private:
  Span memory_;
};

static_assert(PageSource<StaticArray<8192>> && PageSource<GivenMemory>);

}  // namespace mote
