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

#include "bits.hpp"
#include "errno.hpp"
#include "page_source.hpp"

namespace mote {

// `step_bytes`: what a request is rounded up to while the platform grants it.
// 64 KiB saves system calls; the least takes no more than is needed.
template <size_t step_bytes = 65536>
class Sbrk {
  static_assert(step_bytes >= span_alignment &&
                (step_bytes & (step_bytes - 1)) == 0);

 public:
  static constexpr bool is_near_zero = false;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    if (size_bytes > PTRDIFF_MAX - 2 * page_bytes_max) return {nullptr, 0};
    const PreserveErrno preserve;
    const size_t stepped = align_up(size_bytes, step_bytes);
    const Span span = acquire_exactly(stepped);
    const size_t exact = align_up(size_bytes, span_alignment);
    if (span.begin != nullptr || stepped == exact) return span;
    return acquire_exactly(exact);
  }

  // Whole system pages, whatever their size: the next user of a partial one
  // would find our bytes in it. Nothing from below somebody else's memory.
  char* release(char* from) noexcept {
    const PreserveErrno preserve;
    char* const new_end = from + (-address_of(from) & (page_bytes_max - 1));
    if (address_of(new_end) < address_of(end_) && sbrk(0) == end_ &&
        sbrk(new_end - end_) != failed()) {
      end_ = new_end;
    }
    return end_;
  }

 private:
  static constexpr size_t page_bytes_max = 65536;

  char* end_ = nullptr;  // of the last span given, less what was released

  static void* failed() noexcept {
    return reinterpret_cast<void*>(intptr_t{-1});
  }

  // Somebody else may have left the break at any address.
  Span acquire_exactly(size_t size_bytes) noexcept {
    const size_t gap_bytes = -address_of(sbrk(0)) & (span_alignment - 1);
    void* const gap = sbrk(static_cast<intptr_t>(gap_bytes + size_bytes));
    if (gap == failed()) return {nullptr, 0};
    char* const begin = static_cast<char*>(gap) + gap_bytes;
    end_ = begin + size_bytes;
    return {begin, size_bytes};
  }
};

static_assert(ReleasingPageSource<Sbrk<>>);

}  // namespace mote
