// Checks the numbered invariants of segments.hpp, of one owner that is not at
// work meanwhile.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "back_heap.hpp"
#include "common.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_source.hpp"
#include "ring.hpp"
#include "segments.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class SegmentsVerifier {
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  using Small = Segments<config, Source, Threading>;
  using Slab = typename Small::Slab;
  using First = typename Small::First;

 public:
  // The name of the first invariant found broken, or null.
  static const char* verify(const Common& common, const Small& small) {
    size_t with_room_count = 0;
    size_t listed_count = 0;
    for (size_t index = 0; index < common.map.size(); ++index) {
      if (common.map.entry(index) != address_of(&small)) continue;
      auto* segment = static_cast<First*>(common.map.slab_at(index));
      with_room_count += segment->unused != 0;
      if (const char* broken = verify_segment(*segment, listed_count))
        return broken;
    }
    for (size_t c = 0; c < Small::class_count; ++c) {
      for (FreeNode* node = small.first_[c]; node; node = node->next)
        if (!is_freed_block(common, small, node, c + 1)) return "P3";
      if (!has_count(small.slabs_[c], listed_count, is_listed, c + 1))
        return "P2";
    }
    if (listed_count) return "P2";
    bool are_all = has_count(small.segments_, with_room_count, has_room, 0);
    return are_all && !with_room_count ? nullptr : "P4";
  }

 private:
  // Adds how many of its slabs should be on a list.
  static const char* verify_segment(First& segment, size_t& listed_count) {
    const Header* block = Back::block_of(&segment);
    if (!(block->bits & Back::is_used)) return "P1";
    if (Back::size_of(block) < config.segment_size) return "P1";
    if (segment.limit || segment.unused & ~Small::all_slabs) return "P4";
    for (size_t i = 1; i < Small::slab_count; ++i) {
      const Slab& slab = segment.at(i);
      bool is_unused = segment.unused >> i & 1;
      if (is_unused != (slab.limit == 0)) return "P4";
      if (is_unused) continue;
      if (!(segment.touched >> i & 1)) return "P4";
      listed_count += !slab.is_full;
      if (const char* broken = verify_slab(slab, i)) return broken;
    }
    return nullptr;
  }

  static const char* verify_slab(const Slab& slab, size_t index) {
    if (slab.number - 1u >= Small::class_count) return "P2";
    size_t block_size = Small::class_to_size(slab.number - 1u);
    if (slab.block_size != block_size ||
        slab.inverse != Small::inverse_of(block_size) ||
        slab.limit != Small::limit_of(block_size, slab.capacity) ||
        slab.capacity != Small::slab_bytes(index) / block_size)
      return "P2";
    if (slab.is_full) return slab.free || slab.countdown != 1 ? "P2" : nullptr;
    size_t in_use_count = slab.capacity;
    for (FreeNode* node = slab.free; node; node = node->next) {
      if (!is_in(slab, node) || !is_marked_freed(node)) return "P3";
      if (in_use_count-- == 0) return "P2";
    }
    return slab.countdown == in_use_count ? nullptr : "P2";
  }

  static bool is_in(const Slab& slab, const FreeNode* node) {
    return &Small::slab_of(node) == &slab &&
           Small::offset_of(node) % slab.block_size == 0;
  }

  static bool is_freed_block(const Common& common, const Small& small,
                             const FreeNode* node, size_t number) {
    return common.map.at(node) == address_of(&small) && is_marked_freed(node) &&
           Small::slab_of(node).number == number &&
           is_in(Small::slab_of(node), node);
  }

  static bool is_listed(const Links* links, size_t number) {
    return static_cast<const Slab*>(links)->number == number;
  }
  static bool has_room(const Links* links, size_t) {
    return static_cast<const First*>(links)->unused != 0;
  }

  // Whether all on the ring are as they should be; takes them off the count.
  static bool has_count(const Links& head, size_t& count,
                        bool (*is_good)(const Links*, size_t), size_t number) {
    const Links* before = &head;
    for (const Links* links = head.next; links->back == before;
         before = links, links = links->next) {
      if (links == &head) return true;
      if (!is_good(links, number) || count-- == 0) return false;
    }
    return false;
  }
};

}  // namespace mote
