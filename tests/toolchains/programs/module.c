/* The workload as a module without a C library, and mote.h from C. */
#include "mote/mote.h"
#include "work.h"

__attribute__((export_name("run"))) long run(unsigned seed, long steps,
                                             size_t size_max) {
  void* block = mote_alloc(100, 32);
  if (!block || (size_t)block % 32 || mote_usable_size(block) < 100) return 0;
  block = mote_realloc_sized(block, 100, 32, 1000);
  mote_free_sized(block, 1000, 32);
  return work(seed, steps, size_max);
}
