// Visits every piece of a heap: regions, slabs, blocks in use and free ones.
// O(pieces); nothing is written or allocated. Whoever shares the heap with
// other threads holds its lock meanwhile, and `visit` must not change the heap.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "hardened_heap.hpp"
#include "heap.hpp"
#include "mote/inspect.h"
#include "page_map.hpp"
#include "seal.hpp"
#include "segments.hpp"
#include "slabs.hpp"

namespace mote {

// Where a heap keeps what, for a reader outside who sees its memory only: the
// words of this struct in their order. Such a reader walks as Walker does.
struct Layout {
  static constexpr size_t current_version = 2;

  size_t version;
  const void* heap;  // the offsets below count from here
  size_t alignment;
  // The back heap: headers follow each other from the origin, `extent` bytes
  // long; each is a word, size | flags.
  size_t origin_offset;
  size_t extent_offset;
  size_t is_free;
  size_t is_used;
  // Slabs; 0 bytes long if there are none. `slab_bytes` are cut into blocks,
  // then follows how many are in use, in four bytes. The page map has an entry
  // for each `slab_size` of addresses: class + 1 in the bits of `class_mask`,
  // its owner's address in the others; 0 where no slab is.
  size_t slab_size;
  size_t slab_bytes;
  size_t class_mask;
  size_t map_offset;
  size_t map_size_offset;
  size_t entry_size;
  // A free block in a slab holds `next` and `back`. The lists of the classes
  // begin `class_stride` bytes apart, counted from the owner where entries name
  // one.
  size_t lists_offset;
  size_t class_stride;
  size_t back_offset;
};

template <Config config, PageSource Source, class Threading>
class Walker {
  using Whole = Heap<config, Source, Threading>;
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  static constexpr bool has_segments = config.segment_size != 0;
  using Small =
      typename Either<has_segments, Segments<config, Source, Threading>,
                      Slabs<config, Source, Threading>>::Type;
  using Map = PageMap<config, Source, Threading>;

 public:
  // Calls `visit(piece)` for every piece, in the order of inspect.h.
  template <class Visit>
  static void walk(const Whole& heap, Visit visit) {
    if constexpr (has_segments) {
      // One copy of what is long, whoever visits.
      walk_any(
          heap,
          [](void* of, const mote_piece& piece) {
            (*static_cast<Visit*>(of))(piece);
          },
          &visit);
    } else {
      walk_all(heap, visit);
    }
  }

  // The same, but of what is in a slab only `visit_slab(slab)`.
  template <class Visit, class VisitSlab>
  static void outline(const Whole& heap, Visit visit, VisitSlab visit_slab) {
    const Header* region = nullptr;
    for_each_header(heap.common_.back, [&](const Header* block) {
      if (!(block->bits & (Back::is_free | Back::is_used))) {
        region = nullptr;  // it ended here
        return;
      }
      if (!region) {
        region = block;
        visit(mote_piece{region, region_bytes(region), mote_piece_region});
      }
      visit_block(heap, block, visit, visit_slab);
    });
  }

  // How many of a slab's blocks are in use; where threads have slabs, counting
  // what is on its way. Not of segments.
  static size_t used_count(const void* slab) {
    return *Small::used_count(slab);
  }
  // How many of a slab's blocks are free or in use.
  static size_t capacity(const Whole& heap, const void* slab) {
    return Small::block_bytes / block_size(heap, slab);
  }
  static size_t block_size(const Whole& heap, const void* slab) {
    return Small::block_size(heap.common_, slab);
  }

  // How far the heap once reached behind where it ends now, if it can be told.
  static size_t released_bytes(const Whole& heap) {
    size_t highest = 0;
    for_each_header(heap.common_.back, [&](const Header* block) {
      size_t reached = Back::distance(heap.common_.back.origin(), block);
      if (highest < reached) highest = reached;
    });
    size_t max = heap.common_.back.extent_max();
    bool is_last_highest = highest == heap.common_.back.extent_;
    return is_last_highest && highest < max ? max - highest : 0;
  }

  static constexpr Layout layout(const Whole* heap)
    requires(!has_segments)
  {
    static_assert(sizeof(typename Small::Count) == 4);
    static_assert(offsetof(FreeNode, next) == 0);
    constexpr size_t common = offsetof(Whole, common_);
    constexpr size_t back = common + offsetof(Common, back);
    constexpr size_t map = common + offsetof(Common, map);
    constexpr size_t lists =
        offsetof(Small, classes_) + offsetof(typename Small::Class, list);
    return {
        .version = Layout::current_version,
        .heap = heap,
        .alignment = config.alignment,
        .origin_offset =
            back + offsetof(Back, origin_) + span_alignment - Back::header_size,
        .extent_offset = back + offsetof(Back, extent_),
        .is_free = Back::is_free,
        .is_used = Back::is_used,
        .slab_size = config.has_slabs ? config.slab_size : 0,
        .slab_bytes = Small::block_bytes,
        .class_mask = Map::owner_alignment - 1,
        .map_offset = map + offsetof(Map, entries_),
        .map_size_offset = map + offsetof(Map, size_),
        .entry_size = sizeof(typename Map::Entry),
        .lists_offset =
            Threading::is_shared ? lists : offsetof(Whole, small_) + lists,
        .class_stride = sizeof(typename Small::Class),
        .back_offset = offsetof(FreeNode, back),
    };
  }

 private:
  using AnyVisit = void (*)(void* of, const mote_piece&);
  [[gnu::noinline]] static void walk_any(const Whole& heap, AnyVisit visit,
                                         void* of) {
    walk_all(heap, [=](const mote_piece& piece) { visit(of, piece); });
  }

