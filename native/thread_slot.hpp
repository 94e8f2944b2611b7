// Where a POSIX thread keeps what the heap has for it, and how its end is
// noticed: by the destructor of a thread-specific value.
#pragma once

#include <pthread.h>

namespace mote {

// `end`: called when a thread ends that has set something else than `none`. One
// type for each heap.
template <void (*end)()>
class ThreadSlot {
 public:
  // Heaps without a block: what a thread has before it has its own, and when it
  // has ended. So malloc need not ask whether there is one.
  struct alignas(128) Empty {
    char bytes[2048];
  };
  static inline constinit Empty none = {};
  static inline constinit Empty ended = {};

  static void* get() { return slot; }

  // May allocate by pthread_setspecific, but only when the slot is set.
  static void set(void* value) {
    const bool is_first = slot == &none;
    slot = value;
    if (!is_first) return;
    pthread_once(&once, make_key);
    if (has_key) pthread_setspecific(key, value);
  }

 private:
  // Initial-exec: an offset from the thread pointer, no call that could fail or
  // allocate. A library that is loaded late finds room in what the C library
  // keeps for this; a pointer is all that it takes.
  [[gnu::tls_model(
      "initial-exec")]] static inline constinit thread_local void* slot = &none;

  static inline pthread_once_t once = PTHREAD_ONCE_INIT;
  static inline pthread_key_t key;
  static inline bool has_key = false;

  // Without a key (all are taken) nobody is told of the end of a thread, and
  // its heap is lost to the others.
  static void make_key() {
    has_key = pthread_key_create(&key, [](void*) { end(); }) == 0;
  }
};

}  // namespace mote
