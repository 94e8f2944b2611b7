// The slot of one of Emscripten's pthreads, which tell of their end by the
// destructor of a thread-specific value. The slot itself is no thread-local
// variable: Emscripten frees the memory of those while the thread still runs,
// and still frees.
#pragma once

#include <emscripten/threading.h>
#include <pthread.h>

#include "thread_slot.hpp"

namespace mote {
namespace {

// `end`: called when a thread ends that has set something else than null; it
// sets null, for the worker may become another thread.
template <void (*end)()>
class PthreadSlot {
 public:
  static void* get() { return ThreadSlot::get(); }

  static void set(void* value) {
    ThreadSlot::set(value);
    // A worker that is no pthread, or not yet, keeps what it has. So does the
    // first thread, whose end is the program's: it allocates before it has the
    // number without which a key's creation breaks the lock of the keys.
    if (!value || emscripten_is_main_runtime_thread() || !pthread_self())
      return;
    pthread_once(&once_, make_key);
    if (has_key_) pthread_setspecific(key_, value);
  }

 private:
  static inline pthread_once_t once_ = PTHREAD_ONCE_INIT;
  static inline pthread_key_t key_;
  static inline bool has_key_ = false;

  // Without a key (all are taken) the worker's next thread has the heap.
  static void make_key() {
    has_key_ = pthread_key_create(&key_, [](void*) { end(); }) == 0;
  }
};

}  // namespace
}  // namespace mote
