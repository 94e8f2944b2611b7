// mote as the default zone of macOS's malloc. Compiled and linked against the
// system's names by tests/cross/apple, never run.
//
// There, malloc and free hand each call to a zone, and free asks the zones
// whose a block is. So mote defines no malloc, which would serve only the image
// that links it: as the default zone it serves all of them, and what was
// allocated before goes back to where it came from.
//
// The whole heap is behind one lock. A thread's own variables come from malloc
// here, at their first use: malloc itself can have none.
#include <mach/mach.h>
#include <malloc/malloc.h>
#include <stddef.h>
#include <unistd.h>

#include "claimed_mmap.hpp"
#include "errno.hpp"
#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "lock.hpp"
#include "locked_heap.hpp"
#include "macos_zone.hpp"
#include "malloc.hpp"
#include "print_statistics.hpp"
#include "profile.hpp"
#include "threading.hpp"

namespace {

constinit mote::HeapFor<mote::profile, mote::ClaimedMmap,
                        mote::Locked<mote::Lock>>
    heap;
struct C : mote::Malloc<heap, mote::Errno>, mote::Inspection<heap> {};

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

bool mote::is_ours(const void* ptr) {
  return heap.unlocked().source().has(ptr);
}

// C defines its names by others here, for the system keeps its own: those of
// macos_zone.hpp, and no program's.
#define MOTE_TEXT(token) MOTE_TEXT_AS_IT_IS(token)
#define MOTE_TEXT_AS_IT_IS(token) #token
#define MOTE_HIDDEN_NAME(name)                              \
  __asm__(MOTE_TEXT(__USER_LABEL_PREFIX__) "mote_c_" #name) \
      __attribute__((visibility("hidden")))
extern "C" {
void* malloc(size_t size) MOTE_HIDDEN_NAME(malloc);
void free(void* ptr) MOTE_HIDDEN_NAME(free);
void* calloc(size_t count, size_t size) MOTE_HIDDEN_NAME(calloc);
void* realloc(void* ptr, size_t size) MOTE_HIDDEN_NAME(realloc);
void* aligned_alloc(size_t align, size_t size) MOTE_HIDDEN_NAME(aligned_alloc);
int posix_memalign(void** result, size_t align, size_t size)
    MOTE_HIDDEN_NAME(posix_memalign);
size_t malloc_usable_size(void* ptr) MOTE_HIDDEN_NAME(usable_size);
void free_sized(void* ptr, size_t size) MOTE_HIDDEN_NAME(free_sized);
void free_aligned_sized(void* ptr, size_t align, size_t size)
    MOTE_HIDDEN_NAME(free_aligned_sized);
}

#pragma GCC visibility push(default)
#include "c_names.inc"
#pragma GCC visibility pop

namespace {

// Of any address: 0 says that the block is another zone's. One of ours that is
// no block in use stops the program, as it does when it is freed.
size_t zone_size(malloc_zone_t*, const void* ptr) {
  return mote::is_ours(ptr) ? C::malloc_usable_size(ptr) : 0;
}
boolean_t zone_claimed_address(malloc_zone_t*, void* ptr) {
  return mote::is_ours(ptr);
}

void* zone_malloc(malloc_zone_t*, size_t size) { return C::malloc(size); }
void* zone_calloc(malloc_zone_t*, size_t count, size_t size) {
  return C::calloc(count, size);
}
void* zone_valloc(malloc_zone_t*, size_t size) {
  return C::aligned_alloc(page_bytes(), size);
}
void* zone_memalign(malloc_zone_t*, size_t align, size_t size) {
  return C::aligned_alloc(align, size);
}
void* zone_realloc(malloc_zone_t*, void* ptr, size_t size) {
  return C::realloc(ptr, size);
}
void zone_free(malloc_zone_t*, void* ptr) { C::free(ptr); }
// The size is that of the block, and not what was asked for.
void zone_free_definite_size(malloc_zone_t*, void* ptr, size_t) {
  C::free(ptr);
}
size_t zone_pressure_relief(malloc_zone_t*, size_t) { return heap.trim(); }

// The default zone lives as long as its process.
void zone_destroy(malloc_zone_t*) {}

// What looks into other processes finds no blocks of mote's.
kern_return_t enumerator(task_t, void*, unsigned, vm_address_t, memory_reader_t,
                         vm_range_recorder_t) {
  return KERN_SUCCESS;
}

size_t good_size(malloc_zone_t*, size_t size) {
  return mote::align_up(size + !size, mote::profile.alignment);
}

boolean_t check(malloc_zone_t*) { return 1; }
void print(malloc_zone_t*, boolean_t) { mote::print_statistics(STDERR_FILENO); }
void log(malloc_zone_t*, void*) {}

void statistics(malloc_zone_t*, malloc_statistics_t* result) {
  mote_statistics now;
  mote_stats(&now);
  result->blocks_in_use = static_cast<unsigned>(now.used_count);
  result->size_in_use = now.used_bytes;
  result->max_size_in_use = now.peak_footprint_bytes;
  result->size_allocated = now.footprint_bytes;
}

// Around fork, by the forking thread: the lock is open to it in between. The
// last is the child's.
void force_lock(malloc_zone_t*) { heap.lock().before_fork(); }
void force_unlock(malloc_zone_t*) { heap.lock().after_fork_in_parent(); }
void reinit_lock(malloc_zone_t*) { heap.lock().after_fork_in_child(); }
boolean_t zone_locked(malloc_zone_t*) { return 0; }

constexpr malloc_introspection_t make_introspection() {
  malloc_introspection_t calls = {};
  calls.enumerator = enumerator;
  calls.good_size = good_size;
  calls.check = check;
  calls.print = print;
  calls.log = log;
  calls.force_lock = force_lock;
  calls.force_unlock = force_unlock;
  calls.statistics = statistics;
  calls.zone_locked = zone_locked;
  calls.reinit_lock = reinit_lock;
  return calls;
}
constinit malloc_introspection_t introspection = make_introspection();

// Without the calls for batches, which the system then makes one by one.
constexpr malloc_zone_t make_zone() {
  malloc_zone_t calls = {};
  calls.size = zone_size;
  calls.malloc = zone_malloc;
  calls.calloc = zone_calloc;
  calls.valloc = zone_valloc;
  calls.free = zone_free;
  calls.realloc = zone_realloc;
  calls.destroy = zone_destroy;
  calls.zone_name = "mote";
  calls.introspect = &introspection;
  calls.version = 10;  // up to claimed_address; 9 brought reinit_lock
  calls.memalign = zone_memalign;
  calls.free_definite_size = zone_free_definite_size;
  calls.pressure_relief = zone_pressure_relief;
  calls.claimed_address = zone_claimed_address;
  return calls;
}
constinit malloc_zone_t zone = make_zone();

// The first of the system's list is the default one, by which
// malloc_default_zone() goes, too. Who leaves the list is followed by its last,
// so mote's comes first when the others have left and come again. (As jemalloc,
// src/zone.c, and mimalloc, src/prim/osx, do.)
[[gnu::constructor(101)]] void become_default_zone() {
  // It is made when it is first asked for, as a copy of the default one.
  malloc_zone_t* const purgeable = malloc_default_purgeable_zone();
  malloc_zone_register(&zone);
  vm_address_t* zones = nullptr;
  unsigned count = 0;
  if (malloc_get_all_zones(mach_task_self(), nullptr, &zones, &count) !=
          KERN_SUCCESS ||
      count == 0) {
    return;
  }
  auto* const first = reinterpret_cast<malloc_zone_t*>(zones[0]);
  malloc_zone_t* const others[] = {first, purgeable};
  for (malloc_zone_t* other : others) {
    if (other == &zone) continue;
    malloc_zone_unregister(other);
    malloc_zone_register(other);
  }
}

}  // namespace
