// libmote-trace.so: LD_PRELOAD takes it into a program, whose allocations it
// records while the allocator that the program would have had serves them: the
// next one of each name, the C library's or a library's that is preloaded
// behind this one. It takes nothing from the C++ library, so a C program stays
// one. Settings are in the environment, see README.md.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <new>

#include "bits.hpp"
#include "private_heap.hpp"
#include "recorder.hpp"

namespace {

using mote::TraceKind;
using mote::TraceMark;
using mote::TraceRecord;

constinit mote::Recorder recorder;

constinit mote::PrivateHeap private_heap;

// Set while dlsym runs on this thread.
[[gnu::tls_model("initial-exec")]] thread_local bool is_searching;

// A function of the allocator below, looked for when it is first called.
template <class Function>
class Next;
template <class Result, class... Arguments>
class Next<Result(Arguments...)> {
 public:
  using Function = Result (*)(Arguments...);
  constexpr explicit Next(const char* name) : name_(name) {}

  Result operator()(Arguments... arguments) { return get()(arguments...); }

  // Null when there is none.
  Function get() {
    Function found = __atomic_load_n(&function_, __ATOMIC_RELAXED);
    if (found == nullptr) {
      const mote::Recorder::Inside inside;
      is_searching = true;
      found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name_));
      is_searching = false;
      __atomic_store_n(&function_, found, __ATOMIC_RELAXED);
    }
    return found;
  }

 private:
  const char* name_;
  Function function_ = nullptr;
};

constinit Next<void*(size_t)> next_malloc("malloc");
constinit Next<void(void*)> next_free("free");
constinit Next<void*(size_t, size_t)> next_calloc("calloc");
constinit Next<void*(void*, size_t)> next_realloc("realloc");
constinit Next<void*(size_t, size_t)> next_aligned_alloc("aligned_alloc");
constinit Next<void*(size_t, size_t)> next_memalign("memalign");
constinit Next<int(void**, size_t, size_t)> next_posix_memalign(
    "posix_memalign");
constinit Next<void*(size_t)> next_valloc("valloc");
constinit Next<void*(size_t)> next_pvalloc("pvalloc");
constinit Next<size_t(void*)> next_usable_size("malloc_usable_size");

// What this thread's last event was about, so that operator new can tell
// whether the one below has come by our malloc.
[[gnu::tls_model("initial-exec")]] thread_local const void* last_allocated;

constexpr uint8_t argument_of(size_t align) {
  return static_cast<uint8_t>(mote::is_power_of_two(align) ? mote::log2(align)
                                                           : 0) &
         mote::trace_argument_max;
}

void note_allocation(TraceKind kind, void* ptr, size_t align, size_t size,
                     const void* caller) {
  recorder.note({.kind = kind,
                 .argument = argument_of(align),
                 .address = mote::address_of(ptr),
                 .size = size},
                caller);
  last_allocated = ptr;
}

void note_free(void* ptr, const void* caller) {
  recorder.note({.kind = TraceKind::free, .address = mote::address_of(ptr)},
                caller);
}

void* noted(TraceKind kind, void* ptr, size_t align, size_t size,
            const void* caller) {
  note_allocation(kind, ptr, align, size, caller);
  return ptr;
}

// Of a function that serves the recorder itself rather than the program; null
// if it does not, or cannot.
void* allocate_privately(size_t size) {
  if (!is_searching && !mote::Recorder::is_inside()) return nullptr;
  return private_heap.allocate(size);
}

void* reallocate(void* ptr, size_t size, const void* caller) {
  if (private_heap.has(ptr)) {
    void* const moved = malloc(size);
    if (moved == nullptr) return nullptr;
    const size_t old_size = private_heap.usable_size(ptr);
    memcpy(moved, ptr, size < old_size ? size : old_size);
    private_heap.free(ptr);
    return moved;
  }
  if (ptr == nullptr) {
    if (void* const served = allocate_privately(size)) return served;
  }
  void* moved = nullptr;
  recorder.note_around({.kind = TraceKind::reallocate,
                        .old_address = mote::address_of(ptr),
                        .size = size},
                       caller, [&](TraceRecord& record) {
                         moved = next_realloc(ptr, size);
                         record.address = mote::address_of(moved);
                         // glibc's realloc(ptr, 0) frees.
                         if (moved == nullptr && size == 0 && ptr != nullptr) {
                           record.kind = TraceKind::free;
                           record.address = record.old_address;
                         }
                       });
  last_allocated = moved;
  return moved;
}

void release(void* ptr, const void* caller) {
  if (ptr == nullptr) return;
  if (private_heap.has(ptr)) {
    private_heap.free(ptr);
    return;
  }
  note_free(ptr, caller);
  next_free(ptr);
}

}  // namespace

#define CALLER __builtin_return_address(0)

// The library is built with everything hidden but these.
#pragma GCC visibility push(default)

