// A linear memory of any page size, natively: what wasm's page source is tried
// on.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bits.hpp"
#include "page_source.hpp"
#include "wasm/linear_memory.hpp"

namespace mote {

// One linear memory: `initial_bytes` of it as linked, of which static data
// takes the first 1024.
template <size_t page_size_bytes, size_t initial_bytes, bool alone = false>
struct FakeLinearMemory {
  static_assert(initial_bytes % page_size_bytes == 0);

  static constexpr bool is_near_zero = false;
  static constexpr bool is_alone = alone;
  static constexpr size_t maximum_bytes = size_t{4} << 20;

  alignas(span_alignment) static inline char bytes[maximum_bytes];
  static inline size_t pages = 0;
  static inline size_t foreign_pages = 0;  // somebody grows these after us

  static void reset() {
    memset(bytes, 0, sizeof bytes);
    pages = initial_bytes / page_size_bytes;
    foreign_pages = 0;
  }

  static char* base() { return bytes + 1024; }
  static char* first_end() { return bytes + initial_bytes; }
  static size_t page_size() { return page_size_bytes; }
  static size_t page_count() { return pages; }
  static char* at(size_t page_index) {
    // No pointer arithmetic: the index may be absurd.
    return reinterpret_cast<char*>(address_of(bytes) +
                                   page_index * page_size_bytes);
  }
  static size_t grow(size_t page_count) {
    const size_t old_pages = pages;
    const size_t room = maximum_bytes / page_size_bytes - pages;
    if (page_count > room) return SIZE_MAX;
    pages += page_count;
    if (foreign_pages && foreign_pages <= room - page_count) {
      memset(at(pages), 0xEE, foreign_pages * page_size_bytes);
      pages += foreign_pages;
    }
    return old_pages;
  }
};

// Over it, remembering where the last span ended, as a heap below its memory
// does.
template <class FakeMemory>
class FakeLinearSource {
 public:
  using Memory = FakeMemory;
  static constexpr bool is_near_zero = false;

  FakeLinearSource() { Memory::reset(); }

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    const Span span = pages_.acquire(size_bytes, last_byte_);
    if (span.begin) last_byte_ = span.begin + span.size_bytes - 1;
    return span;
  }

 private:
  LinearMemory<Memory> pages_;
  const char* last_byte_ = Memory::bytes;
};

}  // namespace mote
