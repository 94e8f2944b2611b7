// Where freed blocks wait before they may be used again: a ring of the last
// ones. A block that its user still has a pointer to does not become another's
// at once, and a write to it is seen.
//
//   ring   +---+---+---+---+     a block comes where the next one is,
//          | b | c | d | a |     and the one that was there leaves
//          +---+---+---+---+
//                    ^ next
//
// Q1: Every block that came left exactly once, or is in the ring.
//
// Any thread may call it: two that come at once may take the same place, one
// after the other, which makes a wait shorter and loses nothing. O(1).
#pragma once

#include <stddef.h>

#include "threading.hpp"

namespace mote {

template <size_t count, bool is_shared>
class Quarantine {
 public:
  static constexpr size_t capacity = count;

  // Takes a block, or null; gives the one that waited longest, or null.
  void* exchange(void* block) {
    if constexpr (is_shared) {
      size_t at = __atomic_load_n(&next_, __ATOMIC_RELAXED);
      __atomic_store_n(&next_, at + 1, __ATOMIC_RELAXED);
      return __atomic_exchange_n(&ring_[at % count], block, __ATOMIC_ACQ_REL);
    }
    void*& place = ring_[next_++ % count];
    void* before = place;
    place = block;
    return before;
  }

  // For verify(), while no thread is at work. O(count). Inlined: the one-file
  // build must define nothing but its exported names.
  [[gnu::always_inline]] bool has(const void* block) const {
    for (const void* waiting : ring_)
      if (waiting == block) return true;
    return false;
  }

 private:
  void* ring_[count] = {};
  size_t next_ = 0;
};

}  // namespace mote