extern "C" {

void* malloc(size_t size) {
  if (void* const served = allocate_privately(size)) return served;
  return noted(TraceKind::allocate, next_malloc(size), 0, size, CALLER);
}

void free(void* ptr) { release(ptr, CALLER); }

void* calloc(size_t count, size_t size) {
  // A product that overflows is refused below, and told as what can be.
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) total = SIZE_MAX;
  if (void* const served = allocate_privately(total)) return served;
  return noted(TraceKind::allocate_zeroed, next_calloc(count, size), 0, total,
               CALLER);
}

void* realloc(void* ptr, size_t size) { return reallocate(ptr, size, CALLER); }

void* reallocarray(void* ptr, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) {
    errno = ENOMEM;
    return nullptr;
  }
  return reallocate(ptr, total, CALLER);
}

void* aligned_alloc(size_t align, size_t size) {
  return noted(TraceKind::allocate, next_aligned_alloc(align, size), align,
               size, CALLER);
}

void* memalign(size_t align, size_t size) {
  return noted(TraceKind::allocate, next_memalign(align, size), align, size,
               CALLER);
}

int posix_memalign(void** result, size_t align, size_t size) {
  const int error = next_posix_memalign(result, align, size);
  note_allocation(TraceKind::allocate, error == 0 ? *result : nullptr, align,
                  size, CALLER);
  return error;
}

void* valloc(size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return noted(TraceKind::allocate, next_valloc(size), page, size, CALLER);
}

void* pvalloc(size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return noted(TraceKind::allocate, next_pvalloc(size), page,
               mote::align_up(size, page), CALLER);
}

// The C library may have none of these two yet.
void free_sized(void* ptr, size_t) { release(ptr, CALLER); }
void free_aligned_sized(void* ptr, size_t, size_t) { release(ptr, CALLER); }

size_t malloc_usable_size(void* ptr) {
  return private_heap.has(ptr) ? private_heap.usable_size(ptr)
                               : next_usable_size(ptr);
}

}  // extern "C"

// operator new and delete below call malloc and free, which are ours and have
// noted the event; or they have their own way (tcmalloc, jemalloc), and then
// the event is noted here. Which it is shows when something is allocated, and
// is the same for all of them.

namespace {

bool new_comes_by_malloc = true;

template <class Call>
void* made(size_t size, size_t align, const void* caller, Call call) {
  last_allocated = nullptr;
  void* const ptr = call();
  const bool is_noted = ptr == last_allocated;
  __atomic_store_n(&new_comes_by_malloc, is_noted, __ATOMIC_RELAXED);
  if (!is_noted) {
    note_allocation(TraceKind::allocate, ptr, align, size, caller);
  }
  return ptr;
}

void note_delete(void* ptr, const void* caller) {
  if (ptr == nullptr) return;
  if (!__atomic_load_n(&new_comes_by_malloc, __ATOMIC_RELAXED)) {
    note_free(ptr, caller);
  }
}

// Names as the compiler makes them, where a size is an unsigned long.
using std::align_val_t;
using std::nothrow_t;
constinit Next<void*(size_t)> next_new("_Znwm");
constinit Next<void*(size_t)> next_new_array("_Znam");
constinit Next<void*(size_t, align_val_t)> next_new_aligned(
    "_ZnwmSt11align_val_t");
constinit Next<void*(size_t, align_val_t)> next_new_array_aligned(
    "_ZnamSt11align_val_t");
constinit Next<void*(size_t, const nothrow_t&)> next_new_nothrow(
    "_ZnwmRKSt9nothrow_t");
constinit Next<void*(size_t, const nothrow_t&)> next_new_array_nothrow(
    "_ZnamRKSt9nothrow_t");
constinit Next<void*(size_t, align_val_t, const nothrow_t&)>
    next_new_aligned_nothrow("_ZnwmSt11align_val_tRKSt9nothrow_t");
constinit Next<void*(size_t, align_val_t, const nothrow_t&)>
    next_new_array_aligned_nothrow("_ZnamSt11align_val_tRKSt9nothrow_t");
constinit Next<void(void*)> next_delete("_ZdlPv");
constinit Next<void(void*)> next_delete_array("_ZdaPv");
constinit Next<void(void*, align_val_t)> next_delete_aligned(
    "_ZdlPvSt11align_val_t");
constinit Next<void(void*, align_val_t)> next_delete_array_aligned(
    "_ZdaPvSt11align_val_t");

static_assert(sizeof(size_t) == sizeof(unsigned long));

}  // namespace

