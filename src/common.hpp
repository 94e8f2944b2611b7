// What all slabs of a heap have in common, whichever thread owns them.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "config.hpp"
#include "page_map.hpp"
#include "page_source.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
struct Common {
  constexpr Common() = default;
  explicit constexpr Common(const Source& source) : back(source) {}

  // A block of the back heap that the map has an entry for, at a multiple of
  // the map's granule; null when memory is refused. `owner` allocates it, and
  // `prepare(block)` has it as who walks may find it.
  template <class Owner, class Prepare>
  void* take(Owner& owner, size_t size, size_t entry, Prepare prepare) {
    typename Threading::Lock::Guard guard(lock);
    void* block =
        owner.allocate_large(*this, size, map.granule, back.no_block());
    if (!block) return nullptr;
    bool is_covered = map.cover(block, back, [&](size_t map_size) {
      return owner.allocate_large(*this, map_size, config.alignment,
                                  back.no_block());
    });
    if (is_covered) {
      prepare(block);
      map.set(map.index_of(block), entry);
      return block;
    }
    back.give(BackHeap<config, Source>::block_of(block));
    return nullptr;
  }

  // Guards the other two, except that the map may be read without it.
  [[no_unique_address]] mutable typename Threading::Lock lock;
  BackHeap<config, Source> back;
  [[no_unique_address]] PageMap<config, Source, Threading> map;
};

}  // namespace mote
