// Page source for Linux, the BSDs and macOS: a window of reserved addresses
// that is committed from its beginning on demand.
//
// Committing is mprotect over PROT_NONE. Measured on Linux 6, x86-64, per call:
// mprotect 0.7 us, mmap with a hint 0.8 us, mmap MAP_FIXED over the reservation
// 3.3 us; touching one fresh 4 KiB page costs 1.7 us. A step of 64 KiB makes
// the calls 3 % of what the page faults cost anyway; a larger step gains
// nothing, short of one that brings a huge page: 2 million small blocks, 260
// MB, allocated, read at random and freed in 100 ms instead of 230. So a heap
// that is larger than its first window takes 2 MiB at a time, where it grows
// for blocks smaller than that; a small one never does. Uncommitted addresses
// cost no memory and no commit charge (strict overcommit included).
//
// The window is short: whoever limits the address space (ulimit -v, or
// setrlimit while running), locks it (mlockall) or reads it (VSZ) would see all
// of a long one. It lies apart from where the kernel puts other mappings (2 TiB
// on x86-64), so a full one is extended in place, doubling what is reserved.
// Should somebody be in the way after all, the next window begins behind them.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bits.hpp"
#include "errno.hpp"
#include "page_source.hpp"

namespace mote {

class Mmap {
 public:
  static constexpr bool is_near_zero = false;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    if (size_bytes > largest_request_bytes) return {nullptr, 0};
    const PreserveErrno preserve;
    const size_t stepped = stepped_bytes(size_bytes);
    const Span span = acquire_exactly(stepped);
    if (span.begin != nullptr) {
      if (stepped == huge_page_bytes) make_huge(span.begin);
      return span;
    }
    const size_t exact = align_up(size_bytes, system_page_bytes());
    return exact < stepped ? acquire_exactly(exact) : span;
  }

  // One call drops the contents, the commit charge and the access. When the
  // kernel refuses (too many mappings), everything stays committed.
  char* release(char* from) noexcept {
    const PreserveErrno preserve;
    char* const new_end =
        from + (-address_of(from) & (system_page_bytes() - 1));
    if (new_end == end_) return end_;
    const size_t size_bytes = static_cast<size_t>(end_ - new_end);
    if (reserve_at(new_end, size_bytes, MAP_FIXED) == new_end) end_ = new_end;
    return end_;
  }

  // Whole system pages; they stay committed. On Linux they read as zero when
  // touched; elsewhere, where MADV_DONTNEED keeps them, the system takes what
  // it needs of them, and what was not taken is still there.
  void discard(char* begin, char* end) noexcept {
    const size_t page = system_page_bytes();
    char* const first = begin + (-address_of(begin) & (page - 1));
    char* const last = end - (address_of(end) & (page - 1));
    if (first >= last) return;
    const PreserveErrno preserve;
    madvise(first, static_cast<size_t>(last - first), discard_advice);
  }

#ifdef __linux__
  static constexpr size_t page_bytes = 65536;  // the largest that is usual

  // Since Linux 5.7. In two steps: one alone would, up to Linux 6.16, unmap
  // `to` before it refuses pages of several mappings; later ones may stop
  // midway. The first takes pages of one mapping only, and changes nothing if
  // refused: then half as many are tried. The second may be refused when `to`
  // is gone: it is mapped anew then, and if that is refused, too, it is lost.
  static size_t move_pages(void* from, void* to, size_t size) noexcept {
    if (((address_of(from) | address_of(to)) & (page_bytes - 1)) != 0) return 0;
    const PreserveErrno preserve;
    size_t moved = 0;
    size_t piece = size;
    while ((piece = align_down(piece, page_bytes)) != 0) {
      if (move_piece(static_cast<char*>(from) + moved,
                     static_cast<char*>(to) + moved, piece)) {
        moved += piece;
        piece = size - moved;
      } else if (is_there(static_cast<char*>(to) + moved, piece)) {
        piece /= 2;
      } else {
        __builtin_memcpy(from, to, moved);
        return pages_lost;
      }
    }
    return moved;
  }
#endif

  static uint32_t milliseconds() noexcept {
    struct timespec now = {};
#ifdef CLOCK_MONOTONIC_COARSE
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return static_cast<uint32_t>(now.tv_sec * 1000 + now.tv_nsec / 1'000'000);
  }

