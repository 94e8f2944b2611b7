// memcpy and memset for modules that have no C library and no bulk memory
// operations, which the compiler makes calls of these from; clang up to 21
// leaves them off unless -mbulk-memory is given. Weak: a program's own win. The
// attribute keeps the compiler from making a call to itself of the loop.
#include <stddef.h>

#ifndef __wasm_bulk_memory__
extern "C" {

[[gnu::weak, clang::no_builtin]] void* memcpy(void* to, const void* from,
                                              size_t size) {
  auto* begin = static_cast<char*>(to);
  for (size_t i = 0; i < size; ++i)
    begin[i] = static_cast<const char*>(from)[i];
  return to;
}

[[gnu::weak, clang::no_builtin]] void* memset(void* to, int byte, size_t size) {
  auto* begin = static_cast<char*>(to);
  for (size_t i = 0; i < size; ++i) begin[i] = static_cast<char>(byte);
  return to;
}
}
#endif
