// A program that uses the C++ headers and the arenas of C, as they are
// installed.
#include <mote/arena.h>
#include <mote/arena.hpp>
#include <mote/counting.hpp>
#include <mote/failing.hpp>
#include <mote/fallback.hpp>
#include <mote/global_heap.hpp>
#include <mote/limited.hpp>
#include <mote/std_allocator.hpp>
#if __has_include(<memory_resource>)
#include <mote/memory_resource.hpp>
#endif

#include <cstdio>
#include <string>
#include <vector>

static bool arenas_work() {
  mote_arena arena = MOTE_ARENA_INIT;
  const bool has_block = mote_arena_alloc(&arena, 100, 64) != nullptr;
  mote_arena_release(&arena);
  return has_block && mote_arena_chunk_bytes(&arena) == 0;
}

static bool wrappers_work() {
  mote::Counting<mote::GlobalHeap> counting;
  {
    mote::Limited limited(counting, 100'000);
    mote::Arena arena(limited);
    std::vector<int, decltype(mote::allocator_over<int>(arena))> numbers(
        mote::allocator_over<int>(arena));
    for (int i = 0; i < 1000; ++i) numbers.push_back(i);
    if (counting.counts().live_bytes < 4000) return false;
    mote::Failing failing(arena, mote::RefuseAbove(10));
    if (failing.allocate(11, 1)) return false;
  }
  return counting.counts().live_bytes == 0;
}

static bool resources_work() {
#if __has_include(<memory_resource>)
  mote::Counting<mote::GlobalHeap> counting;
  mote::memory_resource resource(counting);
  const std::pmr::string text(100, 'a', &resource);
  return counting.counts().live_bytes > 100;
#else
  return true;
#endif
}

int main() {
  if (!arenas_work() || !wrappers_work() || !resources_work()) return 1;
  std::puts("mote serves this program");
}
