// Page source of wasm without a runtime: the linear memory itself.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "page_source.hpp"

// Set by the linker: what static data and the stack leave free. wasm-ld before
// 16 has no __heap_end.
extern "C" char __heap_base;
extern "C" [[gnu::weak]] char __heap_end;

namespace mote {
namespace {

// Gives [__heap_base, __heap_end) first, then grows. When memory.size is not
// where we left it, someone else grew it: then the new pages are where it says.
// Stateless: the first byte it gives is the first above all static data.
struct MemoryGrow {
  static constexpr bool is_near_zero = true;
  static constexpr size_t page_size = 65536;

  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    char* begin = const_cast<char*>(last_byte) + 1;
    char* end = begin;
    if (last_byte < &__heap_base) {
      begin = &__heap_base;
      end = &__heap_end ? &__heap_end : end_of_first_page(begin);
    }
    size_t have = static_cast<size_t>(end - begin);
    if (have < size_bytes) {
      size_t pages = (size_bytes - have - 1) / page_size + 1;
      size_t old_pages = __builtin_wasm_memory_grow(0, pages);
      if (old_pages == static_cast<size_t>(-1)) return {};
      auto* grown = reinterpret_cast<char*>(old_pages * page_size);
      if (grown != end) begin = grown;
      end = grown + pages * page_size;
    }
    return {begin, static_cast<size_t>(end - begin)};
  }

 private:
  // The least that the initial memory can be: what a linker that does not tell
  // adds to it is lost, what somebody else grew is left alone.
  static char* end_of_first_page(char* begin) {
    return reinterpret_cast<char*>(
        align_up(reinterpret_cast<size_t>(begin), page_size));
  }
};

}  // namespace
}  // namespace mote
