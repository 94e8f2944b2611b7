// A lock in a memory that wasm threads share. It spins a little; then a thread
// that may block sleeps until the lock is released, and one that may not, as a
// browser's main thread, spins on. Both may share one lock.
//
//   0  free
//   1  held
//   2  held, and others may sleep (Drepper, "Futexes Are Tricky", 2011)
//
// `Waiting::may_wait()`: whether the thread that asks may block.
#pragma once

#include <stdint.h>

#if (defined(MOTE_PROFILE_THREADS) || defined(MOTE_THREADS_LOCKED) || \
     defined(MOTE_THREADS_PER_THREAD)) &&                             \
    !defined(__wasm_atomics__)
#error "mote: threads on wasm need -matomics (Emscripten: -pthread)"
#endif

namespace mote {
namespace {

// A module that has no C library cannot know where it runs.
struct NeverWait {
  static bool may_wait() { return false; }
};
struct AlwaysWait {
  static bool may_wait() { return true; }
};

template <class Waiting>
class SpinLock {
 public:
  // Holds the lock to the end of the scope.
  class Guard {
   public:
    explicit Guard(SpinLock& lock) : lock_(lock) { lock_.acquire(); }
    ~Guard() { lock_.release(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    SpinLock& lock_;
  };

 private:
  // A sleep and a wake-up take longer than what is done under the lock, unless
  // its holder grows the memory or is not running.
  static constexpr int spin_count = 1000;

  [[gnu::noinline]] void acquire() {
    for (int spin = 0; spin < spin_count || !Waiting::may_wait(); ++spin)
      if (!is_held() && take()) return;
    while (exchange(2)) __builtin_wasm_memory_atomic_wait32(&state_, 2, -1);
  }

  [[gnu::noinline]] void release() {
    if (exchange(0) == 2) __builtin_wasm_memory_atomic_notify(&state_, 1);
  }

  bool is_held() const { return __atomic_load_n(&state_, __ATOMIC_RELAXED); }
  // Not by an exchange, which would forget those who sleep.
  bool take() {
    int expected = 0;
    return __atomic_compare_exchange_n(&state_, &expected, 1, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  }
  int exchange(int state) {
    return __atomic_exchange_n(&state_, state, __ATOMIC_SEQ_CST);
  }

  int state_ = 0;
};

}  // namespace
}  // namespace mote
