// mote as the malloc of an Emscripten program, linked beside the default
// allocator or under -sMALLOC=none. Emscripten's own names are weak: one that
// is missing here would silently come from another allocator and corrupt both
// heaps, so all of them are here, and sbrk too, which -sMALLOC=none removes.
#include <emscripten/threading.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "hardened_heap.hpp"
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

// As current Emscripten has it, in units of max_align_t, but only upwards: what
// lies below the break may be the heap's.
void* _sbrk64(int64_t increment) {
  constexpr size_t unit = alignof(max_align_t);
  const auto size_bytes = static_cast<uintptr_t>(increment);
  const uintptr_t rounded = mote::align_up(size_bytes, unit);
  const bool is_size = increment >= 0 && rounded >= size_bytes &&
                       size_bytes == static_cast<uint64_t>(increment);
  uintptr_t old_break;
  do {
    old_break = mote::current_break();
    const uintptr_t begin = mote::above_break(old_break, rounded, unit);
    if (is_size && begin + rounded >= begin &&
        mote::raise_break(old_break, begin + rounded))
      return reinterpret_cast<void*>(begin);
  } while (mote::has_moved(old_break));
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

// On wasm32 Emscripten takes the increment as unsigned: programs ask for more
// than 2 GiB by it.
void* sbrk(intptr_t increment) {
  constexpr bool is_unsigned = sizeof(increment) < sizeof(int64_t);
  return _sbrk64(is_unsigned
                     ? static_cast<int64_t>(static_cast<uintptr_t>(increment))
                     : static_cast<int64_t>(increment));
}

int brk(void* end) {
  const auto wanted = reinterpret_cast<uintptr_t>(end);
  uintptr_t old_break;
  do {
    old_break = mote::current_break();
    if (wanted >= old_break &&
        mote::above_break(old_break, wanted - old_break, 1) == old_break &&
        mote::raise_break(old_break, wanted))
      return 0;
  } while (mote::has_moved(old_break));
  errno = ENOMEM;
  return -1;
}
}
