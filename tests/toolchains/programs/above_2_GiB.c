/* Blocks of half a gibibyte, written and read back at both ends; small ones
 * above 2 GiB, which live and move there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

enum { count = 6 };

int main(void) {
  const size_t size = (size_t)512 << 20;
  volatile char* blocks[count];
  for (int i = 0; i < count; ++i) {
    blocks[i] = malloc(size);
    if (!blocks[i]) return printf("no block %d\n", i), 1;
    blocks[i][0] = (char)(i + 1);
    blocks[i][size - 1] = (char)(i + 2);
  }
  char* small = malloc(40);
  strcpy(small, "above");
  if ((uintptr_t)small < 0x80000000) return puts("not above 2 GiB"), 1;
  small = realloc(small, 100000);
  if (strcmp(small, "above")) return puts("not kept"), 1;
  long checked = work(3, 20000, 5000);
  if (checked < 1000) return printf("work: %ld\n", checked), 1;
  for (int i = 0; i < count; ++i) {
    if (blocks[i][0] != i + 1 || blocks[i][size - 1] != i + 2)
      return printf("block %d is not what it was\n", i), 1;
    free((void*)blocks[i]);
  }
  void* again = malloc((size_t)3 << 30);
  if (!again) return puts("not merged"), 1;
  puts("written and read back");
  return 0;
}
