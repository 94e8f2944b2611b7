// What the compiler makes calls of, for modules that have no library of its
// own: memcpy and memset without bulk memory operations, which clang before 20
// leaves off unless -mbulk-memory is given; on wasm64 the product of 128 bits
// that a check for overflow takes. Weak: a program's own win. The attribute
// keeps the compiler from making a call to itself of a loop.
#include <stddef.h>
#include <stdint.h>

extern "C" {

#ifndef __wasm_bulk_memory__
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
#endif

#ifdef __wasm64__
// By halves, as one learns it at school; the high halves only wrap.
[[gnu::weak]] unsigned __int128 __multi3(unsigned __int128 a,
                                         unsigned __int128 b) {
  const auto a_low = static_cast<uint64_t>(a);
  const auto b_low = static_cast<uint64_t>(b);
  const uint64_t mask = 0xFFFFFFFF;
  const uint64_t low = (a_low & mask) * (b_low & mask);
  const uint64_t middle = (a_low >> 32) * (b_low & mask) + (low >> 32);
  const uint64_t middle2 = (a_low & mask) * (b_low >> 32) + (middle & mask);
  const uint64_t high = (a_low >> 32) * (b_low >> 32) + (middle >> 32) +
                        (middle2 >> 32) +
                        static_cast<uint64_t>(a >> 64) * b_low +
                        a_low * static_cast<uint64_t>(b >> 64);
  return static_cast<unsigned __int128>(high) << 64 | middle2 << 32 |
         (low & mask);
}
#endif

}  // extern "C"
