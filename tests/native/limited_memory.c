// Runs into a limit with blocks of one size, after which half of them can be
// freed and had again; or stays within one:
//
//   limited_memory SIZE as|data   refused beyond a limit on its addresses, or
//   on its
//                                 writable memory, which is what a machine
//                                 without overcommit counts
//   limited_memory SIZE fits      64 MiB of blocks, all written: neither is
//   more
//                                 made writable than they need, nor more
//                                 touched
//   limited_memory SIZE lasts     blocks, all written, until there are no more
//                                 or the system ends it: how many MiB
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { count_max = 10000000, live_bytes = 64 << 20 };
static void* blocks[count_max];

// Of /proc/self/status, in bytes; 0 where there is none.
static size_t status_of(const char* name) {
  char line[200];
  size_t kilobytes = 0;
  FILE* const file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, name, strlen(name)))
      kilobytes = strtoul(line + strlen(name), NULL, 10);
  if (file) fclose(file);
  return kilobytes << 10;
}

static int limit(int resource, size_t bytes) {
  const struct rlimit both = {bytes, bytes};
  return setrlimit(resource, &both);
}

static int run_into(size_t size) {
  size_t made = 0;
  while (made < count_max && (blocks[made] = malloc(size)))
    memset(blocks[made++], 1, 16);
  if (made < 100 || made == count_max) return 3;
  for (size_t i = 0; i < made; i += 2) free(blocks[i]);
  for (size_t i = 0; i < made / 2; i += 2)
    if (!(blocks[i] = malloc(size))) return 4;
  return 0;
}

// A header or a seal and what rounds it up; the books of the heap.
static size_t needed_for(size_t size, size_t count) {
  return (size + 40 > 4096 ? size + 4096 : size + 40) * count + (4 << 20);
}

static int fit(size_t size) {
  const size_t count = live_bytes / size;
  const size_t resident = status_of("VmRSS:");
  if (!resident ||
      limit(RLIMIT_DATA, status_of("VmData:") + needed_for(size, count)))
    return 2;
  for (size_t i = 0; i < count; ++i) {
    if (!(blocks[i] = malloc(size))) return 3;
    memset(blocks[i], 1, size);
  }
  // The table of the blocks here is touched, too.
  const size_t touched = status_of("VmHWM:") - resident;
  return touched <= needed_for(size, count) + count * sizeof *blocks ? 0 : 4;
}

static int last(size_t size) {
  size_t bytes = 0;
  for (void* block; (block = malloc(size)); bytes += size) {
    memset(block, 1, size);
    if ((bytes + size) >> 20 == bytes >> 20) continue;
    char line[30];
    const int length =
        snprintf(line, sizeof line, "%zu\n", (bytes + size) >> 20);
    if (write(1, line, (size_t)length) != length) return 2;
  }
  return 0;
}

int main(int count, char** arguments) {
  const size_t size = count == 3 ? strtoul(arguments[1], NULL, 10) : 0;
  const char* const kind = count == 3 ? arguments[2] : "";
  if (size < 16) return 2;
  if (!strcmp(kind, "fits")) return fit(size);
  if (!strcmp(kind, "lasts")) return last(size);
  return limit(strcmp(kind, "as") ? RLIMIT_DATA : RLIMIT_AS, 512 << 20)
             ? 2
             : run_into(size);
}
