/* What musl, libc++abi and Emscripten's runtime call: each of the names is
 * mote's, so that what one of them allocated any other frees. */
#include <assert.h>
#include <emscripten/heap.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mote/inspect.h"

_Static_assert(MOTE_ALIGNMENT == _Alignof(max_align_t),
               "blocks suit all types");

void* __libc_malloc(size_t size);
void __libc_free(void* ptr);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* ptr, size_t size);
void* emscripten_builtin_malloc(size_t size);
void emscripten_builtin_free(void* ptr);
void* emscripten_builtin_calloc(size_t count, size_t size);
void* emscripten_builtin_realloc(void* ptr, size_t size);
void* emscripten_builtin_memalign(size_t align, size_t size);
void* _sbrk64(int64_t increment);

static size_t used_count(void) {
  struct mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.used_count;
}

static void* by_posix_memalign(size_t size) {
  void* block = NULL;
  assert(posix_memalign(&block, 64, size) == 0);
  return block;
}

int main(void) {
  enum { size = 2000 };
  size_t before = used_count();
  char* blocks[] = {
      malloc(size),
      calloc(20, 100),
      realloc(NULL, size),
      memalign(64, size),
      aligned_alloc(64, size),
      by_posix_memalign(size),
      __libc_malloc(size),
      __libc_calloc(20, 100),
      __libc_realloc(NULL, size),
      emscripten_builtin_malloc(size),
      emscripten_builtin_calloc(20, 100),
      emscripten_builtin_realloc(NULL, size),
      emscripten_builtin_memalign(64, size),
  };
  enum { count = sizeof blocks / sizeof *blocks };
  void* (*const reallocate[])(void*, size_t) = {realloc, __libc_realloc,
                                                emscripten_builtin_realloc};
  void (*const release[])(void*) = {emscripten_builtin_free, free, __libc_free};

  assert(used_count() == before + count);
  for (int i = 0; i < count; ++i) {
    assert(blocks[i] && malloc_usable_size(blocks[i]) >= size);
    memset(blocks[i], i, size);
    blocks[i] = reallocate[i % 3](blocks[i], 3 * size);
    assert(blocks[i][0] == i && blocks[i][size - 1] == i);
  }
  assert(used_count() == before + count);
  for (int i = 0; i < count; ++i) release[i % 3](blocks[i]);
  assert(used_count() == before);

  char* at = sbrk(0);
  assert((uintptr_t)at == *emscripten_get_sbrk_ptr() && _sbrk64(0) == at);
  assert(brk(at) == 0 && sbrk(0) == at);
  puts("all names");
  return 0;
}
