// Page source for macOS: Mmap, and which addresses it gave. The system's malloc
// asks each of its zones of any address whether it lies there, from any thread,
// while others allocate: so the answer takes no lock.
#pragma once

#include <stddef.h>

#include "mmap.hpp"

namespace mote {

class ClaimedMmap {
 public:
  static constexpr bool is_near_zero = Mmap::is_near_zero;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    const Span span = pages_.acquire(size_bytes);
    if (span.begin == nullptr || claim(span)) return span;
    pages_.release(span.begin);
    return {nullptr, 0};
  }

  // Others may be given those addresses once Mmap opens its next window.
  char* release(char* from) noexcept {
    char* const new_end = pages_.release(from);
    store(ranges_[range_count_ - 1].end, new_end);
    return new_end;
  }

  void discard(char* begin, char* end) noexcept { pages_.discard(begin, end); }
  static uint32_t milliseconds() noexcept { return Mmap::milliseconds(); }

  // Whether `ptr` lies in what was given and not released.
  bool has(const void* ptr) const noexcept {
    const auto* const address = static_cast<const char*>(ptr);
    const size_t count = load(range_count_);
    for (size_t i = 0; i < count; ++i) {
      if (address >= ranges_[i].begin && address < load(ranges_[i].end)) {
        return true;
      }
    }
    return false;
  }

 private:
  // A range for each window that Mmap could not extend in place: there are few,
  // for each is as large as all before it.
  static constexpr size_t ranges_max = 64;
  struct Range {
    char* begin;
    char* end;
  };

  // I1: the span given last ends the last range.
  Mmap pages_;
  size_t range_count_ = 0;
  Range ranges_[ranges_max] = {};

  bool claim(const Span& span) noexcept {
    char* const end = span.begin + span.size_bytes;
    if (range_count_ != 0 && ranges_[range_count_ - 1].end == span.begin) {
      store(ranges_[range_count_ - 1].end, end);
      return true;
    }
    if (range_count_ == ranges_max) return false;
    ranges_[range_count_] = {span.begin, end};
    store(range_count_, range_count_ + 1);  // publishes the range
    return true;
  }

  template <class T>
  static T load(const T& from) noexcept {
    return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
  }
  template <class T>
  static void store(T& to, T value) noexcept {
    __atomic_store_n(&to, value, __ATOMIC_RELEASE);
  }
};

static_assert(ReleasingPageSource<ClaimedMmap> &&
              DiscardingPageSource<ClaimedMmap>);

}  // namespace mote