 private:
#ifdef __linux__
  static constexpr int discard_advice = MADV_DONTNEED;
#else
  static constexpr int discard_advice = MADV_FREE;
#endif
  // Below half the address space, so that no rounding here can wrap.
  static constexpr size_t largest_request_bytes = SIZE_MAX / 4;
  static constexpr size_t first_window_bytes = size_t{1} << 26;
  // Where pages have 4 KiB; elsewhere a step like another.
  static constexpr size_t huge_page_bytes = size_t{1} << 21;
  static constexpr bool has_many_addresses = sizeof(void*) > 4;
  // How far from the other mappings, as a share of the addresses below them:
  // 2 TiB of 128, 8 GiB of 512 where addresses have 39 bits, 1.3 of 4 GiB, for
  // there a heap needs all the room that it can have to grow in place.
  static constexpr size_t distance_share = has_many_addresses ? 64 : 3;
  static constexpr size_t distances = has_many_addresses ? 32 : 2;
  // At most this part of the address space is reserved ahead of use: with
  // `ulimit -v 200000` 25 MB, so thread stacks and libraries still find room.
  static constexpr size_t address_space_share = 8;

  // I1: [end_, limit_) is reserved, ours, and not committed.
  // I2: end_ is the end of the last span given, less what was released.
  char* end_ = nullptr;
  char* limit_ = nullptr;
  size_t reserved_bytes_ = 0;  // over the life of the source; sizes the windows

  static size_t system_page_bytes() noexcept {
    return static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }

  // To the border of a huge page in a large heap.
  size_t stepped_bytes(size_t size_bytes) const noexcept {
    if (reserved_bytes_ > first_window_bytes) {
      return align_up(address_of(end_) + size_bytes, huge_page_bytes) -
             address_of(end_);
    }
    const size_t page = system_page_bytes();
    return align_up(size_bytes, page > 65536 ? page : 65536);
  }

