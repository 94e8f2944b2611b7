// Arenas and wrappers without a C library: over the heap behind malloc, and
// over a static buffer alone.
#include "arena.hpp"

#include "counting.hpp"
#include "global_heap.hpp"
#include "limited.hpp"
#include "mote/arena.h"
#include "names.hpp"

namespace {

constinit mote_arena c_arena = MOTE_ARENA_INIT;

MOTE_CASE(c_arena_allocates_and_rewinds) {
  const mote_arena_checkpoint begin = mote_arena_mark(&c_arena);
  for (size_t size = 0; size < 500; ++size) {
    void* const ptr = mote_arena_alloc(&c_arena, size, 16);
    MOTE_CHECK(ptr && reinterpret_cast<size_t>(ptr) % 16 == 0);
    fill(ptr, 0x5A, size);
  }
  mote_arena_rewind(&c_arena, begin);
  MOTE_CHECK(mote_arena_allocated_bytes(&c_arena) == 0);
  mote_arena_release(&c_arena);
  MOTE_CHECK(mote_arena_chunk_bytes(&c_arena) == 0);
}

MOTE_CASE_MAX_PAGES(c_arena_runs_dry_and_gives_all_back, 20) {
  size_t block_count = 0;
  while (mote_arena_alloc(&c_arena, 1000, 1)) ++block_count;
  MOTE_CHECK(block_count > 800);
  MOTE_CHECK(!malloc(100'000));
  mote_arena_release(&c_arena);
  MOTE_CHECK(malloc(100'000));
}

MOTE_CASE(arena_makes_objects_over_counted_memory) {
  mote::Counting<mote::GlobalHeap> counting;
  mote::Limited limited(counting, 10'000);
  mote::Arena<decltype(limited)&, 8> arena(limited);
  int made = 0;
  while (const int* number = arena.try_make<int>(made)) {
    MOTE_CHECK(*number == made);
    ++made;
  }
  MOTE_CHECK(made > 1000 && made < 1250);
  arena.release();
  MOTE_CHECK(counting.counts().live_bytes == 0);
  MOTE_CHECK(counting.counts().peak_bytes <= 10'000);
}

alignas(16) char buffer[512];

MOTE_CASE(arena_in_a_static_buffer) {
  mote::Arena<mote::NullAllocator> arena(buffer, sizeof buffer);
  MOTE_CHECK(arena.try_copy_string("a string"));
  MOTE_CHECK(!arena.allocate(512, 1));
}

MOTE_TRAP_CASE(arena_rewound_to_what_is_gone, "mote_trap_invalid_pointer") {
  mote::Arena<mote::GlobalHeap> arena;
  arena.allocate(1, 1);
  const auto gone = arena.checkpoint();
  arena.release();
  arena.rewind(gone);
}

}  // namespace
