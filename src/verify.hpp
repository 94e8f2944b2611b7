// Walks a whole heap and checks every numbered invariant of free_list.hpp,
// back_heap.hpp, slabs.hpp, segments.hpp, thread_slabs.hpp and seal.hpp. For
// tests and debugging: O(heap), and nothing of it is in a program that does not
// call it.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "config.hpp"
#include "hardened_heap.hpp"
#include "heap.hpp"
#include "page_map.hpp"
#include "seal.hpp"
#include "slabs.hpp"
#include "threading.hpp"
#include "verify_segments.hpp"

namespace mote {

// The name of the first invariant found broken, or null.
template <Config config, PageSource Source, class Threading>
class Verifier {
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  using Map = PageMap<config, Source, Threading>;
  using Small = Slabs<config, Source, Threading>;

 public:
  static const char* verify(Heap<config, Source, Threading>& heap) {
    const char* broken = verify_blocks(heap.common_.back);
    if (!broken) broken = verify_bins(heap.common_.back);
    if constexpr (config.has_slabs)
      if (!broken) broken = verify_small(heap.common_, heap.small_);
    return broken;
  }

 private:
  template <Config, PageSource, class>
  friend class HardenedVerifier;

  static bool is_last(const Back& back, const Header* block) {
    return Back::distance(back.origin(), block) == back.extent_;
  }

  // Or a bridge, which was one.
  static bool is_before_sentinel(const Header* block) {
    return !(Back::after(block)->bits & Back::is_used);
  }

  // Calls `visit(block)` for every header from the origin to the last sentinel,
  // as long as it returns null.
  template <class Visit>
  static const char* for_each_header(const Back& back, Visit visit) {
    const Header* block = back.origin();
    for (;;) {
      const char* broken = visit(block);
      if (broken || is_last(back, block)) return broken;
      if (Back::size_of(block) == 0) return "B1";
      block = Back::after(block);
    }
  }

  static const char* verify_blocks(const Back& back) {
    const Header* previous = nullptr;
    return for_each_header(back, [&](const Header* block) -> const char* {
      bool is_free = block->bits & Back::is_free;
      bool is_used = block->bits & Back::is_used;
      if (is_free && is_used) return "B5";
      if (is_free && Back::size_of(block) < Back::block_size_min) return "B1";
      if (is_last(back, block) && (Back::size_of(block) || is_free || is_used))
        return "B6";
      bool previous_free = previous && previous->bits & Back::is_free;
      if (previous_free != ((block->bits & Back::previous_free) != 0))
        return "B2";
      if (previous_free && Back::before(block) != previous) return "B2";
      if (previous_free && is_free) return "B3";
      previous = block;
      return nullptr;
    });
  }

  static const char* verify_bins(const Back& back) {
    size_t free_count = 0;
    for_each_header(back, [&](const Header* block) -> const char* {
      free_count += block->bits & Back::is_free;
      return nullptr;
    });
    for (unsigned bin = 0; bin < Back::bin_count; ++bin) {
      const FreeList& list = back.bins_[bin];
      size_t back_link = back_to(&list);
      for (FreeNode* node = list.first; node; node = node->next) {
        const Header* block = Back::block_of(node);
        if (node->back != back_link) return "F1";
        if (!(block->bits & Back::is_free)) return "B4";
        if (bin != Back::size_to_bin(Back::size_of(block)) &&
            !(bin == Back::last_bin && is_before_sentinel(block)))
          return "B4";
        if (free_count-- == 0) return "B4";
        back_link = back_to(node);
      }
    }
    return free_count == 0 ? nullptr : "B4";
  }

  // Calls `visit(slabs)` for each owner's, as long as it returns null: every
  // thread's; none may be at work meanwhile.
  template <class AnySmall, class Visit>
  static const char* for_each_owner(AnySmall& small, Visit visit) {
    if constexpr (Threading::is_shared) {
      const char* broken = nullptr;
      for (auto* one = small.all_; one && !broken; one = one->next)
        broken = visit(one->slabs);
      return broken;
    } else {
      return visit(small);
    }
  }

  template <class AnySmall>
  static const char* verify_small(const Common& common, AnySmall& small) {
    const char* broken = for_each_owner(small, [&](auto& slabs) {
      if constexpr (config.segment_size) {
        return SegmentsVerifier<config, Source, Threading>::verify(common,
                                                                   slabs);
      } else {
        return verify_slabs(common, slabs);
      }
    });
    if constexpr (Threading::is_shared) {
      for (auto* one = small.abandoned_; one && !broken;
           one = one->next_abandoned)
        if (!one->is_abandoned) broken = "T1";
    }
    return broken;
  }

  static const char* verify_slabs(const Common& common, Small& small) {
    for (size_t c = 0; c < Small::class_count; ++c)
      if (const char* broken = verify_list(common, small, c)) return broken;
    // Every free block is counted as if it were in use: then S2 says that each
    // slab is full. The counts are put right again below.
    add_listed(small, 1);
    const char* broken = for_each_slab(common, small, verify_full);
    add_listed(small, -1);
    return broken ? broken : for_each_slab(common, small, verify_spare);
  }

