// mote as the malloc of a Unix program: linked in, or preloaded. The heap is
// ready before any code runs; no constructor is needed before the first call.
//
// All names of glibc's malloc that a program may call are here, those that only
// report statistics in malloc_info.cpp: a name left out would come from the C
// library, and in a static link it would bring a second malloc with it.
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "config.hpp"
#include "errno.hpp"
#include "hardened_heap.hpp"
#include "hardened_mmap.hpp"
#include "inspect.hpp"
#include "lock.hpp"
#include "malloc.hpp"
#include "mmap.hpp"
#include "profile.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"

namespace {

// Threads contend for the back heap: so each keeps some of the blocks between
// 512 bytes and a page that it frees. Processor time to the best of mimalloc,
// jemalloc and tcmalloc, and peak memory to glibc, of one and two threads in
// tests/bench/threads (nine rows): 24 classes, nothing kept 1.38, 0.99; 64 KiB
// kept 1.27, 1.00; 32 classes, 128 KiB kept 1.15, 1.02; 64 classes in slabs of
// 8 KiB, nothing kept 1.17, 1.08.
constexpr mote::Config native_profile() {
  mote::Config config = mote::profile;
  config.class_count = 32;
  if (config.is_hardened) {
    config.quarantine_count = 256;
    config.quarantined_size_max = 8192;
  } else {
    config.thread_cache_bytes = 131072;
  }
  return config;
}

using Source = mote::Either<native_profile().is_hardened, mote::HardenedMmap,
                            mote::Mmap>::Type;

void end_thread();
using Threading = mote::PerThread<mote::Lock, mote::ThreadSlot<end_thread>>;
constinit mote::HeapFor<native_profile(), Source, Threading> heap;
void end_thread() { heap.end_thread(true); }

struct C : mote::Malloc<heap, mote::Errno>, mote::Inspection<heap> {};

// Handlers registered first run last before a fork and first after it: the
// earlier, the fewer of the others' run while the lock is held.
[[gnu::constructor(101)]] void register_fork_handlers() {
  pthread_atfork([] { heap.lock().before_fork(); },
                 [] { heap.lock().after_fork_in_parent(); },
                 [] { heap.lock().after_fork_in_child(); });
}

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

void* out_of_memory() {
  mote::Errno::set(mote::Errno::out_of_memory);
  return nullptr;
}

}  // namespace

// The library is built with everything hidden but these.
#pragma GCC visibility push(default)

#include "c_names.inc"
#pragma GCC visibility pop
#include "operator_calls.inc"
#pragma GCC visibility push(default)

extern "C" {

void* memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}

void* valloc(size_t size) { return C::aligned_alloc(page_bytes(), size); }

void* pvalloc(size_t size) {
  const size_t rounded = mote::align_up(size, page_bytes());
  return rounded < size ? out_of_memory()
                        : C::aligned_alloc(page_bytes(), rounded);
}

void* reallocarray(void* ptr, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return out_of_memory();
  return C::realloc(ptr, total);
}

// Old programs' name for free, which glibc still has for them.
void cfree(void* ptr) { free(ptr); }

// The bytes to keep, which glibc lets one say, are not worth a rule.
int malloc_trim(size_t) { return heap.trim() != 0; }

// There is nothing to tune: 0 says so.
int mallopt(int, int) { return 0; }

// The same by glibc's inner names: of programs that wrap malloc themselves, and
// of glibc's own dynamic linker up to 2.25.

void* __libc_malloc(size_t size) { return C::malloc(size); }
void __libc_free(void* ptr) { C::free(ptr); }
void __libc_cfree(void* ptr) { free(ptr); }
void* __libc_calloc(size_t count, size_t size) {
  return C::calloc(count, size);
}
void* __libc_realloc(void* ptr, size_t size) { return C::realloc(ptr, size); }
void* __libc_memalign(size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}
void* __libc_valloc(size_t size) { return valloc(size); }
void* __libc_pvalloc(size_t size) { return pvalloc(size); }
int __posix_memalign(void** result, size_t align, size_t size) {
  return C::posix_memalign(result, align, size);
}

}  // extern "C"

#pragma GCC visibility pop
