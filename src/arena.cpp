// The arenas of C, over the global heap: mote/arena.h. A member of its own in
// the static library, and nothing here is exported by force, so that only
// programs that call it have it.
#include "mote/arena.h"

#include "arena.hpp"
#include "global_heap.hpp"

namespace {

// A type of this file's own: the one file is to define nothing but its names.
struct Heap : mote::GlobalHeap {};
// Each call says its alignment, so strings may lie without padding.
using CArena = mote::Arena<Heap, 1>;
static_assert(sizeof(CArena) == sizeof(mote_arena));
static_assert(alignof(CArena) == alignof(mote_arena));
static_assert(sizeof(CArena::Checkpoint) == sizeof(mote_arena_checkpoint));

CArena& of(mote_arena* arena) { return *reinterpret_cast<CArena*>(arena); }
const CArena& of(const mote_arena* arena) {
  return *reinterpret_cast<const CArena*>(arena);
}

// 0 where `align` is none.
size_t checked(size_t align) {
  if (!align) return alignof(max_align_t);
  return mote::is_power_of_two(align) ? align : 0;
}

}  // namespace

extern "C" {

void mote_arena_init(mote_arena* arena) { new (mote::At{arena}) CArena; }

int mote_arena_adopt(mote_arena* arena, void* buffer, size_t size) {
  return of(arena).adopt(buffer, size);
}

void mote_arena_release(mote_arena* arena) { of(arena).release(); }

void* mote_arena_alloc(mote_arena* arena, size_t size, size_t align) {
  align = checked(align);
  return align ? of(arena).allocate(size, align) : nullptr;
}

void* mote_arena_zalloc(mote_arena* arena, size_t size, size_t align) {
  void* ptr = mote_arena_alloc(arena, size, align);
  return ptr ? __builtin_memset(ptr, 0, size) : nullptr;
}

void* mote_arena_realloc(mote_arena* arena, void* ptr, size_t old_size,
                         size_t align, size_t new_size) {
  align = checked(align);
  return align ? of(arena).reallocate(ptr, old_size, align, new_size) : nullptr;
}

int mote_arena_try_expand(mote_arena* arena, void* ptr, size_t old_size,
                          size_t new_size) {
  return ptr && of(arena).try_expand(ptr, old_size, new_size);
}

void mote_arena_free(mote_arena* arena, void* ptr, size_t size) {
  of(arena).free(ptr, size, 1);
}

int mote_arena_reserve(mote_arena* arena, size_t size) {
  return of(arena).reserve(size);
}

mote_arena_checkpoint mote_arena_mark(const mote_arena* arena) {
  return __builtin_bit_cast(mote_arena_checkpoint, of(arena).checkpoint());
}

void mote_arena_rewind(mote_arena* arena, mote_arena_checkpoint to) {
  of(arena).rewind(__builtin_bit_cast(CArena::Checkpoint, to));
}

void mote_arena_reset(mote_arena* arena) { of(arena).reset(); }

void mote_arena_set_limit(mote_arena* arena, size_t bytes) {
  of(arena).set_limit(bytes);
}

size_t mote_arena_limit(const mote_arena* arena) { return of(arena).limit(); }

size_t mote_arena_chunk_bytes(const mote_arena* arena) {
  return of(arena).chunk_bytes();
}

size_t mote_arena_allocated_bytes(const mote_arena* arena) {
  return of(arena).allocated_bytes();
}

void mote_arena_each_chunk(const mote_arena* arena,
                           void (*action)(void* context, void* begin,
                                          size_t size),
                           void* context) {
  for (const mote::Span chunk : of(arena).chunks())
    action(context, chunk.begin, chunk.size_bytes);
}

}  // extern "C"
