// mote as the malloc of a Unix program: linked in, or preloaded. The heap is
// ready before any code runs; no constructor is needed before the first call.
//
// All names of glibc's malloc that a program may call are here, those that only
// report statistics in malloc_info.cpp: a name left out would come from the C
// library, and in a static link it would bring a second malloc with it.
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "errno.hpp"
#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "lock.hpp"
#include "malloc.hpp"
#include "native_profile.hpp"
#include "thread_slot.hpp"
#include "threading.hpp"

#ifndef __APPLE__          // has no aliases
#if __has_attribute(copy)  // GCC would warn that other attributes are lost
#define ALIAS(name) __attribute__((copy(name), alias(#name)))
#else
#define ALIAS(name) __attribute__((alias(#name)))
#endif
#endif

// free within the library, so that its code is there once.
#ifdef ALIAS
extern "C" void free(void* ptr);
extern "C" [[gnu::visibility("hidden")]] void mote_free_here(void* ptr)
    ALIAS(free);
#else
[[maybe_unused]] static void mote_free_here(void* ptr);
#endif

// What glibc's pthread_atfork calls (LSB Core 5, libc), which is a function and
// a table of jumps in each library: 100 bytes.
#ifdef __GLIBC__
extern "C" {
int __register_atfork(void (*)(), void (*)(), void (*)(), void* library);
[[gnu::visibility("hidden")]] extern void* __dso_handle;
}
static int register_atfork(void (*prepare)(), void (*parent)(),
                           void (*child)()) {
  return __register_atfork(prepare, parent, child,
                           static_cast<void*>(&__dso_handle));
}
#else
static constexpr auto register_atfork = pthread_atfork;
#endif

namespace {

void end_thread();
using Threading = mote::PerThread<mote::Lock, mote::ThreadSlot<end_thread>>;
constinit mote::HeapFor<mote::native_profile, mote::NativeSource, Threading>
    heap;
void end_thread() { heap.end_thread(true); }

// Hardened, what is known of a block goes to the heap with it.
using Malloc =
    mote::Malloc<heap, mote::Errno,
                 mote::native_profile.is_hardened ? nullptr : mote_free_here>;

struct C : Malloc, mote::Inspection<heap> {
  // One copy of what moves blocks, and of what frees those that are told apart.
  [[gnu::noinline]] static void* realloc_sized(void* ptr, size_t old_size,
                                               size_t align, size_t size) {
    return Malloc::realloc_sized(ptr, old_size, align, size);
  }
  [[gnu::noinline]] static void free_sized(void* ptr, size_t size,
                                           size_t align) {
    Malloc::free_sized(ptr, size, align);
  }
  static void* realloc(void* ptr, size_t size) {
    if constexpr (mote::native_profile.is_hardened)
      return Malloc::realloc(ptr, size);  // nor is the alignment told
    return reported(realloc_sized(ptr, mote::untold, 0, size));
  }
};

// Handlers registered first run last before a fork and first after it: the
// earlier, the fewer of the others' run while the lock is held.
[[gnu::constructor(101)]] void register_fork_handlers() {
  register_atfork([] { heap.lock().before_fork(); },
                  [] { heap.lock().after_fork_in_parent(); },
                  [] { heap.lock().after_fork_in_child(); });
}

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

void* out_of_memory() {
  mote::Errno::set(mote::Errno::out_of_memory);
  return nullptr;
}

}  // namespace

#ifndef ALIAS
static void mote_free_here(void* ptr) { heap.free(ptr); }
#endif

// All is compiled for size but what a program calls most: GCC then clears a
// word by two instructions. Clang compiles both alike.
#ifndef __clang__
extern "C" [[gnu::optimize("O2")]] void* malloc(size_t size);
#endif

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

// The bytes to keep, which glibc lets one say, are not worth a rule.
int malloc_trim(size_t) { return heap.trim() != 0; }

// Mote's own parameter, no number of glibc's, is how many milliseconds free
// blocks keep their pages; less than 0 is for ever. The others are glibc's: 1
// where what is asked for is so at any value (M_MMAP_MAX, M_ARENA_TEST,
// M_ARENA_MAX: there is one heap, and no block is mapped apart), 0 where
// nothing was set.
int mallopt(int parameter, int value) {
  if (parameter == MOTE_DISCARD_DELAY && !mote::native_profile.is_hardened) {
    heap.set_discard_delay(value);
    return 1;
  }
  return parameter == -4 || parameter == -7 || parameter == -8;
}

#ifdef ALIAS  // macOS has none of these

// The same by other names: free by that of old programs, and glibc's inner
// ones, of programs that wrap malloc themselves and of glibc's own dynamic
// linker up to 2.25. No code of their own: some 500 bytes.
void cfree(void*) ALIAS(free);
void* __libc_malloc(size_t) ALIAS(malloc);
void __libc_free(void*) ALIAS(free);
void __libc_cfree(void*) ALIAS(free);
void* __libc_calloc(size_t, size_t) ALIAS(calloc);
void* __libc_realloc(void*, size_t) ALIAS(realloc);
void* __libc_memalign(size_t, size_t) ALIAS(memalign);
void* __libc_valloc(size_t) ALIAS(valloc);
void* __libc_pvalloc(size_t) ALIAS(pvalloc);
int __posix_memalign(void**, size_t, size_t) ALIAS(posix_memalign);

#endif

}  // extern "C"

#pragma GCC visibility pop
