// Page source over a linear memory that grows at its end: the arithmetic of
// memory_grow.hpp, apart from where the memory is, so that the same code runs
// natively over fake memories (tests/unit/linear_memory_source_test.cpp).
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "page_source.hpp"

namespace mote {

// `Memory` has, all static:
//   base(), first_end()  what static data left free in the memory as linked
//   page_size()          bytes per page, a power of two
//   page_count()         pages there are
//   grow(page_count)     more of them; how many there were, or SIZE_MAX
//   at(page_index)       where that page begins
//   is_near_zero         as PageSource has it
//   is_alone             whether nobody else ever grows it
//
// Gives what static data left free first, then grows. When memory does not end
// where we left it, someone else grew it: then the new pages are where it says.
// Or, where nobody else does, we did, before a host put a saved memory back or
// began anew: then what there is behind is ours, and cleared. Stateless: the
// first byte it gives is the first above all static data.
template <class Memory>
struct LinearMemory {
  static constexpr bool is_near_zero = Memory::is_near_zero;

  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    char* begin = const_cast<char*>(last_byte) + 1;
    char* end = begin;
    if (last_byte < Memory::base()) {
      begin = Memory::base();
      end = Memory::first_end();
    }
    if constexpr (Memory::is_alone) end = cleared_from(begin);
    size_t have = static_cast<size_t>(down(end) - begin);
    if (have < size_bytes) {
      size_t pages = (size_bytes - have - 1) / Memory::page_size() + 1;
      if (has_small_pages()) pages = rounded_up(pages);
      size_t old_pages = Memory::grow(pages);
      if (old_pages == static_cast<size_t>(-1)) return {};
      char* grown = Memory::at(old_pages);
      if (grown != end) begin = up(grown);
      // Not null, for the pages before are somebody's.
      if (!begin) __builtin_unreachable();
      end = grown + pages * Memory::page_size();
    }
    return {begin, static_cast<size_t>(down(end) - begin)};
  }

 private:
  // Such pages may begin and end where no span may.
  static bool has_small_pages() { return Memory::page_size() < span_alignment; }

  // As many pages, begun at the next span's border, and those to where memory
  // then ends at one. More than there can be if that wraps.
  static size_t rounded_up(size_t pages) {
    const size_t page_size = Memory::page_size();
    const size_t begin = address_of(Memory::at(Memory::page_count()));
    const size_t end = align_up(begin, span_alignment) + pages * page_size;
    const size_t rounded = (align_up(end, span_alignment) - begin) / page_size;
    return rounded < pages ? static_cast<size_t>(-1) : rounded;
  }

  // Where the memory ends, which may be at the last address.
  static char* cleared_from(char* begin) {
    char* end = Memory::at(Memory::page_count());
    __builtin_memset(begin, 0, static_cast<size_t>(end - begin));
    return end;
  }

  static char* up(char* ptr) {
    if (!has_small_pages()) return ptr;
    return ptr + (-address_of(ptr) & (span_alignment - 1));
  }
  static char* down(char* ptr) {
    if (!has_small_pages()) return ptr;
    return ptr - address_of(ptr) % span_alignment;
  }
};

}  // namespace mote
