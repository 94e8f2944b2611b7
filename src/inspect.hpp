// The calls of mote/inspect.h, over one heap.
#pragma once

#include <stddef.h>

#include "hardened_heap.hpp"
#include "mote/inspect.h"
#include "statistics.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {

template <auto& heap>
struct Inspection {
  static size_t walk(mote_piece* pieces, size_t capacity) {
    [[maybe_unused]] const auto guard = heap.guard();
    check(&heap.unlocked());
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
    if constexpr (requires { layout_of(&heap.unlocked()); }) {
      static constexpr Layout layout = layout_of(&heap.unlocked());
      return &layout;
    }
    return nullptr;
  }

 private:
  // What the hardened profile sees at a walk. Not while other threads are at
  // work: they write behind blocks without a lock.
  static void check(const void*) {}
  template <Config config, PageSource Source>
  static void check(const HardenedHeap<config, Source, OneThread>* hardened) {
    const char* broken =
        HardenedVerifier<config, Source, OneThread>::verify(*hardened);
    if (!broken) return;
    if (broken[1] == '3') mote_trap_use_after_free();
    mote_trap_out_of_bounds();
  }

  template <Config config, PageSource Source, class Threading>
  static constexpr Layout layout_of(
      const Heap<config, Source, Threading>* whole)
    requires(config.segment_size == 0)
  {
    return Walker<config, Source, Threading>::layout(whole);
  }
};

}  // namespace mote
