// Prints what malloc_info writes, once for each of three states of the heap,
// and behind each what mallinfo, mallinfo2 and, over mote, mote_stats say of
// the same; for tests/native/malloc_info.py.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <malloc.h>
#include <mote/inspect.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PRINT(info, format)                                                    \
  printf("arena " format " ordblks " format " smblks " format " hblks " format \
         " hblkhd " format " usmblks " format " fsmblks " format               \
         " uordblks " format " fordblks " format " keepcost " format "\n",     \
         (info).arena, (info).ordblks, (info).smblks, (info).hblks,            \
         (info).hblkhd, (info).usmblks, (info).fsmblks, (info).uordblks,       \
         (info).fordblks, (info).keepcost)

static void tell(void) {
  static struct mote_statistics s;
  void (*mote_stats_of)(struct mote_statistics*) = NULL;
  *(void**)&mote_stats_of = dlsym(RTLD_DEFAULT, "mote_stats");
  // Before the first of them: the heap must be at rest from here on.
  fflush(stdout);
  const struct mallinfo2 wide = mallinfo2();
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const struct mallinfo narrow = mallinfo();
  if (mote_stats_of) mote_stats_of(&s);
  const int status = malloc_info(0, stdout);
  const struct mallinfo2 again = mallinfo2();
  printf("status %d\n", status);
  PRINT(wide, "%zu");
  PRINT(narrow, "%d");
  PRINT(again, "%zu");
  printf(
      "footprint %zu peak %zu used %zu free %zu used_count %zu "
      "free_count %zu\n\n",
      s.footprint_bytes, s.peak_footprint_bytes, s.used_bytes, s.free_bytes,
      s.used_count, s.free_count);
}

enum { count = 3000 };
static void* blocks[2][count];

static void* work(void* of) {
  void** const mine = of;
  for (int i = 0; i < count; ++i) mine[i] = malloc((size_t)i * (i % 9 + 1));
  for (int i = 0; i < count; i += 2) {
    free(mine[i]);
    mine[i] = NULL;
  }
  return of;
}

int main(void) {
  static char buffer[1 << 20];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  tell();
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, blocks[1])) return 1;
  work(blocks[0]);
  if (pthread_join(thread, NULL)) return 1;
  void* const large = malloc(5 << 20);
  tell();
  free(large);
  for (int i = 0; i < count; ++i) {
    free(blocks[0][i]);
    free(blocks[1][i]);
  }
  malloc_trim(0);
  tell();
  return 0;
}
