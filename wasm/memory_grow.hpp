// Page source of wasm without a runtime: the linear memory itself.
#pragma once

#include <stddef.h>

#include "linear_memory.hpp"
#include "page_source.hpp"
#include "product.hpp"

extern "C" {
// Set by the linker: what static data and the stack leave free. wasm-ld before
// 16 has no __heap_end.
extern char __heap_base;
[[gnu::weak]] extern char __heap_end;
#ifdef MOTE_PAGE_SIZE_OF_LINKER
// And where the first page ends (the custom-page-sizes proposal, wasm-ld
// --page-size since LLVM 21). Older linkers know pages of 64 KiB only.
[[gnu::weak]] extern char __wasm_first_page_end;
#endif
}

namespace mote {
namespace {

struct WasmMemory {
  static constexpr bool is_near_zero = true;
#ifdef MOTE_ALONE_IN_MEMORY
  static constexpr bool is_alone = true;
#else
  static constexpr bool is_alone = false;
#endif

  static char* base() { return &__heap_base; }
  // The least that the initial memory can be: what a linker that does not tell
  // adds to it is lost, what somebody else grew is left alone.
  static char* first_end() {
    if (&__heap_end) return &__heap_end;
    return reinterpret_cast<char*>(align_up(address_of(base()), page_size()));
  }

  // From the linker only on request: it is no constant to the compiler, and
  // costs every other module 130 bytes, of which wasm-opt leaves one.
  static size_t page_size() {
#ifdef MOTE_PAGE_SIZE_OF_LINKER
    if (size_t size = reinterpret_cast<size_t>(&__wasm_first_page_end))
      return size;
#endif
    return 65536;
  }

  static size_t page_count() { return __builtin_wasm_memory_size(0); }
  static size_t grow(size_t page_count) {
    return __builtin_wasm_memory_grow(0, page_count);
  }
  static char* at(size_t page_index) {
    return reinterpret_cast<char*>(page_index * page_size());
  }
};

struct MemoryGrow : LinearMemory<WasmMemory>, Product {};

}  // namespace
}  // namespace mote
