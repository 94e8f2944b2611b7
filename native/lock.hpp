// The lock around the global heap. It works before main and while the process
// forks, and costs a load while there is only one thread.
#pragma once

#include <pthread.h>

// glibc 2.32 and newer: not 0 while the process has one thread. It changes only
// when a thread is created or joined, never while this one holds a lock.
extern "C" [[gnu::weak]] char __libc_single_threaded;

namespace mote {

class Lock {
 public:
  constexpr Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Holds the lock, if one is needed, to the end of the scope.
  class Guard {
   public:
    explicit Guard(Lock& lock) noexcept
        : lock_(is_single_threaded() ? nullptr : &lock) {
      if (lock_ != nullptr) lock_->acquire();
    }
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
    mutex_ = PTHREAD_MUTEX_INITIALIZER;
  }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_t forking_thread_ = {};
  bool is_forking_ = false;

  static bool is_single_threaded() noexcept {
    return &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
  }

  bool is_open_to_us() const noexcept {
    return __atomic_load_n(&is_forking_, __ATOMIC_ACQUIRE) &&
           pthread_equal(forking_thread_, pthread_self());
  }

  void acquire() noexcept {
    if (pthread_mutex_trylock(&mutex_) == 0 || is_open_to_us()) return;
    pthread_mutex_lock(&mutex_);
  }
  void release() noexcept {
    if (!is_open_to_us()) pthread_mutex_unlock(&mutex_);
  }
};

}  // namespace mote
