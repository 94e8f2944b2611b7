// Arithmetic on sizes and addresses that the standard library would give us,
// if a bare clang for wasm32 had one.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mote {

constexpr bool is_power_of_two(size_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

constexpr unsigned log2(size_t power_of_two) {
  return static_cast<unsigned>(__builtin_ctzll(power_of_two));
}

// The zeros above the highest bit of a value that is not 0.
constexpr unsigned leading_zeros(size_t value) {
  // A 64-bit count costs bytes on wasm32; a long is too short on Windows.
  if constexpr (sizeof(value) == sizeof(unsigned long)) {
    return static_cast<unsigned>(__builtin_clzl(value));
  } else {
    return static_cast<unsigned>(__builtin_clzll(value));
  }
}

// The index of that bit.
constexpr unsigned highest_bit(size_t value) {
  return leading_zeros(value) ^ (sizeof(value) * 8 - 1);
}

// Wraps to a small number when there is no such multiple.
constexpr size_t align_up(size_t value, size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

constexpr size_t align_down(size_t value, size_t alignment) {
  return value & ~(alignment - 1);
}

// One of two types.
template <bool is_first, class First, class Second>
struct Either {
  using Type = First;
};
template <class First, class Second>
struct Either<false, First, Second> {
  using Type = Second;
};

inline size_t address_of(const void* ptr) {
  return reinterpret_cast<size_t>(ptr);
}

}  // namespace mote
