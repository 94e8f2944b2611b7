// What all slabs of a heap have in common, whichever thread owns them.
#pragma once

#include "back_heap.hpp"
#include "config.hpp"
#include "page_map.hpp"
#include "page_source.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
struct Common {
  constexpr Common() = default;
  explicit constexpr Common(const Source& source) : back(source) {}

  // Guards the other two, except that the map may be read without it.
  [[no_unique_address]] mutable typename Threading::Lock lock;
  BackHeap<config, Source> back;
  [[no_unique_address]] PageMap<config, Source, Threading> map;
};

}  // namespace mote