  template <class Visit>
  static void walk_all(const Whole& heap, Visit visit) {
    outline(heap, visit, [&](const void* slab) {
      for_each_block(heap, slab, [&](const FreeNode* node, size_t size) {
        bool is_free = is_free_in_slab(heap, node, size);
        visit(mote_piece{node, size,
                         is_free ? mote_piece_free : mote_piece_used});
      });
    });
  }

  // Calls `visit(header)` for all from the origin to the last sentinel.
  template <class Visit>
  static void for_each_header(const Back& back, Visit visit) {
    const Header* last = Back::at(back.origin(), back.extent_);
    for (const Header* block = back.origin();; block = Back::after(block)) {
      visit(block);
      if (block == last) return;
      // Else it would be walked for ever.
      if (Back::size_of(block) == 0) mote_trap_corrupted_heap();
    }
  }

  // Up to its sentinel, which belongs to it.
  static size_t region_bytes(const Header* region) {
    const Header* block = region;
    while (block->bits & (Back::is_free | Back::is_used)) {
      if (Back::size_of(block) == 0) mote_trap_corrupted_heap();
      block = Back::after(block);
    }
    return Back::distance(region, block) + Back::header_size;
  }

  template <class Visit, class VisitSlab>
  static void visit_block(const Whole& heap, const Header* block, Visit visit,
                          VisitSlab visit_slab) {
    const void* payload = block + 1;
    size_t size = Back::payload_size(block);
    mote_piece_kind kind =
        block->bits & Back::is_free ? mote_piece_free : mote_piece_used;
    if constexpr (config.has_slabs) {
      const auto& map = heap.common_.map;
      if (map.is_map(payload)) kind = mote_piece_map;
      // Only a slab lies where its own entry is.
      if (kind == mote_piece_used && map.at(payload)) {
        if constexpr (has_segments) {
          visit_segment(payload, visit, visit_slab);
        } else {
          visit(mote_piece{payload, size, mote_piece_slab});
          visit_slab(payload);
        }
        return;
      }
    }
    // In use for the back heap, but it waits, or is only kept by a thread.
    if constexpr (config.is_hardened) {
      if (kind == mote_piece_used && is_freed(heap, payload, size))
        kind = mote_piece_free;
    }
    if constexpr (Threading::is_shared && config.thread_cache_bytes) {
      if (is_marked_freed(static_cast<const FreeNode*>(payload)))
        kind = mote_piece_free;
    }
    visit(mote_piece{payload, size, kind});
  }

  // The table in its first page is the heap's own; a page without a slab is
  // free.
  template <class Visit, class VisitSlab>
  static void visit_segment(const void* segment, Visit visit,
                            VisitSlab visit_slab) {
    const auto* page = static_cast<const char*>(segment);
    visit(mote_piece{page, config.slab_size, mote_piece_map});
    for (size_t i = 1; i < Small::slab_count; ++i) {
      page += config.slab_size;
      bool is_slab = Threading::load(Small::slab_of(page).block_size);
      visit(mote_piece{page, Small::slab_bytes(i),
                       is_slab ? mote_piece_slab : mote_piece_free});
      if (is_slab) visit_slab(page);
    }
  }

  // Calls `action(node, block_size)` for each block of a slab. In a segment its
  // owner may end it meanwhile, or cut it anew, without a lock: so the size is
  // asked once, and nothing behind the slab is read.
  template <class Action>
  static void for_each_block(const Whole& heap, const void* slab,
                             Action action) {
    size_t size = block_size(heap, slab);
    if (!size) return;
    const auto* block = static_cast<const char*>(slab);
    for (size_t count = bytes_in_blocks(slab) / size; count;
         --count, block += size)
      action(reinterpret_cast<const FreeNode*>(block), size);
  }
  static size_t bytes_in_blocks(const void* slab) {
    if constexpr (has_segments) {
      return Small::slab_bytes(Small::slab_of(slab));
    } else {
      return Small::block_bytes;
    }
  }

  static bool is_free_in_slab(const Whole& heap, const FreeNode* node,
                              size_t block_size) {
    if constexpr (config.is_hardened) {
      return Seal<config, Source>(heap.source(), node, block_size)
                 .facts()
                 .use() <= Use::freed;
    } else if constexpr (has_segments) {
      return is_marked_freed(node);
    } else {
      return Small::is_listed(heap.common_, class_of(heap, node), node);
    }
  }
  // A block with a seal; others are as good as never freed.
  static bool is_freed(const Whole& heap, const void* block, size_t size) {
    Seal<config, Source> seal(heap.source(), block, size);
    auto facts = seal.facts();
    return facts.is_seal() && facts.use() == Use::freed;
  }

  static const auto& class_of(const Whole& heap, const void* slab) {
    auto entry = heap.common_.map.at(slab);
    return slabs_of(heap, entry).class_of(entry);
  }
  // The owner of a slab, by its entry.
  static const Small& slabs_of(const Whole& heap, size_t entry) {
    if constexpr (Threading::is_shared) {
      return *reinterpret_cast<const Small*>(
          align_down(entry, Map::owner_alignment));
    } else {
      return heap.small_;
    }
  }
};

template <Config config, PageSource Source, class Threading, class Visit>
void walk(const Heap<config, Source, Threading>& heap, Visit visit) {
  Walker<config, Source, Threading>::walk(heap, visit);
}

// A block between guard pages is alone in a region.
template <Config config, PageSource Source, class Threading, class Visit>
void walk(const HardenedHeap<config, Source, Threading>& heap, Visit visit) {
  Walker<config, Source, Threading>::walk(heap, visit);
  heap.for_each_guarded([&](const void* block, size_t size, const void* pages,
                            size_t page_bytes) {
    visit(mote_piece{pages, page_bytes, mote_piece_region});
    visit(mote_piece{block, size, mote_piece_used});
  });
}

}  // namespace mote
