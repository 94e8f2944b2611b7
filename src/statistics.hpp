// The figures of a heap, counted by a walk: used, free, footprint,
// fragmentation by size. No operation on the heap counts anything for it, so it
// costs nothing until it is asked.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "config.hpp"
#include "hardened_heap.hpp"
#include "heap.hpp"
#include "mote/inspect.h"
#include "walk.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class Statistics {
  using Walk = Walker<config, Source, Threading>;

 public:
  // O(slabs and blocks of the back heap).
  static mote_statistics count(const Heap<config, Source, Threading>& heap) {
    mote_statistics sum = {};
    if constexpr (config.segment_size) {
      // What is free in a slab is not counted there.
      Walk::walk(heap, [&](const mote_piece& piece) { add(sum, piece); });
    } else {
      Walk::outline(
          heap, [&](const mote_piece& piece) { add(sum, piece); },
          [&](const void* slab) {
            size_t used_count = Walk::used_count(slab);
            size_t block_size = Walk::block_size(heap, slab);
            size_t free_count = Walk::capacity(heap, slab) - used_count;
            add_used(sum, block_size, used_count);
            add_free(sum, block_size, free_count);
          });
    }
    sum.peak_footprint_bytes = sum.footprint_bytes + Walk::released_bytes(heap);
    return sum;
  }

  // A block in pages of its own, which may be none.
  static void add_guarded(mote_statistics& sum, size_t size,
                          size_t page_bytes) {
    sum.footprint_bytes += page_bytes;
    sum.peak_footprint_bytes += page_bytes;
    ++sum.region_count;
    add_used(sum, size, 1);
  }

 private:
  static void add(mote_statistics& sum, const mote_piece& piece) {
    sum.last_free_bytes = 0;
    switch (piece.kind) {
      case mote_piece_region:
        sum.footprint_bytes += piece.size_bytes;
        ++sum.region_count;
        break;
      case mote_piece_slab:
        ++sum.slab_count;
        break;
      case mote_piece_used:
        add_used(sum, piece.size_bytes, 1);
        break;
      case mote_piece_free:
        add_free(sum, piece.size_bytes, 1);
        sum.last_free_bytes = piece.size_bytes;
        break;
      case mote_piece_map:
        break;
    }
  }

  static void add_used(mote_statistics& sum, size_t size, size_t count) {
    mote_blocks& blocks = sum.by_size[size ? highest_bit(size) : 0];
    blocks.used_count += count;
    blocks.used_bytes += count * size;
    sum.used_count += count;
    sum.used_bytes += count * size;
  }

  static void add_free(mote_statistics& sum, size_t size, size_t count) {
    mote_blocks& blocks = sum.by_size[highest_bit(size)];
    blocks.free_count += count;
    blocks.free_bytes += count * size;
    sum.free_count += count;
    sum.free_bytes += count * size;
    if (count && sum.largest_free_bytes < size) sum.largest_free_bytes = size;
  }
};

template <Config config, PageSource Source, class Threading>
mote_statistics statistics(const Heap<config, Source, Threading>& heap) {
  return Statistics<config, Source, Threading>::count(heap);
}
template <Config config, PageSource Source, class Threading>
mote_statistics statistics(
    const HardenedHeap<config, Source, Threading>& heap) {
  using Count = Statistics<config, Source, Threading>;
  mote_statistics sum = Count::count(heap);
  heap.for_each_guarded(
      [&](const void*, size_t size, const void*, size_t page_bytes) {
        Count::add_guarded(sum, size, page_bytes);
      });
  return sum;
}

}  // namespace mote
