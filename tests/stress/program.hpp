// What the programs of this folder that make threads have in common: a heap as
// the native library has it, and arguments.
//   PROGRAM OPERATIONS [THREADS [SEED]]
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "hardened_heap.hpp"
#include "lock.hpp"
#include "native_profile.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"

namespace mote {

void end_thread();
using Threads = PerThread<Lock, ThreadSlot<end_thread>>;
inline constinit HeapFor<native_profile, NativeSource, Threads> heap;
inline void end_thread() { heap.end_thread(true); }

inline int run_stress(int count, char** arguments,
                      int (*run)(size_t operation_count, size_t thread_count,
                                 uint64_t seed)) {
  if (count < 2) {
    fprintf(stderr, "usage: %s OPERATIONS [THREADS [SEED]]\n", arguments[0]);
    return 2;
  }
  const auto number = [&](int at, size_t otherwise) {
    return at < count ? strtoull(arguments[at], nullptr, 0) : otherwise;
  };
  return run(number(1, 0), number(2, 4), number(3, 1));
}

}  // namespace mote
