// Page source for Windows: a long reserved range, committed from its beginning.
//
// Unlike on Unix the range is long from the start (64 GiB): reserved addresses
// count against no limit here, and one commit may not span two reservations, so
// a range that is extended in place would still have to be used in pieces.
// Committed memory is charged at once, hence the modest step.
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include "bits.hpp"
#include "page_source.hpp"

namespace mote {

class VirtualAllocPages {
 public:
  static constexpr bool is_near_zero = false;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    if (size_bytes > largest_request_bytes) return {nullptr, 0};
    const size_t stepped = align_up(size_bytes, commit_step_bytes);
    const Span span = acquire_exactly(stepped);
    if (span.begin != nullptr) return span;
    const size_t exact = align_up(size_bytes, system_page_bytes());
    return exact < stepped ? acquire_exactly(exact) : span;
  }

  char* release(char* from) noexcept {
    char* const new_end =
        from + (-address_of(from) & (system_page_bytes() - 1));
    if (new_end != end_ &&
        VirtualFree(new_end, static_cast<size_t>(end_ - new_end),
                    MEM_DECOMMIT)) {
      end_ = new_end;
    }
    return end_;
  }

 private:
  // Below half the address space, so that no rounding here can wrap.
  static constexpr size_t largest_request_bytes = SIZE_MAX / 4;
  static constexpr size_t commit_step_bytes = 65536;
  static constexpr size_t range_bytes = size_t{1}
                                        << (sizeof(void*) > 4 ? 36 : 28);

  // I1: [end_, limit_) is reserved, ours, and not committed.
  // I2: end_ is the end of the last span given, less what was released.
  char* end_ = nullptr;
  char* limit_ = nullptr;

  static size_t system_page_bytes() noexcept {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
  }

  static bool commit(char* begin, size_t size_bytes) noexcept {
    return VirtualAlloc(begin, size_bytes, MEM_COMMIT, PAGE_READWRITE) !=
           nullptr;
  }

  Span acquire_exactly(size_t size_bytes) noexcept {
    if (size_bytes > static_cast<size_t>(limit_ - end_)) {
      return acquire_elsewhere(size_bytes);
    }
    if (!commit(end_, size_bytes)) return {nullptr, 0};
    end_ += size_bytes;
    return {end_ - size_bytes, size_bytes};
  }

  // The rest of the old range stays reserved: a part cannot be given back.
  Span acquire_elsewhere(size_t size_bytes) noexcept {
    size_t range = size_bytes > range_bytes ? size_bytes : range_bytes;
    void* reserved = reserve(range);
    while (reserved == nullptr && range / 2 >= size_bytes) {
      range /= 2;
      reserved = reserve(range);
    }
    if (reserved == nullptr) return {nullptr, 0};
    char* const begin = static_cast<char*>(reserved);
    if (!commit(begin, size_bytes)) {
      VirtualFree(begin, 0, MEM_RELEASE);
      return {nullptr, 0};
    }
    end_ = begin + size_bytes;
    limit_ = begin + range;
    return {begin, size_bytes};
  }

  static void* reserve(size_t size_bytes) noexcept {
    return VirtualAlloc(nullptr, size_bytes, MEM_RESERVE, PAGE_NOACCESS);
  }
};

static_assert(ReleasingPageSource<VirtualAllocPages>);

}  // namespace mote
