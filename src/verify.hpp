// Walks a whole heap and checks every numbered invariant of free_list.hpp,
// back_heap.hpp and slabs.hpp. For tests and debugging: O(heap), and nothing of
// it is in a program that does not call it.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "config.hpp"
#include "heap.hpp"
#include "slabs.hpp"

namespace mote {

// The name of the first invariant found broken, or null.
template <Config config, PageSource Source>
class Verifier {
  using Back = BackHeap<config, Source>;
  using Small = Slabs<config, Source>;

 public:
  static const char* verify(Heap<config, Source>& heap) {
    const char* broken = verify_blocks(heap.back_);
    if (!broken) broken = verify_bins(heap.back_);
    if constexpr (config.has_slabs)
      if (!broken) broken = verify_slabs(heap.small_);
    return broken;
  }

 private:
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

  static const char* verify_slabs(Small& small) {
    for (size_t c = 0; c < Small::class_count; ++c)
      if (const char* broken = verify_list(small, c)) return broken;
    // Every free block is counted as if it were in use: then S2 says that each
    // slab is full. The counts are put right again below.
    add_listed(small, Small::one_in_use);
    const char* broken = nullptr;
    for (size_t index = 0; index < small.map_size_ && !broken; ++index)
      if (small.map_[index]) broken = verify_full(small, index);
    add_listed(small, -Small::one_in_use);
    for (size_t index = 0; index < small.map_size_ && !broken; ++index)
      if (is_empty_and_no_spare(small, index)) broken = "S4";
    return broken;
  }

  static const char* verify_list(const Small& small, size_t class_index) {
    const auto& c = small.classes_[class_index];
    const FreeNode* previous = nullptr;
    for (FreeNode* node = c.list.first; node; node = node->next) {
      if (small.block_size(node) != Small::class_to_size(class_index))
        return "S3";
      if (small.offset_of(node) % Small::class_to_size(class_index) != 0)
        return "S3";
      if (previous && node->back != back_to(previous)) return "F1";
      previous = node;
    }
    return nullptr;
  }

  static void add_listed(Small& small, int amount) {
    for (const auto& c : small.classes_)
      for (FreeNode* node = c.list.first; node; node = node->next) {
        auto& entry = small.map_[small.index_of(node)];
        entry = static_cast<typename Small::Entry>(entry + amount);
      }
  }

  static const char* verify_full(const Small& small, size_t index) {
    const void* slab = slab_at(small, index);
    const Header* block = Back::at(slab, -Back::header_size);
    if (Back::size_of(block) - config.slab_size >= Back::block_size_min)
      return "S1";
    if (!(block->bits & Back::is_used)) return "S1";
    size_t size = small.block_size(slab);
    size_t count = small.map_[index] / Small::one_in_use;
    return count == Small::slab_bytes / size ? nullptr : "S2";
  }

  static bool is_empty_and_no_spare(const Small& small, size_t index) {
    auto entry = small.map_[index];
    if (entry == 0 || entry >= Small::one_in_use) return false;
    return small.classes_[entry - 1].spare != index;
  }

  static const void* slab_at(const Small& small, size_t index) {
    return reinterpret_cast<const void*>(small.origin() +
                                         index * config.slab_size);
  }
};

template <Config config, PageSource Source>
const char* verify(Heap<config, Source>& heap) {
  return Verifier<config, Source>::verify(heap);
}

}  // namespace mote
