/* wasm64: blocks of a gibibyte, written and read back at both ends; the rest of
 * the workload above 4 GiB. */
#include "work.h"

enum { count = 5 };

__attribute__((export_name("run"))) int run(void) {
  const size_t size = (size_t)1 << 30;
  volatile unsigned char* blocks[count];
  for (int i = 0; i < count; ++i) {
    blocks[i] = malloc(size);
    if (!blocks[i]) return -1;
    blocks[i][0] = (unsigned char)(i + 1);
    blocks[i][size - 1] = (unsigned char)(i + 2);
  }
  void* volatile small = malloc(40);
  void* volatile large = malloc(10000);
  if ((size_t)small >> 32 == 0 || (size_t)large >> 32 == 0) return -2;
  free(large);
  long checked = work(5, 30000, 9000);
  if (checked < 1000) return -3;
  for (int i = 0; i < count; ++i) {
    if (blocks[i][0] != i + 1 || blocks[i][size - 1] != i + 2) return -4;
    free((void*)blocks[i]);
  }
  void* volatile merged = malloc((size_t)5 << 30);
  if (!merged) return -5;
  void* volatile impossible = malloc((size_t)-1);
  void* volatile too_much = malloc((size_t)1 << 60);
  if (impossible || too_much) return -6;
  return (int)checked;
}

/* wizer runs this, in wasmtime; a function of it returns nothing. */
__attribute__((export_name("wizer.initialize"))) void initialize(void) {
  if (run() < 1000) __builtin_trap();
}
