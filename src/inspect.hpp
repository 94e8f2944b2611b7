// The calls of mote/inspect.h, over one heap.
#pragma once

#include <stddef.h>

#include "mote/inspect.h"
#include "statistics.hpp"
#include "walk.hpp"

namespace mote {

template <auto& heap>
struct Inspection {
  static size_t walk(mote_piece* pieces, size_t capacity) {
    [[maybe_unused]] const auto guard = heap.guard();
    size_t count = 0;
    mote::walk(heap.unlocked(), [&](const mote_piece& piece) {
      if (count < capacity) pieces[count] = piece;
      ++count;
    });
    return count;
  }

  static void stats(mote_statistics* result) {
    [[maybe_unused]] const auto guard = heap.guard();
    *result = statistics(heap.unlocked());
  }

  static const void* layout() {
    static constexpr Layout layout = layout_of(&heap.unlocked());
    return &layout;
  }

 private:
  template <Config config, PageSource Source, class Threading>
  static constexpr Layout layout_of(
      const Heap<config, Source, Threading>* whole) {
    return Walker<config, Source, Threading>::layout(whole);
  }
};

}  // namespace mote
