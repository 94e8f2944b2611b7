// The platform as the core sees it: somewhere to get memory from.
//
// A source is a type, not a virtual interface: there is one per program, and
// the call is inlined into the only place that grows the heap. The concept
// checks the spelling; the contract is in the comments, and
// tests/unit/page_source_test.hpp holds every source to it.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mote {

template <class A, class B>
inline constexpr bool is_same = false;
template <class A>
inline constexpr bool is_same<A, A> = true;
template <class A, class B>
concept same_as = is_same<A, B>;

// Spans begin and end at multiples of this, so that the heap's arithmetic on
// them needs none of its own.
inline constexpr size_t span_alignment = 16;

// Bytes [begin, begin + size_bytes). Refusal is {nullptr, 0}.
struct Span {
  char* begin;
  size_t size_bytes;
};

// `acquire(n, last_byte)`, n > 0, gives at least n bytes that were never given
// before (or were released since), or refuses, and then nothing has changed.
// `last_byte` is the last one of the span before, less what was released;
// before the first span it lies in static data. A source that can tell from it
// where to go on needs no state of its own; others ignore it.
//
//  - The memory may be read and written, and reads as zero unless it was given
//    and released before.
//  - Whenever the platform allows it, the span begins where the previous one
//    ended: the heap then sees one region that grew. When another user of the
//    platform grew it in between, the span begins elsewhere.
//  - The source rounds up to its own unit (wasm page, system page) and to
//    `span_alignment`; the heap uses every byte it gets.
//  - n near SIZE_MAX must be refused, not wrapped.
//
// `is_near_zero` says that the addresses it gives start close to 0 and only
// grow, as those of a linear memory do: the page map then needs no origin.
//
// It may have a static `product(count, size)` where its processor has a shorter
// way to it than that of everywhere: SIZE_MAX, which no heap has, for what is
// no size.
template <class S>
concept PageSource =
    requires(S& source, size_t size_bytes, const char* last_byte) {
      { source.acquire(size_bytes, last_byte) } noexcept -> same_as<Span>;
      { S::is_near_zero } -> same_as<const bool&>;
    };

// A source that can take memory back. `release(from)` gives back the tail
// [from, end of the last span acquired) as far as its unit allows, and returns
// the new end, `from` rounded up to that unit and to `span_alignment`: memory
// below it is still the heap's and keeps its contents. The next acquire
// continues at that end.
template <class S>
concept ReleasingPageSource = PageSource<S> && requires(S& source, char* from) {
  { source.release(from) } noexcept -> same_as<char*>;
};

// A source that can take contents back and leave the addresses: of
// [begin, end), which may cost no memory until it is written to, as much as its
// unit allows; both that and what it released read as zero when they come
// again. `milliseconds()` is a clock that never goes back.
template <class S>
concept DiscardingPageSource =
    PageSource<S> && requires(S& source, char* begin, char* end) {
      { source.discard(begin, end) } noexcept -> same_as<void>;
      { S::milliseconds() } noexcept -> same_as<uint32_t>;
    };

// A source that can move pages from [from, from + size) to `to` instead of
// copying their contents; what was there reads as zero then. How many bytes
// from the beginning on it has moved, 0 if none. Not for a few pages: each move
// may leave the system one more mapping to keep. It moves none unless both lie
// at multiples of the system's pages, which `page_bytes` is one of.
// `pages_lost`: none, and there is no memory at `to` any more.
constexpr size_t pages_lost = SIZE_MAX;
template <class S>
concept PageMovingSource =
    PageSource<S> && requires(S& source, void* from, void* to, size_t size) {
      { source.move_pages(from, to, size) } noexcept -> same_as<size_t>;
      { S::page_bytes } -> same_as<const size_t&>;
    };

}  // namespace mote
