// mote as the malloc of a WASI program. wasi-libc keeps all of its names in one
// object, so a program links only if every one that it uses is here: the seven
// public ones, and three that the libc calls itself (atexit, newlocale).
#include <errno.h>

#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "locked_heap.hpp"
#include "malloc.hpp"
#include "memory_grow.hpp"
#include "profile.hpp"
#include "spin_lock.hpp"
#include "thread_calls.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"

namespace {

struct Errno {
  static constexpr int invalid_argument = EINVAL;
  static constexpr int out_of_memory = ENOMEM;
  static void set(int error) { errno = error; }
};

using Threading =
    mote::ChosenThreading<mote::SpinLock<mote::AlwaysWait>, mote::ThreadSlot>;
constinit mote::HeapFor<mote::profile, mote::MemoryGrow, Threading> heap;
struct C : mote::Malloc<heap, Errno>,
           mote::Inspection<heap>,
           mote::ThreadCalls<heap> {};

}  // namespace

#include "c_names.inc"
#include "thread_names.inc"

extern "C" {
void* __libc_malloc(size_t size) { return C::malloc(size); }
void __libc_free(void* ptr) { C::free(ptr); }
void* __libc_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
}
