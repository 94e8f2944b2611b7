// The configuration that the build chose for the global heap.
//
//   -DMOTE_PROFILE_TINY | -DMOTE_PROFILE_STANDARD (default) |
//   -DMOTE_PROFILE_HARDENED
//   -DMOTE_ALIGNMENT=8|16 (default 16)
//   -DMOTE_CLEARS_FREED       hardened: all that is freed is cleared, O(bytes),
//                             not only what waits before it is used again
//
// On wasm also which threads may call it (threading.hpp; natively any may):
//
//   nothing                   one thread at a time
//   -DMOTE_THREADS_LOCKED     any: the whole heap behind one lock
//   -DMOTE_THREADS_PER_THREAD any: each has a heap of its own for small blocks
//   -DMOTE_PROFILE_THREADS    short for the standard profile with the last
//
//   -DMOTE_THREADS_MAY_WAIT   none of them is a browser's main thread, so that
//                             who waits for the lock may sleep; only for
//                             modules without a C library, others know
#pragma once

#include "config.hpp"
#include "threading.hpp"

#ifdef MOTE_PROFILE_THREADS
#define MOTE_PROFILE_STANDARD
#define MOTE_THREADS_PER_THREAD
#endif
#if defined(MOTE_PROFILE_TINY) + defined(MOTE_PROFILE_STANDARD) + \
        defined(MOTE_PROFILE_HARDENED) >                          \
    1
#error "mote: choose one profile"
#endif
#if defined(MOTE_CLEARS_FREED) && !defined(MOTE_PROFILE_HARDENED)
#error "mote: MOTE_CLEARS_FREED is of the hardened profile"
#endif
#if defined(MOTE_THREADS_LOCKED) && defined(MOTE_THREADS_PER_THREAD)
#error "mote: threads are locked or per thread, not both"
#endif
#if defined(MOTE_PROFILE_TINY) && defined(MOTE_THREADS_PER_THREAD)
#error "mote: the tiny profile has nothing for each thread: MOTE_THREADS_LOCKED"
#endif
#ifndef MOTE_ALIGNMENT
#define MOTE_ALIGNMENT 16
#endif

namespace mote {

constexpr Config chosen_profile() {
#if defined(MOTE_PROFILE_TINY)
  Config config = tiny_profile;
#elif defined(MOTE_PROFILE_HARDENED)
  Config config = hardened_profile;
#ifdef MOTE_CLEARS_FREED
  config.clears_all_freed = true;
#endif
#else
  Config config = standard_profile;
#endif
  config.alignment = MOTE_ALIGNMENT;
  return config;
}

inline constexpr Config profile = chosen_profile();

// Of the platform's lock, and where it keeps what is a thread's own.
#if defined(MOTE_THREADS_PER_THREAD)
template <class Lock, class Slot>
using ChosenThreading = PerThread<Lock, Slot>;
#elif defined(MOTE_THREADS_LOCKED)
template <class Lock, class Slot>
using ChosenThreading = Locked<Lock>;
#else
template <class Lock, class Slot>
using ChosenThreading = OneThread;
#endif

}  // namespace mote