  // Makes one huge page of the span if the system can and may; the address is a
  // multiple of its size where the step before ended at one. Asked for no
  // longer than it takes to touch it: else the system would later fill with
  // pages what was discarded.
  static void make_huge([[maybe_unused]] char* begin) noexcept {
#ifdef MADV_HUGEPAGE
    madvise(begin, huge_page_bytes, MADV_HUGEPAGE);
    *const_cast<volatile char*>(begin) = 0;
    madvise(begin, huge_page_bytes, MADV_NOHUGEPAGE);
#endif
  }

#ifdef __linux__
  static bool move_piece(char* from, char* to, size_t size) noexcept {
    constexpr int dont_unmap = 4;  // MREMAP_DONTUNMAP, which musl does not name
    void* const apart = mremap(from, size, size, MREMAP_MAYMOVE | dont_unmap,
                               static_cast<void*>(nullptr));
    if (apart == MAP_FAILED) return false;
    if (mremap(apart, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
      // Too many mappings by now, or no memory for the kernel's own tables.
      __builtin_memcpy(from, apart, size);
      munmap(apart, size);
      return false;
    }
    // As new, what is left is of one mapping with its neighbours, locked in
    // memory if they are, and counts where the system does not overcommit.
    // Where that is refused, it stays as it is.
    map_anew(from, size);
    return true;
  }

  // mprotect changes nothing, and refuses what is not mapped.
  static bool is_there(char* begin, size_t size) noexcept {
    return mprotect(begin, size, PROT_READ | PROT_WRITE) == 0 ||
           map_anew(begin, size);
  }

  static bool map_anew(char* begin, size_t size) noexcept {
    return mmap(begin, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) != MAP_FAILED;
  }
#endif

  static char* reserve_at(char* hint, size_t size_bytes, int flags) noexcept {
    void* const begin = mmap(hint, size_bytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANON | flags, -1, 0);
    return begin == MAP_FAILED ? nullptr : static_cast<char*>(begin);
  }

  Span acquire_exactly(size_t size_bytes) noexcept {
    const size_t room_bytes = static_cast<size_t>(limit_ - end_);
    if (size_bytes > room_bytes && !extend(size_bytes - room_bytes)) {
      return acquire_elsewhere(size_bytes);
    }
    if (mprotect(end_, size_bytes, PROT_READ | PROT_WRITE) != 0) {
      return {nullptr, 0};
    }
    end_ += size_bytes;
    return {end_ - size_bytes, size_bytes};
  }

  static size_t address_space_bytes() noexcept {
    const size_t all = SIZE_MAX / 2;
#ifdef RLIMIT_AS  // OpenBSD has none
    struct rlimit limit;
    // FreeBSD's limits have a sign.
    if (getrlimit(RLIMIT_AS, &limit) == 0 &&
        limit.rlim_cur < static_cast<rlim_t>(all)) {
      return static_cast<size_t>(limit.rlim_cur);
    }
#endif
    return all;
  }

  // What to reserve when `needed_bytes` are needed: as much again as there is.
  size_t window_bytes(size_t needed_bytes) const noexcept {
    const size_t share = address_space_bytes() / address_space_share;
    size_t window = reserved_bytes_ > first_window_bytes ? reserved_bytes_
                                                         : first_window_bytes;
    if (window > share) window = share;
    if (window < needed_bytes) window = needed_bytes;
    return align_up(window, system_page_bytes());
  }

  // Half the window, or what is needed; 0 when that was already refused.
  static size_t smaller_window_bytes(size_t window,
                                     size_t needed_bytes) noexcept {
    if (window == needed_bytes) return 0;
    const size_t half = align_up(window / 2, system_page_bytes());
    return half > needed_bytes && half < window ? half : needed_bytes;
  }

  // Moves limit_ up by at least `needed_bytes`, or changes nothing.
  bool extend(size_t needed_bytes) noexcept {
    if (limit_ == nullptr) return false;
    for (size_t window = window_bytes(needed_bytes); window != 0;
         window = smaller_window_bytes(window, needed_bytes)) {
      char* const begin = reserve_at(limit_, window, 0);
      if (begin == limit_) {
        limit_ += window;
        reserved_bytes_ += window;
        return true;
      }
      if (begin != nullptr) munmap(begin, window);
    }
    return false;
  }

  // Opens a new window and abandons the rest of the old one, once it is certain
  // that the new one can be used.
  Span acquire_elsewhere(size_t size_bytes) noexcept {
    for (size_t window = window_bytes(size_bytes); window != 0;
         window = smaller_window_bytes(window, size_bytes)) {
      char* begin = reserve_beyond(window);
      if (begin == nullptr) begin = reserve_apart(window);
      if (begin == nullptr) continue;
      if (mprotect(begin, size_bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(begin, window);
        return {nullptr, 0};
      }
      if (end_ != limit_) munmap(end_, static_cast<size_t>(limit_ - end_));
      end_ = begin + size_bytes;
      limit_ = begin + window;
      reserved_bytes_ += window;
      return {begin, size_bytes};
    }
    return {nullptr, 0};
  }

  // Behind whatever is in the way, as near as it goes: the heap's page map
  // spans all of its windows, and windows that are TiB apart would be too much
  // for it.
  char* reserve_beyond(size_t size_bytes) const noexcept {
    if (limit_ == nullptr) return nullptr;
    size_t distance = size_bytes;
    for (int tries = 0; tries < 6; ++tries, distance *= 2) {
      char* const wish = limit_ + distance;
      char* const begin = reserve_at(wish, size_bytes, 0);
      if (begin == wish || begin == nullptr) return begin;
      munmap(begin, size_bytes);
    }
    return nullptr;
  }

  // Every window of the process gets a distance of its own, lest those of two
  // heaps meet. The kernel tells by a first mapping where it puts the others,
  // and is free to ignore the wish.
  static char* reserve_apart(size_t size_bytes) noexcept {
    static size_t windows_opened = 0;
    char* const near = reserve_at(nullptr, size_bytes, 0);
    if (near == nullptr) return nullptr;
    const size_t distance =
        align_up(address_of(near) / distance_share, system_page_bytes());
    const size_t multiple =
        __atomic_fetch_add(&windows_opened, 1, __ATOMIC_RELAXED) % distances +
        1;
    char* const apart = reserve_at(near - multiple * distance, size_bytes, 0);
    if (apart == nullptr) return near;
    munmap(near, size_bytes);
    return apart;
  }
};

static_assert(ReleasingPageSource<Mmap> && DiscardingPageSource<Mmap>);

}  // namespace mote
