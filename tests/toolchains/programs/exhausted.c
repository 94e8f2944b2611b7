/* Memory at its maximum: null and ENOMEM, what is there stays, and what is
 * freed can be had again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t fill(void** first) {
  size_t count = 0;
  void** block;
  while ((block = malloc(3000))) {
    memset(block, 0x55, 3000);
    *block = *first;
    *first = block;
    ++count;
  }
  return count;
}

static int drain(void** first) {
  while (*first) {
    void** block = *first;
    *first = *block;
    if (((unsigned char*)block)[2999] != 0x55) return 0;
    free(block);
  }
  return 1;
}

int main(void) {
  void* first = NULL;
  size_t count = fill(&first);
  if (errno != ENOMEM || count < 100) return printf("%zu blocks\n", count), 1;
  if (malloc(3000) || calloc(10, 1000) || realloc(first, 1000000)) return 1;
  if (!drain(&first)) return puts("not kept"), 1;
  size_t again = fill(&first);
  if (again < count || !drain(&first)) return printf("then %zu\n", again), 1;
  puts("exhausted and refilled");
  return 0;
}
