// mote as the malloc of an Emscripten program, linked beside the default
// allocator or under -sMALLOC=none. Emscripten's own names are weak: one that
// is missing here would silently come from another allocator and corrupt both
// heaps, so all of them are here, and sbrk too, which -sMALLOC=none removes.
#include <emscripten/threading.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.hpp"
#include "inspect.hpp"
#include "locked_heap.hpp"
#include "malloc.hpp"
#include "profile.hpp"
#include "pthread_slot.hpp"
#include "resize_heap.hpp"
#include "spin_lock.hpp"
#include "thread_calls.hpp"
#include "threading.hpp"

namespace {

struct Errno {
  static constexpr int invalid_argument = EINVAL;
  static constexpr int out_of_memory = ENOMEM;
  static void set(int error) { errno = error; }
};

struct WaitInWorkers {
  static bool may_wait() { return !emscripten_is_main_browser_thread(); }
};

void end_thread();
using Threading = mote::ChosenThreading<mote::SpinLock<WaitInWorkers>,
                                        mote::PthreadSlot<end_thread>>;
constinit mote::HeapFor<mote::profile, mote::ResizeHeap, Threading> heap;
struct C : mote::Malloc<heap, Errno>,
           mote::Inspection<heap>,
           mote::ThreadCalls<heap> {};
[[maybe_unused]] void end_thread() { C::thread_end(); }

}  // namespace

#include "c_names.inc"
#include "thread_names.inc"

extern "C" {

void* memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}

// What musl and Emscripten's runtime call, whoever provides malloc.

void* __libc_malloc(size_t size) { return C::malloc(size); }
void __libc_free(void* ptr) { C::free(ptr); }
void* __libc_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
void* __libc_realloc(void* ptr, size_t size) { return C::realloc(ptr, size); }

void* emscripten_builtin_malloc(size_t size) { return C::malloc(size); }
void emscripten_builtin_free(void* ptr) { C::free(ptr); }
void* emscripten_builtin_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
void* emscripten_builtin_realloc(void* ptr, size_t size) {
  return C::realloc(ptr, size);
}
void* emscripten_builtin_memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}

uintptr_t* emscripten_get_sbrk_ptr(void) {
  if (!mote::program_break)
    mote::program_break = reinterpret_cast<uintptr_t>(&__heap_base);
  return &mote::program_break;
}

// As Emscripten has it: in units of 4 bytes, and only upwards or by nothing.
void* sbrk(intptr_t increment) {
  uintptr_t size_bytes =
      (static_cast<uintptr_t>(increment) + 3) & ~uintptr_t{3};
  uintptr_t begin;
  do {
    begin = mote::current_break();
    if (mote::raise_break(begin, begin + size_bytes))
      return reinterpret_cast<void*>(begin);
  } while (mote::has_moved(begin));
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

int brk(void* end) {
  uintptr_t begin;
  do {
    begin = mote::current_break();
    if (mote::raise_break(begin, reinterpret_cast<uintptr_t>(end))) return 0;
  } while (mote::has_moved(begin));
  errno = ENOMEM;
  return -1;
}
}
