/* The workload as a program with a C library, parts of which allocate too; then
 * whether it was mote that served it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote/inspect.h"
#include "work.h"

static void at_exit(void) { puts("exited"); }
static void nothing(void) {}

static size_t used_bytes(void) {
  struct mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.used_bytes;
}

int main(void) {
  /* More than the 32 that musl keeps without an allocation. */
  for (int i = 0; i < 40; ++i) atexit(i == 0 ? at_exit : nothing);
  freelocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
  size_t before = used_bytes();
  char* volatile copy = strdup("a copy that the C library makes");
  void* volatile kept;
  void* aligned;
  int error = posix_memalign(&aligned, 4096, 100);
  kept = aligned;
  if (used_bytes() < before + 132) return puts("not mote's"), 1;
  free(copy);
  if (error || (size_t)kept % 4096) return puts("posix_memalign"), 1;
  free(aligned);
  long checked = work(7, 40000, 20000);
  printf("%ld blocks held\n", checked);
  return checked > 1000 ? 0 : 1;
}
