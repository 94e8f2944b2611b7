/* Memory is shared, and each time we ask for more another thread was first:
 * Emscripten then refuses, though what we want is there. */
#include <emscripten/heap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refused_count = 0;

int emscripten_resize_heap(size_t size) {
  size_t missing = size - emscripten_get_heap_size();
  __builtin_wasm_memory_grow(0, missing / 65536 + 3);
  ++refused_count;
  return 0;
}

int main(void) {
  for (int i = 0; i < 10; ++i) {
    char* block = malloc((size_t)3 << 20);
    if (!block) return puts("refused"), 1;
    memset(block, i, (size_t)3 << 20);
  }
  if (refused_count < 2) return puts("nothing grew"), 1;
  puts("served all the same");
  return 0;
}
