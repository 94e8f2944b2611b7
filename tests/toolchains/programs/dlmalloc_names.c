/* What Emscripten's dlmalloc has beyond the C names, as its users call it. */
#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t malloc_footprint(void);
size_t malloc_max_footprint(void);
int malloc_trim(size_t pad);
void* realloc_in_place(void* ptr, size_t size);
void* pvalloc(size_t size);
void** independent_calloc(size_t count, size_t size, void** list);
void** independent_comalloc(size_t count, size_t* sizes, void** list);
size_t bulk_free(void** list, size_t count);

static void each_of(void** list, const size_t* sizes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    assert(list[i] && malloc_usable_size(list[i]) >= sizes[i]);
    memset(list[i], (int)i, sizes[i]);
  }
}

int main(void) {
  struct mallinfo before = mallinfo();
  char* block = malloc(10000);
  struct mallinfo after = mallinfo();
  assert(after.uordblks >= before.uordblks + 10000);
  assert((size_t)after.arena == malloc_footprint());
  assert(malloc_max_footprint() >= malloc_footprint());
  assert(after.arena >= after.uordblks);
  assert(malloc_trim(0) == 0 && mallopt(M_GRANULARITY, 65536) == 0);

  assert(realloc_in_place(block, 9000) == block);
  assert(realloc_in_place(block, SIZE_MAX) == NULL);
  void* fence = malloc(10000);
  assert(realloc_in_place(block, 1000000) == NULL);
  assert(realloc_in_place(NULL, 100) == NULL);
  free(fence);
  free(block);

  size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  void* page = valloc(10);
  assert((size_t)page % page_bytes == 0);
  free(page);
  page = pvalloc(10);
  assert((size_t)page % page_bytes == 0);
  assert(malloc_usable_size(page) >= page_bytes);
  free(page);
  assert(pvalloc(SIZE_MAX) == NULL);

  size_t sizes[] = {10, 500, 20000, 0};
  void* list[4] = {0};
  assert(independent_comalloc(4, sizes, list) == list);
  each_of(list, sizes, 4);
  free(list[1]);
  list[1] = NULL;
  assert(bulk_free(list, 4) == 0 && !list[0] && !list[2] && !list[3]);
  void** own = independent_calloc(100, 24, NULL);
  for (int i = 0; i < 100; ++i)
    for (int j = 0; j < 24; ++j) assert(((char*)own[i])[j] == 0);
  assert(bulk_free(own, 100) == 0);
  free(own);
  size_t impossible[] = {100, SIZE_MAX};
  size_t used = (size_t)mallinfo().uordblks;
  assert(independent_comalloc(2, impossible, NULL) == NULL);
  assert((size_t)mallinfo().uordblks == used);
  malloc_stats();
  puts("all names");
  return 0;
}
