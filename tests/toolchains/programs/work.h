/* A workload on the C names alone: blocks of all sizes, allocated, reallocated
 * and freed at random, each filled with a byte of its own. Returns how many
 * blocks held what was written, or minus the step at which one did not. Needs
 * no C library. */
#ifndef WORK_H
#define WORK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
void* malloc(size_t size);
void free(void* ptr);
void* calloc(size_t count, size_t size);
void* realloc(void* ptr, size_t size);
void* aligned_alloc(size_t align, size_t size);
#ifdef __cplusplus
}
#endif

enum { work_block_count = 200 };

struct work_block {
  unsigned char* bytes;
  size_t size;
};

static unsigned work_state;

static unsigned work_random(unsigned below) {
  work_state = work_state * 1664525u + 1013904223u;
  return (work_state >> 8) % below;
}

static int work_holds(const struct work_block* block, size_t size, int byte) {
  for (size_t i = 0; i < size; ++i)
    if (block->bytes[i] != (unsigned char)byte) return 0;
  return 1;
}

static void work_fill(struct work_block* block, int byte) {
  volatile unsigned char* bytes = block->bytes;
  for (size_t i = 0; i < block->size; ++i) bytes[i] = (unsigned char)byte;
}

/* 1 if it could be allocated and is what it should be. */
static int work_allocate(struct work_block* block, size_t size_max) {
  unsigned below = (unsigned)size_max;
  if (below > 300 && work_random(8)) below = 300;
  size_t size = 1 + work_random(below);
  block->size = size;
  switch (work_random(3)) {
    case 0:
      block->bytes = (unsigned char*)calloc(1, size);
      return block->bytes && work_holds(block, size, 0);
    case 1:
      block->bytes = (unsigned char*)aligned_alloc(64, size);
      return block->bytes && (size_t)block->bytes % 64 == 0;
    default:
      block->bytes = (unsigned char*)malloc(size);
      return block->bytes != 0;
  }
}

static long work(unsigned seed, long step_count, size_t size_max) {
  static struct work_block blocks[work_block_count];
  long checked = 0;
  work_state = seed;
  for (long step = 1; step <= step_count; ++step) {
    int index = (int)work_random(work_block_count);
    struct work_block* block = &blocks[index];
    if (!block->bytes) {
      if (!work_allocate(block, size_max)) return -step;
    } else {
      size_t size = work_random(2) ? 1 + work_random((unsigned)size_max) : 0;
      size_t kept = size && size < block->size ? size : block->size;
      if (size) {
        void* moved = realloc(block->bytes, size);
        if (!moved) return -step;
        block->bytes = (unsigned char*)moved;
      }
      if (!work_holds(block, kept, index)) return -step;
      ++checked;
      block->size = size;
      if (!size) {
        free(block->bytes);
        block->bytes = 0;
      }
    }
    if (block->bytes) work_fill(block, index);
  }
  for (int i = 0; i < work_block_count; ++i) {
    if (blocks[i].bytes && !work_holds(&blocks[i], blocks[i].size, i))
      return -step_count;
    free(blocks[i].bytes);
    blocks[i].bytes = 0;
  }
  return checked;
}

#endif