  static const char* verify_list(const Common& common, const Small& small,
                                 size_t class_index) {
    const auto& c = small.classes_[class_index];
    const FreeNode* previous = nullptr;
    for (FreeNode* node = c.list.first; node; node = node->next) {
      if (common.map.at(node) != small.entry_of(class_index + 1)) return "S3";
      if (Small::offset_of(node) % Small::class_to_size(class_index) != 0)
        return "S3";
      if (previous && node->back != back_to(previous)) return "F1";
      previous = node;
    }
    return nullptr;
  }

  static void add_listed(Small& small, int amount) {
    for (const auto& c : small.classes_) {
      for (FreeNode* node = c.list.first; node; node = node->next)
        *Small::used_count(node) += static_cast<typename Small::Count>(amount);
    }
  }

  // Calls `visit(slab, class)` for each that this owner has, as long as it
  // returns null.
  template <class Visit>
  static const char* for_each_slab(const Common& common, const Small& small,
                                   Visit visit) {
    for (size_t index = 0; index < common.map.size(); ++index) {
      size_t number = common.map.entry(index) - small.entry_of(0);
      if (number - 1 >= Small::class_count) continue;
      const auto& c = small.classes_[number - 1];
      if (const char* broken = visit(common.map.slab_at(index), c, index))
        return broken;
    }
    return nullptr;
  }

  static const char* verify_full(const void* slab,
                                 const typename Small::Class& c, size_t) {
    const Header* block = Back::at(slab, -Back::header_size);
    if (Back::size_of(block) - config.slab_size >= Back::block_size_min)
      return "S1";
    if (!(block->bits & Back::is_used)) return "S1";
    size_t count = *Small::used_count(slab);
    return count == Small::block_bytes / c.block_size() ? nullptr : "S2";
  }

  static const char* verify_spare(const void* slab,
                                  const typename Small::Class& c,
                                  size_t index) {
    return *Small::used_count(slab) || c.spare == index ? nullptr : "S4";
  }
};

template <Config config, PageSource Source, class Threading>
const char* verify(Heap<config, Source, Threading>& heap) {
  return Verifier<config, Source, Threading>::verify(heap);
}

// What the hardened profile writes around blocks, while nobody is at work: who
// has a block writes there without a lock.
template <Config config, PageSource Source, class Threading>
class HardenedVerifier {
  using Seal = mote::Seal<config, Source>;
  using Plain = Verifier<config, Source, Threading>;
  using Back = BackHeap<config, Source>;
  using Small = Slabs<config, Source, Threading>;

 public:
  static const char* verify(
      const HardenedHeap<config, Source, Threading>& heap) {
    const Source& source = heap.source();
    const auto verify_slab = [&](void* slab, const auto& c, size_t) {
      const char* found = nullptr;
      Small::for_each_block(c, slab, [&](const FreeNode* node) {
        if (!found) found = verify_small(source, node, c.block_size());
      });
      return found;
    };
    const char* broken =
        Plain::for_each_owner(heap.small_, [&](const Small& slabs) {
          return Plain::for_each_slab(heap.common_, slabs, verify_slab);
        });
    if (broken) return broken;
    return Plain::for_each_header(heap.common_.back, [&](const Header* block) {
      return verify_large(heap, block);
    });
  }

 private:
  static const char* verify_small(const Source& source, const void* block,
                                  size_t block_size) {
    Seal seal(source, block, block_size);
    auto facts = seal.facts();
    if (!facts.is_seal()) return "H1";
    if (facts.is_in_use()) return seal.has_known_slack(facts) ? nullptr : "H2";
    if (facts.use() == Use::fresh) return nullptr;
    return seal.is_clear(block, sizeof(FreeNode)) ? nullptr : "H3";
  }

  // Slabs and the page map are in use, too, and have no seal. Nor has what
  // threads have of the heap, or a map that became too small: where they are,
  // there may be none, or that of a block freed before them.
  static const char* verify_large(
      const HardenedHeap<config, Source, Threading>& heap,
      const Header* block) {
    const void* payload = block + 1;
    if (!(block->bits & Back::is_used) || heap.common_.map.at(payload) ||
        heap.common_.map.is_map(payload))
      return nullptr;
    size_t size = Back::payload_size(block);
    auto facts = Seal(heap.source(), payload, size).facts();
    bool is_sealed =
        facts.is_seal() && (facts.is_in_use() || heap.quarantine_.has(payload));
    if (!is_sealed && Threading::is_shared) return nullptr;
    if (!is_sealed && facts.is_seal()) return "Q1";
    return verify_small(heap.source(), payload, size);
  }
};

template <Config config, PageSource Source, class Threading>
const char* verify(HardenedHeap<config, Source, Threading>& heap) {
  Heap<config, Source, Threading>& plain = heap;
  const char* broken = verify(plain);
  return broken ? broken
                : HardenedVerifier<config, Source, Threading>::verify(heap);
}

}  // namespace mote
