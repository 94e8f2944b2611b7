/* Memory grows as the program's settings say, and JavaScript's views of it are
 * renewed: by STEP_MIN bytes at least, by STEP_MAX at most. */
#include <emscripten.h>
#include <emscripten/heap.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  for (int i = 0; i < 3; ++i) {
    size_t before = emscripten_get_heap_size();
    volatile unsigned char* block;
    do block = malloc(10000);
    while (block && emscripten_get_heap_size() == before);
    if (!block) return puts("refused"), 1;
    block[9999] = 77;
    size_t grown = emscripten_get_heap_size() - before;
    if (grown < STEP_MIN || grown > STEP_MAX)
      return printf("it grew by %zu bytes\n", grown), 1;
    if (EM_ASM_INT(
            { return HEAPU8[$0]; }, block + 9999) != 77 ||
        (size_t)EM_ASM_INT({ return HEAPU8.length; }) != before + grown)
      return puts("the views are old"), 1;
  }
  puts("grown as set");
  return 0;
}
