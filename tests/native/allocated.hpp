// A call whose arguments and result the compiler may not reason about: it knows
// what malloc means, and would fold, warn about, or leave out what is tested.
#pragma once

#include <stddef.h>

namespace mote {

template <class T>
T opaque(T value) {
  asm volatile("" : "+r"(value) : : "memory");
  return value;
}

inline bool is_aligned_to(const void* ptr, size_t align) {
  return reinterpret_cast<size_t>(ptr) % align == 0;
}

}  // namespace mote
