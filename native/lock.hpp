// The lock around what threads share of the global heap. It works before main
// and while the process forks, and costs a load while there is only one thread.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

// glibc 2.32 and newer: not 0 while the process has one thread. It changes only
// when a thread is created or joined, never while this one holds a lock. The
// linker of macOS wants even such a name to be somewhere.
#ifndef __APPLE__
extern "C" [[gnu::weak]] char __libc_single_threaded;
#endif

namespace mote {

// Three states (Drepper, "Futexes Are Tricky", 2004): to acquire and release it
// takes one atomic operation each where nobody waits. A pthread mutex would
// take a call for each, which made a third of what a large block costs.
class Lock {
 public:
  constexpr Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Holds the lock, if one is needed, to the end of the scope.
  class Guard {
   public:
    explicit Guard(Lock& lock) noexcept
        : lock_(!is_single_threaded() && lock.acquire() ? &lock : nullptr) {}
    ~Guard() {
      if (lock_ != nullptr) lock_->release();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Lock* lock_;
  };

  // The forking thread holds the lock from before the fork until after it, so
  // that the child finds the heap whole. Fork handlers of others, which run in
  // between, may allocate all the same: to that thread the lock is open.
  void before_fork() noexcept {
    acquire();
    forking_thread_ = pthread_self();
    __atomic_store_n(&is_forking_, true, __ATOMIC_RELEASE);
  }
  void after_fork_in_parent() noexcept {
    __atomic_store_n(&is_forking_, false, __ATOMIC_RELEASE);
    release();
  }
  // Anew rather than released: others may have waited for it in the parent.
  void after_fork_in_child() noexcept {
    is_forking_ = false;
    state_ = is_free;
  }

 private:
  static constexpr uint32_t is_free = 0;
  static constexpr uint32_t is_held = 1;
  static constexpr uint32_t is_waited_for = 2;
  // About as long as the longest section: what waits longer waits for a thread
  // that does not run.
  static constexpr int spin_count = 100;

  uint32_t state_ = is_free;
  bool is_forking_ = false;
  pthread_t forking_thread_ = {};

  static bool is_single_threaded() noexcept {
#ifdef __APPLE__
    return false;
#else
    return &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
#endif
  }

  // Whether the lock is now held, and not only open to this thread.
  bool acquire() noexcept { return try_acquire() || wait(); }

  bool try_acquire() noexcept {
    uint32_t state = is_free;
    return __atomic_compare_exchange_n(&state_, &state, is_held, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
  }

  [[gnu::noinline]] bool wait() noexcept {
    if (__atomic_load_n(&is_forking_, __ATOMIC_ACQUIRE) &&
        pthread_equal(forking_thread_, pthread_self()) != 0) {
      return false;
    }
    for (int i = 0; i < spin_count; ++i) {
      pause();
      if (__atomic_load_n(&state_, __ATOMIC_RELAXED) == is_free &&
          try_acquire()) {
        return true;
      }
    }
    while (__atomic_exchange_n(&state_, is_waited_for, __ATOMIC_ACQUIRE) !=
           is_free) {
      sleep();
    }
    return true;
  }

  void release() noexcept {
    if (__atomic_exchange_n(&state_, is_free, __ATOMIC_RELEASE) ==
        is_waited_for) {
      wake();
    }
  }

  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
  }

#ifdef __linux__
  // As <linux/futex.h> has them, which not every C library's compiler finds.
  static constexpr int futex_wait_private = 128;
  static constexpr int futex_wake_private = 129;

  // errno is the caller's: a malloc that succeeds leaves it alone.
  void sleep() noexcept { futex(futex_wait_private, is_waited_for); }
  [[gnu::noinline]] void wake() noexcept { futex(futex_wake_private, 1); }
  void futex(int operation, uint32_t value) noexcept {
    const int error = errno;
    syscall(SYS_futex, &state_, operation, value, nullptr);
    errno = error;
  }
#else
  void sleep() noexcept { sched_yield(); }
  void wake() noexcept {}
#endif
};

}  // namespace mote
