// Page source over sbrk: Unix systems that still have a break, and bare metal
// whose C library asks for a `_sbrk`. The break is shared: any other user of it
// just makes the next span begin elsewhere. sbrk takes no lock, so that other
// user must not be another thread.
//
// Bare metal must hand out zeroed memory (a RAM cleared at reset is enough).
// musl refuses every sbrk but sbrk(0): there this source never grants.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "../src/page_source.hpp"
#include "preserve_errno.hpp"

namespace mote {

// `step_bytes`: what a request is rounded up to while the platform grants it.
// 64 KiB saves system calls; the least takes no more than is needed.
template <size_t step_bytes = 65536>
class Sbrk {
  static_assert(step_bytes >= span_alignment &&
                (step_bytes & (step_bytes - 1)) == 0);

 public:
  static constexpr bool is_near_zero = false;

  Span acquire(size_t size_bytes) noexcept {
    if (size_bytes > PTRDIFF_MAX - step_bytes) return {nullptr, 0};
    const PreserveErrno preserve;
    const size_t stepped = (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
    const Span span = acquire_exactly(stepped);
    if (span.begin != nullptr) return span;
    return acquire_exactly((size_bytes + span_alignment - 1) &
                           ~(span_alignment - 1));
  }

  // Whole system pages, whatever their size: the next user of a partial one
  // would find our bytes in it. Nothing from below somebody else's memory.
  char* release(char* from) noexcept {
    const PreserveErrno preserve;
    const auto bits = reinterpret_cast<uintptr_t>(from);
    const auto new_bits = (bits + page_bytes_max - 1) & ~(page_bytes_max - 1);
    const auto end_bits = reinterpret_cast<uintptr_t>(end_);
    if (new_bits < end_bits && sbrk(0) == end_ &&
        sbrk(-static_cast<intptr_t>(end_bits - new_bits)) != failed()) {
      end_ = from + (new_bits - bits);
    }
    return end_;
  }

 private:
  static constexpr uintptr_t page_bytes_max = 65536;

  char* end_ = nullptr;  // end of the last span given, less what was released

  static void* failed() noexcept { return reinterpret_cast<void*>(intptr_t{-1}); }

  // The break may be anywhere, at first or behind somebody else's bytes.
  Span acquire_exactly(size_t size_bytes) noexcept {
    const auto break_bits = reinterpret_cast<uintptr_t>(sbrk(0));
    const size_t padding = -break_bits & (span_alignment - 1);
    void* const grown = sbrk(static_cast<intptr_t>(padding + size_bytes));
    if (grown == failed()) return {nullptr, 0};
    char* const begin = static_cast<char*>(grown) + padding;
    end_ = begin + size_bytes;
    return {begin, size_bytes};
  }
};

static_assert(ReleasingPageSource<Sbrk<>>);

}  // namespace mote
