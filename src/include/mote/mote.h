/* mote: a small-footprint, size-classed memory allocator.
 *
 * The C library's names (malloc, free, realloc, calloc, aligned_alloc,
 * posix_memalign, malloc_usable_size) are declared by <stdlib.h> and
 * <malloc.h> and behave as ISO C and POSIX say. This header declares what they
 * lack: the size-aware calls that Rust, Zig and C++14 want.
 *
 * All of them work on the one global heap, and blocks may cross freely between
 * both families: mote_alloc then free, malloc then mote_free_sized.
 *
 * Rules for every function here, unless it says otherwise:
 *   sizes       are in bytes; a size of 0 is served as the smallest block
 *   align       a power of two, in bytes; 0 or less than the heap's own
 *               alignment (16, or 8 if built so) means that alignment; one that
 *               is not a power of two is refused
 *   errors      a null result; nothing has changed, errno is not touched
 *   complexity  O(1) plus the bytes that are copied or cleared
 *   threads     any thread may call, natively and in wasm builds with threads
 *               (locked, per_thread); one at a time in other wasm builds
 */
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <stddef.h>

/* A parameter of mallopt natively: for how many milliseconds free blocks keep
   their pages; less than 0 is for ever. Those of 32 MiB and more lose them at
   once. The hardened profile keeps all but what lies between guard pages;
   there mallopt answers 0. */
#define MOTE_DISCARD_DELAY 1000

#ifdef __cplusplus
extern "C" {
#endif

/* A block of at least `size` bytes at a multiple of `align`. Not cleared. */
void* mote_alloc(size_t size, size_t align);

/* The same, all bytes zero. */
void* mote_zalloc(size_t size, size_t align);

/* Frees a block. `size` and `align` are those it was allocated (or last
 * reallocated) with. Null is allowed. */
void mote_free_sized(void* ptr, size_t size, size_t align);

/* Moves a block to `new_size` bytes, keeping the first min(old_size, new_size)
 * and the alignment. In place when possible. On failure the old block is
 * untouched. A null `ptr` allocates; a `new_size` of 0 is served as the
 * smallest block (it never frees). */
void* mote_realloc_sized(void* ptr, size_t old_size, size_t align,
                         size_t new_size);

/* Makes a block `new_size` bytes long without moving it. Returns 1 if it now
 * is, 0 if that is impossible and nothing changed. Shrinking may refuse too. */
int mote_try_expand(void* ptr, size_t new_size);

/* The bytes that may be used at `ptr`, at least what was asked for; 0 for
 * null. */
size_t mote_usable_size(const void* ptr);

/* For threads of wasm that mote is not told of, as a worker that instantiates
 * the module over the shared memory; natively and with Emscripten's pthreads,
 * the end of a thread is noticed, and only wasm builds have these. Where
 * threads have nothing of their own (not built per_thread), they do nothing.
 * O(1). */

/* This thread ends, or will not allocate for long: what it has of the heap goes
 * to the next thread that begins. It may begin anew itself. */
void mote_thread_end(void);

/* What this thread has of the heap, for whoever may have to abandon it; it gets
 * it now, if it had nothing yet. Null when memory is refused. */
void* mote_thread(void);

/* In place of a thread that was terminated without mote_thread_end: leaves what
 * mote_thread() gave it to the next. The thread must not have been within a
 * call of the allocator, and can never call one again. Null is allowed. */
void mote_thread_abandon(void* thread);

#ifdef __cplusplus
}
#endif

#endif
