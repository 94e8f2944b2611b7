// What AddressSanitizer is told of memory that is nobody's; nothing without it.
#pragma once

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define MOTE_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOTE_HAS_ASAN 1
#endif
#endif
#ifdef MOTE_HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace mote {

#ifdef MOTE_HAS_ASAN
inline constexpr bool has_asan = true;

inline void allow(const volatile void* begin, size_t size_bytes) {
  __asan_unpoison_memory_region(begin, size_bytes);
}
// From here on, whoever reads or writes there is reported.
inline void forbid(const volatile void* begin, size_t size_bytes) {
  __asan_poison_memory_region(begin, size_bytes);
}
#else
inline constexpr bool has_asan = false;

inline void allow(const volatile void*, size_t) {}
inline void forbid(const volatile void*, size_t) {}
#endif

}  // namespace mote