void* operator new(size_t n) {
  return made(n, 0, CALLER, [=] { return next_new(n); });
}
void* operator new[](size_t n) {
  return made(n, 0, CALLER, [=] { return next_new_array(n); });
}
void* operator new(size_t n, align_val_t a) {
  return made(n, size_t(a), CALLER, [=] { return next_new_aligned(n, a); });
}
void* operator new[](size_t n, align_val_t a) {
  return made(n, size_t(a), CALLER,
              [=] { return next_new_array_aligned(n, a); });
}
void* operator new(size_t n, const nothrow_t& t) noexcept {
  return made(n, 0, CALLER, [&] { return next_new_nothrow(n, t); });
}
void* operator new[](size_t n, const nothrow_t& t) noexcept {
  return made(n, 0, CALLER, [&] { return next_new_array_nothrow(n, t); });
}
void* operator new(size_t n, align_val_t a, const nothrow_t& t) noexcept {
  return made(n, size_t(a), CALLER,
              [&] { return next_new_aligned_nothrow(n, a, t); });
}
void* operator new[](size_t n, align_val_t a, const nothrow_t& t) noexcept {
  return made(n, size_t(a), CALLER,
              [&] { return next_new_array_aligned_nothrow(n, a, t); });
}

// The size and the nothrow of a delete are of no use to us, and those below
// that take them may be missing: the plain ones do the same.
void operator delete(void* p) noexcept {
  note_delete(p, CALLER);
  next_delete(p);
}
void operator delete[](void* p) noexcept {
  note_delete(p, CALLER);
  next_delete_array(p);
}
void operator delete(void* p, size_t) noexcept {
  note_delete(p, CALLER);
  next_delete(p);
}
void operator delete[](void* p, size_t) noexcept {
  note_delete(p, CALLER);
  next_delete_array(p);
}
void operator delete(void* p, const nothrow_t&) noexcept {
  note_delete(p, CALLER);
  next_delete(p);
}
void operator delete[](void* p, const nothrow_t&) noexcept {
  note_delete(p, CALLER);
  next_delete_array(p);
}
void operator delete(void* p, align_val_t a) noexcept {
  note_delete(p, CALLER);
  next_delete_aligned(p, a);
}
void operator delete[](void* p, align_val_t a) noexcept {
  note_delete(p, CALLER);
  next_delete_array_aligned(p, a);
}
void operator delete(void* p, size_t, align_val_t a) noexcept {
  note_delete(p, CALLER);
  next_delete_aligned(p, a);
}
void operator delete[](void* p, size_t, align_val_t a) noexcept {
  note_delete(p, CALLER);
  next_delete_array_aligned(p, a);
}
void operator delete(void* p, align_val_t a, const nothrow_t&) noexcept {
  note_delete(p, CALLER);
  next_delete_aligned(p, a);
}
void operator delete[](void* p, align_val_t a, const nothrow_t&) noexcept {
  note_delete(p, CALLER);
  next_delete_array_aligned(p, a);
}

// ---- The life of the process

namespace {

using Main = int (*)(int, char**, char**);
Main program_main;

int marked_main(int count, char** arguments, char** environment) {
  recorder.mark(TraceMark::main_begins);
  const int status = program_main(count, arguments, environment);
  recorder.mark(TraceMark::exit_begins);
  return status;
}

// The program's own symbols come before those that are preloaded: then its
// malloc is not ours.
bool is_malloc_ours() {
  const mote::Recorder::Inside inside;  // this is no event
  const auto program_malloc =
      reinterpret_cast<void* (*)(size_t)>(dlsym(RTLD_DEFAULT, "malloc"));
  const auto program_free =
      reinterpret_cast<void (*)(void*)>(dlsym(RTLD_DEFAULT, "free"));
  void* const ptr = program_malloc(1);
  const bool is_ours = private_heap.has(ptr);
  program_free(ptr);
  return is_ours;
}

[[gnu::constructor]] void begin() {
  recorder.begin();
  pthread_atfork([] { recorder.before_fork(); },
                 [] { recorder.after_fork_in_parent(); }, nullptr);
  if (!is_malloc_ours()) {
    recorder.mark(TraceMark::user,
                  "mote-trace: the program brings its own malloc, whose calls "
                  "cannot be seen");
  }
}

// The last thing that happens: others' destructors ran before, as they may use
// what is preloaded.
[[gnu::destructor]] void end() { recorder.finish(); }

}  // namespace

extern "C" {

int __libc_start_main(Main main, int count, char** arguments, void (*init)(),
                      void (*fini)(), void (*rtld_fini)(), void* stack_end) {
  static constinit Next<int(Main, int, char**, void (*)(), void (*)(),
                            void (*)(), void*)>
      next("__libc_start_main");
  program_main = main;
  return next(marked_main, count, arguments, init, fini, rtld_fini, stack_end);
}

void exit(int status) {
  static constinit Next<void(int)> next("exit");
  recorder.mark(TraceMark::exit_begins);
  next(status);
  __builtin_unreachable();
}

void _exit(int status) {
  static constinit Next<void(int)> next("_exit");
  recorder.finish();
  next(status);
  __builtin_unreachable();
}

void _Exit(int status) { _exit(status); }

}  // extern "C"

#pragma GCC visibility pop
