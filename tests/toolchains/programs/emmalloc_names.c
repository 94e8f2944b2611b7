/* What <emscripten/emmalloc.h> declares, as its users call it. */
#include <assert.h>
#include <emscripten/emmalloc.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  size_t heap = emmalloc_dynamic_heap_size();
  char* block = emmalloc_malloc(100);
  strcpy(block, "kept");
  block = emmalloc_realloc(block, 5000);
  assert(!strcmp(block, "kept") && emmalloc_usable_size(block) >= 5000);
  assert(emmalloc_realloc_try(block, 4000) == block);
  assert(emmalloc_realloc_try(block, SIZE_MAX) == NULL);
  assert(emmalloc_realloc_try(NULL, 10) == NULL);
  assert(emmalloc_realloc_try(block, 0) == NULL); /* frees */

  char* aligned = emmalloc_memalign(64, 10);
  strcpy(aligned, "kept");
  aligned = aligned_realloc(aligned, 64, 3000);
  assert((size_t)aligned % 64 == 0 && !strcmp(aligned, "kept"));
  aligned = emmalloc_aligned_realloc(aligned, 64, 300000);
  assert((size_t)aligned % 64 == 0 && !strcmp(aligned, "kept"));
  aligned = emmalloc_aligned_realloc_uninitialized(aligned, 64, 600000);
  assert((size_t)aligned % 64 == 0);
  aligned = emmalloc_realloc_uninitialized(aligned, 10);
  emmalloc_free(aligned);
  void* posix = NULL;
  assert(emmalloc_posix_memalign(&posix, 32, 10) == 0);
  free(posix);
  char* clear = emmalloc_calloc(100, 100);
  for (int i = 0; i < 10000; ++i) assert(clear[i] == 0);
  emmalloc_free(clear);

  assert(emmalloc_dynamic_heap_size() >= heap + 600000);
  assert(emmalloc_free_dynamic_memory() > 500000);
  assert(emmalloc_unclaimed_heap_memory() > 0);
  assert(emmalloc_mallinfo().arena == mallinfo().arena);
  assert(emmalloc_trim(0) == 0);
  size_t map[32], sum = 0;
  size_t count = emmalloc_compute_free_dynamic_memory_fragmentation_map(map);
  for (int i = 0; i < 32; ++i) sum += map[i];
  assert(sum == count && count > 0);
  puts("all names");
  return 0;
}
