// What is allocated on behalf of recording (by dlsym, the dynamic linker, the
// unwinder) and not by the program: a small heap of our own, so that neither
// the allocation nor its free, which may come when nothing is recorded, looks
// like the program's. Works before the allocator below has been found.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#include "bits.hpp"
#include "config.hpp"
#include "heap.hpp"
#include "static_array.hpp"

namespace mote {

class PrivateHeap {
 public:
  // Null when there is no more memory, or the lock is not to be had: then the
  // allocator below has to serve it.
  void* allocate(size_t size) {
    if (!acquire()) return nullptr;
    void* const ptr = heap_.allocate_zeroed(size, 1);
    pthread_mutex_unlock(&lock_);
    return ptr;
  }

  bool has(const void* ptr) const {
    return address_of(ptr) - address_of(this) < sizeof *this;
  }

  void free(void* ptr) {
    if (!acquire()) return;  // it is lost
    heap_.free(ptr);
    pthread_mutex_unlock(&lock_);
  }

  size_t usable_size(const void* ptr) const { return heap_.usable_size(ptr); }

 private:
  static constexpr size_t size_bytes = 1 << 22;  // untouched, it costs nothing

  Heap<tiny_profile, StaticArray<size_bytes>> heap_;
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;

  // Not for ever: this thread may hold it already, if a signal came, or one
  // that is gone, if the process was forked.
  bool acquire() {
    for (int tries = 0; tries < 1000; ++tries) {
      if (pthread_mutex_trylock(&lock_) == 0) return true;
      sched_yield();
    }
    return false;
  }
};

}  // namespace mote
