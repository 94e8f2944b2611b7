// Blocks on their way back to the thread that owns them: any thread adds
// chains, one takes all. Lock-free, at most one atomic operation for each
// chain, unless others add at the same moment.
//
//   first -> newest chain ... -> oldest chain -> null
//
// A stack (Treiber, "Systems Programming: Coping with Parallelism", 1986) that
// is only ever taken whole: so no address can be mistaken for another's that
// was there before, and no tag is needed.
//
// R1: Every chain that was added is in the list or was taken, exactly once.
#pragma once

#include "free_list.hpp"

namespace mote {

// What the list does with memory that threads share. A test puts a scheduler in
// its place and tries every order of these (tests/unit/returned_list_test.cpp).
struct CompilerAtomics {
  template <class T>
  static T load(const T* from) {
    return __atomic_load_n(from, __ATOMIC_RELAXED);
  }
  // What was written before is seen by whoever takes it.
  template <class T>
  static bool replace(T* at, T* expected, T value) {
    return __atomic_compare_exchange_n(at, expected, value, true,
                                       __ATOMIC_RELEASE, __ATOMIC_RELAXED);
  }
  template <class T>
  static T exchange(T* at, T value) {
    return __atomic_exchange_n(at, value, __ATOMIC_ACQUIRE);
  }
};

template <class Atomics = CompilerAtomics>
class ReturnedList {
 public:
  // Adds the nodes from `first` to `last`, which are linked by `next`.
  void add(FreeNode* first, FreeNode* last) {
    FreeNode* next = Atomics::load(&first_);
    do last->next = next;
    while (!Atomics::replace(&first_, &next, first));
  }

  // All nodes, linked by `next`, or null. By the owner, or who stands for it.
  FreeNode* take() {
    if (!Atomics::load(&first_)) return nullptr;
    return Atomics::exchange(&first_, static_cast<FreeNode*>(nullptr));
  }

 private:
  FreeNode* first_ = nullptr;
};

}  // namespace mote
