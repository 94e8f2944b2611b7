/* Others take memory in between, by sbrk, by its pointer, by memory.grow. What
 * they took keeps what they wrote. */
#include <emscripten.h>
#include <emscripten/heap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work.h"

void* _sbrk64(int64_t increment);

enum { rounds = 30 };

static void* by_sbrk(int round) {
  char* begin = sbrk(1 + round * 100);
  return begin == (void*)-1 ? NULL : begin;
}
static void* by_sbrk64(int round) {
  char* begin = _sbrk64(3 + round);
  return begin == (void*)-1 ? NULL : begin;
}
static void* by_pointer(int round) {
  uintptr_t begin = *emscripten_get_sbrk_ptr();
  uintptr_t end = begin + 5 + (uintptr_t)round;
  if (end > emscripten_get_heap_size() && !emscripten_resize_heap(end))
    return NULL;
  *emscripten_get_sbrk_ptr() = end;
  return (void*)begin;
}
/* From JavaScript, which then renews its views: the name changed. */
static void* by_grow(int round) {
  return (void*)(65536 * EM_ASM_INT(
                             {
                               var old = wasmMemory.grow($0);
                               if (typeof updateMemoryViews == "function")
                                 updateMemoryViews();
                               else
                                 updateGlobalBufferAndViews(wasmMemory.buffer);
                               return old;
                             },
                             1 + round % 3));
}

int main(void) {
  void* (*const ways[])(int) = {by_sbrk, by_sbrk64, by_pointer, by_grow};
  unsigned char* theirs[rounds];
  void* ours[rounds];
  for (int i = 0; i < rounds; ++i) {
    theirs[i] = ways[i % 4](i);
    if (!theirs[i]) return puts("they got nothing"), 1;
    memset(theirs[i], 0xEE, 4);
    ours[i] = malloc(700000);
    if (!ours[i] || (size_t)ours[i] % MOTE_ALIGNMENT)
      return printf("ours: %p\n", ours[i]), 1;
    memset(ours[i], 0x11, 700000);
    if (work((unsigned)i, 2000, 9000) < 100) return puts("work"), 1;
  }
  for (int i = 0; i < rounds; ++i) {
    for (int j = 0; j < 4; ++j)
      if (theirs[i][j] != 0xEE) return printf("%d was overwritten\n", i), 1;
    free(ours[i]);
  }
  sbrk(1000); /* goes around what is at the break, where brk cannot */
  char* at = sbrk(0);
  if (brk(at + 1000) || (char*)sbrk(0) < at + 1000) return puts("brk"), 1;
  if (_sbrk64(-16) != (void*)-1 || brk(at) != -1) return puts("shrunk"), 1;
  if (_sbrk64((int64_t)1 << 40) != (void*)-1) return puts("1 TiB"), 1;
  puts("nothing was overwritten");
  return 0;
}
