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
    size_t count = 0;
    mote::walk(heap, [&](const mote_piece& piece) {
      if (count < capacity) pieces[count] = piece;
      ++count;
    });
    return count;
  }

  static void stats(mote_statistics* result) { *result = statistics(heap); }

  static const void* layout() {
    static constexpr Layout layout = layout_of(&heap);
    return &layout;
  }

 private:
  template <Config config, PageSource Source>
  static constexpr Layout layout_of(const Heap<config, Source>* whole) {
    return Walker<config, Source>::layout(whole);
  }
};

}  // namespace mote
