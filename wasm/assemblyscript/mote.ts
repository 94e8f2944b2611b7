// AssemblyScript's runtime over mote: its incremental collector, with mote's
// malloc below instead of its own TLSF.
//
//   ptr - 16        ptr - 4         ptr
//   +---------------+---------------+-- - -
//   | unused        | mmInfo        | what __alloc gave
//   +---------------+---------------+-- - -
//
// The collector reads in the word before a block how many bytes it holds, and
// wants blocks aligned to 16 bytes, as mote gives them: so each is one granule
// further.
import { BLOCK, BLOCK_MAXSIZE, BLOCK_OVERHEAD } from "rt/common";
import "rt/itcms";

// @ts-ignore: decorator
@external("mote", "malloc") declare function mote_malloc(size: usize): usize;
// @ts-ignore: decorator
@external("mote", "free") declare function mote_free(ptr: usize): void;
// @ts-ignore: decorator
@external("mote", "realloc") declare function mote_realloc(ptr: usize, size: usize): usize;
// @ts-ignore: decorator
@external("mote", "malloc_usable_size") declare function mote_usable_size(ptr: usize): usize;

// @ts-ignore: decorator
@inline const OFFSET: usize = 16;

// The runtime knows no refusal: it stops, as over TLSF.
function block_of(begin: usize): usize {
  if (!begin) unreachable();
  const ptr = begin + OFFSET;
  // Its two lowest bits are flags.
  changetype<BLOCK>(ptr - BLOCK_OVERHEAD).mmInfo = (mote_usable_size(begin) - OFFSET) & ~3;
  return ptr;
}

// @ts-ignore: decorator
@global @unsafe
function __alloc(size: usize): usize {
  if (size > BLOCK_MAXSIZE) unreachable();
  return block_of(mote_malloc(size + OFFSET));
}

// What lies below the heap is static, and is copied when it is to grow.
// @ts-ignore: decorator
@global @unsafe
function __realloc(ptr: usize, size: usize): usize {
  if (ptr < __heap_base) {
    const moved = __alloc(size);
    memory.copy(moved, ptr, min(size, changetype<BLOCK>(ptr - BLOCK_OVERHEAD).mmInfo & ~3));
    return moved;
  }
  if (size > BLOCK_MAXSIZE) unreachable();
  return block_of(mote_realloc(ptr - OFFSET, size + OFFSET));
}

// @ts-ignore: decorator
@global @unsafe
function __free(ptr: usize): void {
  if (ptr >= __heap_base) mote_free(ptr - OFFSET);
}
