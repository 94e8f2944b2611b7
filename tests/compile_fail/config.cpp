// Compiled once as it is, which must work, and once with each of the bad
// settings that check.cmake lists, which must not.
#include "heap.hpp"

namespace {

struct Pages {
  static constexpr bool is_near_zero = false;
  mote::Span acquire(size_t, const char* = nullptr) noexcept {
    return {nullptr, 0};
  }
};

#ifdef MOTE_BAD_SOURCE
struct NoSource {};
using Source = NoSource;
#elif defined(MOTE_THROWING_SOURCE)
struct ThrowingPages {
  static constexpr bool is_near_zero = false;
  mote::Span acquire(size_t, const char* = nullptr) { return {nullptr, 0}; }
};
using Source = ThrowingPages;
#else
using Source = Pages;
#endif

#ifndef MOTE_SETTINGS
#define MOTE_SETTINGS
#endif

constexpr mote::Config config = {MOTE_SETTINGS};

}  // namespace

mote::Heap<config, Source> heap;
void* allocate(size_t size) { return heap.allocate(size, 1); }
#ifdef MOTE_TRIM
size_t trim() { return heap.trim(); }
#endif
