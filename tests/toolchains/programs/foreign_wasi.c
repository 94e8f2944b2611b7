/* Others grow memory in between, by sbrk and memory.grow. What they took keeps
 * what they wrote. */
#include <stdio.h>
#include <unistd.h>

#include "work.h"

enum { rounds = 30, page_bytes = 65536 };

static void* grow(int round) {
  return (void*)(page_bytes *
                 __builtin_wasm_memory_grow(0, 1 + (size_t)round % 3));
}

static int holds(const unsigned char* bytes, size_t size, int byte) {
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != byte) return 0;
  return 1;
}

int main(void) {
  unsigned char* theirs[rounds];
  unsigned char* ours[rounds];
  for (int i = 0; i < rounds; ++i) {
    theirs[i] = i % 2 ? sbrk(page_bytes) : grow(i);
    ours[i] = malloc(200000);
    if (!ours[i]) return puts("refused"), 1;
    for (int j = 0; j < page_bytes; ++j) theirs[i][j] = 0xEE;
    for (int j = 0; j < 200000; ++j) ours[i][j] = (unsigned char)i;
    if (work((unsigned)i, 2000, 9000) < 100) return puts("work"), 1;
  }
  for (int i = 0; i < rounds; ++i) {
    if (!holds(theirs[i], page_bytes, 0xEE) || !holds(ours[i], 200000, i))
      return printf("%d was overwritten\n", i), 1;
    free(ours[i]);
  }
  puts("nothing was overwritten");
  return 0;
}
