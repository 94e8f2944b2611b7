// A page source whose every whim is a member, so that a test can combine them:
//
//   FakePages pages{.page_size_bytes = 1, .budget_bytes = 8192, .refuse_at =
//   3};
//
// It grants memory of an arena of its own, from low addresses to high (or, with
// `descending`, from high to low), and after each grant lets somebody else take
// `foreign_bytes`. Under AddressSanitizer, whatever is not granted is poisoned:
// a heap that looks there is caught.
//
// Copying an unused fake copies the settings; the copy gets its own arena.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "asan.hpp"
#include "bits.hpp"
#include "page_source.hpp"

namespace mote {

// The memory behind one fake: obtained at the first grant, so that a fake may
// be a constant-initialised global, and given back with the fake.
class FakeArena {
 public:
  static constexpr size_t alignment = 65536;

  constexpr FakeArena() = default;
  constexpr FakeArena(const FakeArena&) {}
  FakeArena& operator=(const FakeArena&) = delete;
  ~FakeArena() {
    if (memory_ == nullptr) return;
    allow(memory_, size_bytes_);
    free(memory_);
  }

  // Null when the host has no memory: the fake then refuses, too.
  char* begin(size_t size_bytes) {
    if (memory_ == nullptr) {
      size_bytes_ = size_bytes + alignment;
      memory_ = static_cast<char*>(calloc(size_bytes_, 1));
      if (memory_ == nullptr) return nullptr;
      forbid(memory_, size_bytes_);
    }
    return memory_ + (-reinterpret_cast<uintptr_t>(memory_) & (alignment - 1));
  }

 private:
  char* memory_ = nullptr;
  size_t size_bytes_ = 0;
};

template <bool releasing>
struct BasicFakePages {
  static constexpr bool is_near_zero = false;

  // Settings. All but the last two may be changed at any time.
  size_t page_size_bytes = 65536;  // any number, 1 too; span_alignment on top
  size_t budget_bytes = SIZE_MAX;  // granted at most, in all
  size_t refuse_at = 0;      // this acquire is refused; 0: none, 1: the first
  size_t foreign_bytes = 0;  // somebody else takes these after each grant
  bool descending = false;   // each span lies below the one before
  size_t first_offset_bytes = 0;  // how far from a border the memory begins
  size_t arena_bytes = size_t{1} << 20;

  // What happened.
  size_t acquire_count = 0;  // calls, refused ones included
  size_t granted_bytes = 0;  // less what was released

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    if (size_bytes == 0) __builtin_trap();  // the heap's part of the contract
    acquire_count++;
    if (acquire_count == refuse_at || size_bytes > arena_bytes) return refusal;
    const size_t page_count = (size_bytes - 1) / page_size_bytes + 1;
    if (page_count > arena_bytes / page_size_bytes) return refusal;
    const size_t span_bytes =
        align_up(page_count * page_size_bytes, span_alignment);
    if (span_bytes > room_bytes() || granted_bytes > budget_bytes ||
        span_bytes > budget_bytes - granted_bytes) {
      return refusal;
    }
    char* const arena = arena_.begin(arena_bytes);
    if (arena == nullptr) return refusal;

    const size_t used_before = round_up(used_bytes_);
    used_bytes_ = used_before + span_bytes;
    char* const begin =
        descending ? arena + arena_bytes - used_bytes_
                   : arena + round_up(first_offset_bytes) + used_before;
    end_ = begin + span_bytes;
    allow(begin, span_bytes);
    granted_bytes += span_bytes;
    foreign_behind_ = foreign_bytes != 0;
    const size_t foreign = align_up(foreign_bytes, span_alignment);
    used_bytes_ += foreign < room_bytes() ? foreign : room_bytes();
    return {begin, span_bytes};
  }

  // Memory that somebody else's lies behind cannot be given back. What was
  // released does not read as zero when it comes again: the contract promises
  // that for the first time only.
  char* release(char* from) noexcept
    requires releasing
  {
    if (descending || foreign_behind_) return end_;
    const size_t page_count =
        static_cast<size_t>(end_ - from) / page_size_bytes;
    const size_t released_bytes =
        align_down(page_count * page_size_bytes, span_alignment);
    end_ -= released_bytes;
    used_bytes_ -= released_bytes;
    granted_bytes -= released_bytes;
    memset(end_, released_fill, released_bytes);
    forbid(end_, released_bytes);
    return end_;
  }

  // Inner state: aggregates cannot have private members.
  static constexpr Span refusal = {nullptr, 0};
  static constexpr unsigned char released_fill = 0xF0;
  char* end_ = nullptr;          // of the last span, less what was released
  size_t used_bytes_ = 0;        // of the arena, by anybody
  bool foreign_behind_ = false;  // whether somebody took memory behind end_
  FakeArena arena_ = {};

  static size_t round_up(size_t size_bytes) noexcept {
    return (size_bytes + span_alignment - 1) & ~(span_alignment - 1);
  }

  size_t room_bytes() const noexcept {
    const size_t taken = round_up(used_bytes_) + round_up(first_offset_bytes);
    return taken < arena_bytes ? arena_bytes - taken : 0;
  }
};

using FakePages = BasicFakePages<false>;
using ReleasingFakePages = BasicFakePages<true>;

// What says that it is a linear memory, for a back heap without a page map.
struct LinearFakePages : FakePages {
  static constexpr bool is_near_zero = true;
};

static_assert(PageSource<FakePages> && !ReleasingPageSource<FakePages>);
static_assert(ReleasingPageSource<ReleasingFakePages>);

}  // namespace mote
