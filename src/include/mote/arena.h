/* Arenas: blocks are cut one after the other from chunks of the global heap,
 * and go all at once. Only the last block can be freed, grown and shrunk where
 * it is.
 *
 *   mote_arena arena = MOTE_ARENA_INIT;
 *   struct node* node = mote_arena_alloc(&arena, sizeof *node, 0);
 *   mote_arena_checkpoint before = mote_arena_mark(&arena);
 *   ...
 *   mote_arena_rewind(&arena, before);  what was allocated since is gone
 *   mote_arena_reset(&arena);           and now the rest
 *   mote_arena_release(&arena);         and the memory
 *
 * Rules for every function here, unless it says otherwise:
 *   sizes       are in bytes; a size of 0 is served as 1
 *   align       a power of two, in bytes; 0 means that of max_align_t; one that
 *               is not a power of two is refused
 *   errors      a null result; no block has changed, errno is not touched
 *   complexity  O(1), plus the bytes that are copied or cleared, plus
 * mote_alloc for a chunk threads     one arena, one thread; different arenas
 * need nothing
 *
 * C++ has more of it, over any allocator: mote::Arena of <mote/arena.hpp>.
 */
#ifndef MOTE_ARENA_H
#define MOTE_ARENA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
/* What initialises it here is read as another type there, under LTO too. */
#define MOTE_ARENA_MAY_ALIAS __attribute__((may_alias))
#else
#define MOTE_ARENA_MAY_ALIAS
#endif

/* The fields are the implementation's. Must not be copied or moved. */
typedef struct MOTE_ARENA_MAY_ALIAS mote_arena {
  void* pointers[5];
  size_t sizes[2];
} mote_arena;

/* An empty arena without a limit. Takes no memory yet. */
#define MOTE_ARENA_INIT {{0}, {0, (size_t)-1}}

/* The same at run time. */
void mote_arena_init(mote_arena* arena);

/* Makes a buffer of the caller's, anywhere, the first chunk of an arena that is
 * still empty. It comes back into use with every reset and remains the
 * caller's. Returns 1, or 0 when the buffer is too small for a header (32 bytes
 * and alignment) or the arena is not empty. */
int mote_arena_adopt(mote_arena* arena, void* buffer, size_t size);

/* Takes all blocks back, and all chunks return to the heap. The arena is empty
 * and can be used again. O(chunks). */
void mote_arena_release(mote_arena* arena);

/* A block of `size` bytes at a multiple of `align`. Not cleared. */
void* mote_arena_alloc(mote_arena* arena, size_t size, size_t align);

/* The same, all bytes zero. */
void* mote_arena_zalloc(mote_arena* arena, size_t size, size_t align);

/* A block of `new_size` bytes with the first min(old_size, new_size) of the old
 * one, in place when that is the last one or does not grow. On failure the old
 * block is untouched. A null `ptr` allocates. */
void* mote_arena_realloc(mote_arena* arena, void* ptr, size_t old_size,
                         size_t align, size_t new_size);

/* Makes a block `new_size` bytes long without moving it. Returns 1 if it now
 * is, 0 if that is impossible and nothing changed. */
int mote_arena_try_expand(mote_arena* arena, void* ptr, size_t old_size,
                          size_t new_size);

/* Takes the last block back; of any other and of null, nothing happens. */
void mote_arena_free(mote_arena* arena, void* ptr, size_t size);

/* Makes sure that so many bytes can be allocated from one chunk: 1, or 0 when
 * that is refused. */
int mote_arena_reserve(mote_arena* arena, size_t size);

/* A point in the arena's life. Valid until it is rewound to an earlier one,
 * reset or released. */
typedef struct mote_arena_checkpoint {
  void* pointers[2];
} mote_arena_checkpoint;

mote_arena_checkpoint mote_arena_mark(const mote_arena* arena);

/* Takes back all that was allocated or reallocated since; traps when the
 * checkpoint's chunk is not there. O(chunks since then). */
void mote_arena_rewind(mote_arena* arena, mote_arena_checkpoint to);

/* Takes all blocks back, but keeps the buffer and the longest chunk. O(chunks).
 */
void mote_arena_reset(mote_arena* arena);

/* At most this many bytes in chunks, (size_t)-1 for no limit. What is there
 * already stays. */
void mote_arena_set_limit(mote_arena* arena, size_t bytes);
size_t mote_arena_limit(const mote_arena* arena);

/* In all chunks that came from the heap, headers included. */
size_t mote_arena_chunk_bytes(const mote_arena* arena);

/* In blocks, and in padding between them. O(chunks). */
size_t mote_arena_allocated_bytes(const mote_arena* arena);

/* Calls `action` with what blocks of each chunk lie in, from the newest chunk
 * to the oldest. It may not allocate from the arena. O(chunks). */
void mote_arena_each_chunk(const mote_arena* arena,
                           void (*action)(void* context, void* begin,
                                          size_t size),
                           void* context);

#ifdef __cplusplus
}
#endif

#endif
