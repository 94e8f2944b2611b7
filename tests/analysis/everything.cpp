// All of the core, in every kind of heap and every wrapper: what a template
// hides until it is used, the analysers and compilers see here.
#include <stddef.h>
#include <stdint.h>

#include "arena.hpp"
#include "c_malloc.hpp"
#include "counting.hpp"
#include "failing.hpp"
#include "fallback.hpp"
#include "heap.hpp"
#include "inspect.hpp"
#include "limited.hpp"
#include "locked_heap.hpp"
#include "malloc.hpp"
#include "memory_resource.hpp"
#include "native/errno.hpp"
#include "native/lock.hpp"
#include "native/mmap.hpp"
#include "native/sbrk.hpp"
#include "native/static_array.hpp"
#include "native/thread_slot.hpp"
#include "page_chunks.hpp"
#include "std_allocator.hpp"
#include "threading.hpp"
#include "trace_format.hpp"
#include "tracing.hpp"
#include "verify.hpp"

namespace mote {

size_t use_everything(size_t size);

namespace {

void end_thread() {}
using Threads = PerThread<Lock, ThreadSlot<end_thread>>;
constexpr Config caching = {.thread_cache_bytes = 65536};
constexpr Config aligned_to_8 = {.alignment = 8};
constexpr Config tiny_aligned_to_8 = {.alignment = 8, .has_slabs = false};

struct Nowhere {
  static void write(const void*, size_t) {}
};

}  // namespace

template class Arena<CMalloc>;
template class Counting<CMalloc, PowersOfTwo>;
template class Limited<CMalloc, PlainCounter>;
template class Failing<CMalloc, RefuseAtRandom>;
template class Fallback<Arena<CMalloc>&, CMalloc>;
template class Tracing<CMalloc, TextTrace<Nowhere>>;
template class Tracing<CMalloc, BinaryTrace<Nowhere>>;
template class memory_resource<CMalloc>;
template class allocator<int, CMalloc>;

namespace {

// A heap has members that only some kinds of it may have: so each is called.
template <class AnyHeap>
size_t use(AnyHeap& heap, size_t size) {
  void* ptr = heap.allocate(size);
  ptr = heap.reallocate(ptr, 32, size + 1);
  if (!heap.try_expand(ptr, size)) heap.free(ptr);
  ptr = heap.allocate_zeroed(size, 64);
  size_t sum = heap.usable_size(ptr);
  heap.free(ptr, size, 64);
  if constexpr (requires { heap.trim(); }) sum += heap.trim();
  if (verify(heap.unlocked()) != nullptr) return 0;
  walk(heap.unlocked(),
       [&](const mote_piece& piece) { sum += piece.size_bytes; });
  return sum + statistics(heap.unlocked()).used_bytes;
}

Heap<standard_profile, Mmap> standard;
Heap<aligned_to_8, Sbrk<>> over_sbrk;
Heap<tiny_profile, StaticArray<65536>> tiny;
Heap<caching, Mmap, Threads> threads;
LockedHeap<Heap<tiny_aligned_to_8, Mmap>, Lock> locked;

}  // namespace

template struct Malloc<standard, Errno>;
template struct Inspection<threads>;

size_t use_everything(size_t size) {
  threads.end_thread(false);
  Arena<PageChunks<Mmap>, 1> arena;
  static char memory[4096];
  Heap<tiny_aligned_to_8, GivenMemory> given(
      GivenMemory(memory, sizeof memory));
  if (char* copy = arena.try_copy_string("copied")) size += copy[0] == 'c';
  return use(standard, size) + use(over_sbrk, size) + use(tiny, size) +
         use(threads, size) + use(locked, size) + use(given, size);
}

}  // namespace mote
