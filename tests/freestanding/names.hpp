// What the cases share. No C library: what it would declare is declared here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mote/mote.h"
#include "support/freestanding.hpp"

extern "C" {
void* malloc(size_t size);
void free(void* ptr);
void* calloc(size_t count, size_t size);
void* realloc(void* ptr, size_t size);
void* aligned_alloc(size_t align, size_t size);
int posix_memalign(void** result, size_t align, size_t size);
size_t malloc_usable_size(void* ptr);
void free_sized(void* ptr, size_t size);
void free_aligned_sized(void* ptr, size_t align, size_t size);

extern char __heap_base;
extern char __heap_end;
}

namespace {

constexpr size_t page_bytes = 65536;

[[maybe_unused]] size_t page_count() { return __builtin_wasm_memory_size(0); }

[[maybe_unused]] size_t grow_by(size_t pages) {
  return __builtin_wasm_memory_grow(0, pages);
}

[[maybe_unused]] void fill(void* ptr, unsigned char byte, size_t size) {
  auto* const bytes = static_cast<volatile unsigned char*>(ptr);
  for (size_t i = 0; i < size; ++i) bytes[i] = byte;
}

[[maybe_unused]] bool is_filled(const void* ptr, unsigned char byte,
                                size_t size) {
  const auto* const bytes = static_cast<const volatile unsigned char*>(ptr);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != byte) return false;
  }
  return true;
}

[[maybe_unused]] size_t address(const void* ptr) {
  return reinterpret_cast<size_t>(ptr);
}

// The compiler is not to know what it is.
template <class T>
T opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

// A stack of blocks that is linked through the blocks themselves.
class [[maybe_unused]] Hoard {
 public:
  void add(void* ptr) {
    *static_cast<void**>(ptr) = last_;
    last_ = ptr;
    ++count_;
  }
  void free_all() {
    while (last_) {
      void* const ptr = last_;
      last_ = *static_cast<void**>(ptr);
      free(ptr);
    }
    count_ = 0;
  }
  size_t count() const { return count_; }

 private:
  void* last_ = nullptr;
  size_t count_ = 0;
};

}  // namespace
