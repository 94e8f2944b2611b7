// Everything that may be chosen about a heap, as one value. A profile is a
// value of it, not a fork of the code: a misspelt field does not compile, where
// a misspelt macro would silently be zero.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"

namespace mote {

struct Config {
  // The granule: every block starts at a multiple of it, and every block size
  // is a multiple of it. 16 suits max_align_t of clang, 8 that of Emscripten.
  size_t alignment = 16;

  // Whether small blocks come from headerless slabs (the standard profile) or
  // from the back heap like all others (the tiny profile).
  bool has_slabs = true;

  // Size classes, one for each multiple of the alignment: the largest block
  // served from a slab has 24 granules. Memory over the headerless limit on
  // traces, at 16 and 8: 16 granules 1.036, 1.030; 20 1.032, 1.030; 24 1.032,
  // 1.034; 32 1.033, 1.035.
  size_t class_count = 24;

  // Bytes per slab, a power of two. Small, so that a program that uses each
  // size class a little pays little; not smaller, because the last block of a
  // slab is lost to the next header where its size divides the slab's.
  // Memory over the headerless limit on traces: 2 KiB 1.043, 4 KiB 1.037, 8 KiB
  // 1.039.
  size_t slab_size = 4096;

  // Whether a link in a free block is asked of its neighbours before it is
  // followed to a write (free_list.hpp).
  bool checks_links = true;

  // Where threads have heaps of their own: bytes of the segments that their
  // slabs lie in (segments.hpp), at most 64 slabs; 0 if slabs lie by
  // themselves.
  size_t segment_size = 0;

  // And bytes of larger blocks that one keeps instead of giving them back, and
  // the largest such block, header included.
  size_t thread_cache_bytes = 0;
  size_t cached_block_size_max = 4096;

  // Where the source can discard: how long free memory keeps its pages, about,
  // and from how many freed bytes and in blocks of which size it is worth it.
  size_t discard_delay_milliseconds = 250;
  size_t discard_bytes_min = size_t{1} << 20;
  size_t discarded_block_size_min = 8192;
  // And from which size on one loses them when it is freed, as glibc's do.
  size_t discarded_at_once_size_min = size_t{1} << 25;

  // Where the source can move pages: from which size on reallocation does so.
  size_t page_moved_size_min = size_t{1} << 20;

  // The hardened profile (hardened_heap.hpp): how many freed blocks wait before
  // they are used again, up to which size, and from which size on a block has
  // guard pages, where the platform has them.
  bool is_hardened = false;
  size_t quarantine_count = 16;
  size_t quarantined_size_max = 4352;  // 4 KiB and what is added
  size_t guarded_size_min = 65536;
  // Whether blocks too large to wait are cleared, too, when they are freed.
  bool clears_all_freed = false;

  constexpr size_t small_size_max() const { return class_count * alignment; }
  // What the page map has an entry for.
  constexpr size_t map_granule() const {
    return segment_size ? segment_size : slab_size;
  }
};

inline constexpr Config standard_profile = {};
inline constexpr Config tiny_profile = {.has_slabs = false,
                                        .checks_links = false};

inline constexpr Config hardened_profile = {.is_hardened = true};

// Beside the page that is no slab there is one, and the classes of 7 blocks a
// page and fewer begin where those of a granule end: a size between them would
// be served from one that is too small.
constexpr bool has_valid_segments(Config c) {
  return c.segment_size >= 2 * c.slab_size &&
         c.slab_size / 7 > c.small_size_max() &&
         c.slab_size / (c.small_size_max() + c.alignment) <= 7;
}

constexpr bool is_valid(Config c) {
  return is_power_of_two(c.alignment) && is_power_of_two(c.slab_size) &&
         c.alignment >= 8 && c.alignment <= 16 &&      // as spans are
         c.class_count >= 1 && c.class_count < 128 &&  // fits the map's entry
         c.slab_size <= 65536 &&  // a product with an inverse tells divisors
         c.slab_size >= c.small_size_max() * (c.segment_size ? 4 : 8) &&
         is_power_of_two(c.map_granule()) && c.map_granule() >= c.slab_size &&
         c.map_granule() / c.slab_size <= 64 &&  // a bit for each
         (!c.segment_size || !c.has_slabs || has_valid_segments(c)) &&
         (!c.is_hardened || (c.has_slabs && c.checks_links && !c.segment_size &&
                             !c.thread_cache_bytes && c.quarantine_count >= 1 &&
                             c.quarantined_size_max >= c.small_size_max()));
}

}  // namespace mote
