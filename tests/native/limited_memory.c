// Runs into a limit on its address space with blocks of the size given as its
// argument: a refusal, after which half of them can be freed and had again.
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { count_max = 10000000 };
static void* blocks[count_max];

int main(int count, char** arguments) {
  const struct rlimit limit = {512 << 20, 512 << 20};
  const size_t size = count == 2 ? strtoul(arguments[1], NULL, 10) : 0;
  size_t made = 0;
  if (size < 16 || setrlimit(RLIMIT_AS, &limit)) return 2;
  while (made < count_max && (blocks[made] = malloc(size)))
    memset(blocks[made++], 1, 16);
  if (made < 100 || made == count_max) return 3;
  for (size_t i = 0; i < made; i += 2) free(blocks[i]);
  for (size_t i = 0; i < made / 2; i += 2)
    if (!(blocks[i] = malloc(size))) return 4;
  return 0;
}
