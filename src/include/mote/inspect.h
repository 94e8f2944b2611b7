/* What the global heap of mote consists of, for whoever looks into it.
 *
 * Nothing here allocates, so the heap is seen as it is; nothing of it is in a
 * program that does not call it.
 *
 *   errors      none
 *   complexity  of each function, beside it
 *   threads     safe natively, while others allocate too; they wait meanwhile
 *
 * In the hardened profile a block is larger than what may be used of it, one
 * that was freed and waits is free to mote_walk and in use to mote_stats. A
 * block between guard pages is alone in a region, which may come or go
 * meanwhile. Where one thread at a time calls, mote_walk traps on what was
 * written out of bounds or after a free.
 */
#ifndef MOTE_INSPECT_H
#define MOTE_INSPECT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a piece of the heap is. A region holds the slabs and blocks that follow
 * it in the list, a slab the small blocks that follow it. */
enum mote_piece_kind {
  mote_piece_region, /* memory that grew without a gap */
  mote_piece_slab,   /* small blocks of one size */
  mote_piece_used,   /* a block in use */
  mote_piece_free,   /* a free block */
  mote_piece_map     /* a block that the heap keeps its own books in */
};

struct mote_piece {
  const void* address;
  size_t size_bytes; /* of a block: what may be used of it */
  enum mote_piece_kind kind;
};

/* Lists the pieces of the heap in the order of their addresses, except that a
 * region which the platform gave later comes later. Writes the first `capacity`
 * of them to `pieces` and returns how many there are: if more than `capacity`,
 * call again with more room. All are of one moment. O(pieces). */
size_t mote_walk(struct mote_piece* pieces, size_t capacity);

/* Blocks of a like size: of 2^i to 2^(i+1) - 1 bytes for the i-th of a list. */
struct mote_blocks {
  size_t used_count, used_bytes;
  size_t free_count, free_bytes;
};

struct mote_statistics {
  size_t footprint_bytes;      /* of all regions */
  size_t peak_footprint_bytes; /* the most these were; what malloc_trim released
                                  is forgotten if memory then grows elsewhere */
  size_t used_bytes;           /* what may be used of the blocks in use */
  size_t free_bytes;           /* and of the free ones */
  size_t used_count, free_count;
  size_t region_count, slab_count;
  size_t largest_free_bytes; /* the largest block to be had without growing */
  size_t last_free_bytes;    /* free at the end of the last region */
  struct mote_blocks by_size[8 * sizeof(size_t)];
};

/* Counts what mote_walk lists. O(slabs and blocks that are not in one). */
void mote_stats(struct mote_statistics* statistics);

/* Where the heap keeps what, for a reader of a module's memory from outside:
 * wasm/js/layout.js. Its form is that of `Layout` in src/walk.hpp. Null
 * natively, where there are segments of slabs. O(1). */
const void* mote_layout(void);

#ifdef __cplusplus
}
#endif

#endif
