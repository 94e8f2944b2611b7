// Which threads may call a heap: a policy, chosen by type. What is not chosen
// costs nothing: not an atomic instruction, not a byte.
//
//   OneThread              one thread at a time, as its user sees to
//   Locked<Lock>           any: the whole heap behind one lock
//   PerThread<Lock, Slot>  any: each thread has slabs of its own, without locks
//                          or atomic read-modify-writes; the back heap behind
//                          one lock
//
//   mote::HeapFor<config, Source, mote::PerThread<Lock, Slot>> heap;
//
// `Lock` has a nested `Guard`, made from a Lock&, which holds it to the end of
// the scope. `Slot` is where a thread keeps what is its own, a null pointer at
// first: `static void* get()` and `static void set(void*)`; a type for each
// heap. Whoever can tell when a thread ends calls `heap.end_thread()` then.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "config.hpp"
#include "page_source.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class Slabs;
template <Config config, PageSource Source, class Threading>
class ThreadSlabs;
template <Config config, PageSource Source, class Threading>
  requires(is_valid(config))
class Heap;
template <Config config, PageSource Source, class Threading>
class HardenedHeap;
template <class Unlocked, class AnyLock>
class LockedHeap;

// A heap of the configuration's profile.
template <Config config, PageSource Source, class Threading>
using HeapOf =
    typename Either<config.is_hardened, HardenedHeap<config, Source, Threading>,
                    Heap<config, Source, Threading>>::Type;

struct NoLock {
  struct Guard {
    explicit constexpr Guard(NoLock&) {}
  };
};

struct OneThread {
  static constexpr bool is_shared = false;
  using Lock = NoLock;
  // Of the page map: a class's number.
  using Entry = uint8_t;

  template <Config config, PageSource Source>
  using Small = Slabs<config, Source, OneThread>;
  template <Config config, PageSource Source>
  using Whole = HeapOf<config, Source, OneThread>;

  template <class T>
  static T load(const T& from) {
    return from;
  }
  template <class T>
  static void store(T& to, T value) {
    to = value;
  }
};

template <class AnyLock>
struct Locked {
  template <Config config, PageSource Source>
  using Whole = LockedHeap<HeapOf<config, Source, OneThread>, AnyLock>;
};

template <class AnyLock, class ThreadSlot>
struct PerThread {
  static constexpr bool is_shared = true;
  using Lock = AnyLock;
  using Slot = ThreadSlot;
  // Of the page map: the owner's address and a class's number.
  using Entry = size_t;

  template <Config config, PageSource Source>
  using Small = ThreadSlabs<config, Source, PerThread>;
  template <Config config, PageSource Source>
  using Whole = HeapOf<config, Source, PerThread>;

  // What one thread writes, others may read at any time, and what was written
  // before it.
  template <class T>
  [[gnu::always_inline]] static T load(const T& from) {
    return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
  }
  template <class T>
  static void store(T& to, T value) {
    __atomic_store_n(&to, value, __ATOMIC_RELEASE);
  }
};

template <Config config, PageSource Source, class Threading>
using HeapFor = typename Threading::template Whole<config, Source>;

}  // namespace mote
