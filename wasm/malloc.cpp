// The one global heap of a module without a C library, and its names. Nothing
// here forces an export: what the linker is not told to export vanishes.
#include "malloc.hpp"
#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "locked_heap.hpp"
#include "memory_grow.hpp"
#include "profile.hpp"
#include "spin_lock.hpp"
#include "thread_calls.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"

namespace {

#ifdef MOTE_THREADS_MAY_WAIT
using Waiting = mote::AlwaysWait;
#else
using Waiting = mote::NeverWait;
#endif
using Threading =
    mote::ChosenThreading<mote::SpinLock<Waiting>, mote::ThreadSlot>;
constinit mote::HeapFor<mote::profile, mote::MemoryGrow, Threading> heap;
struct C : mote::Malloc<heap>,
           mote::Inspection<heap>,
           mote::ThreadCalls<heap> {};

}  // namespace

#include "c_names.inc"
#include "operator_calls.inc"
#include "thread_names.inc"
