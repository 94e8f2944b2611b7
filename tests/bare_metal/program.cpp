// A program on bare metal whose malloc is mote over a static array of
// MOTE_HEAP_BYTES: how much of it can be used, that all of it comes back, and,
// built with MOTE_FREES_TWICE, that a mistake stops the processor.
#include <stddef.h>
#include <stdint.h>

#include "board.hpp"
#include "mote/inspect.h"
#include "mote/mote.h"
#include "profile.hpp"

extern "C" {
void* malloc(size_t size);
void free(void* ptr);
void* realloc(void* ptr, size_t size);
void* calloc(size_t count, size_t size);
void* aligned_alloc(size_t align, size_t size);
}

namespace {

size_t passed = 0;
size_t failed = 0;

void check(bool holds, const char* what, size_t got) {
  ++(holds ? passed : failed);
  if (holds) return;
  print("FAILED  ");
  print(what);
  print(": ");
  print(got);
  print("\n");
}

void report(const char* what, size_t of, size_t number) {
  print("  ");
  print(what);
  print(" ");
  print(of);
  print(": ");
  print(number);
  print("\n");
}

// Takes blocks of a size until there is none; their bytes.
size_t served_bytes(size_t size) {
  void** first = nullptr;
  size_t count = 0;
  while (auto** block = static_cast<void**>(malloc(size))) {
    *block = first;
    first = reinterpret_cast<void**>(block);
    ++count;
  }
  while (first) {
    auto** next = static_cast<void**>(*first);
    free(first);
    first = next;
  }
  return count * size;
}

size_t largest_block() {
  size_t size = MOTE_HEAP_BYTES;
  void* ptr = nullptr;
  while (!(ptr = malloc(size))) --size;
  free(ptr);
  return size;
}

size_t used_bytes() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.used_bytes;
}

// What must be served at the least in blocks of a size: MOTE_LEAST_BYTES, less
// what stands beside each block in profiles that have something there.
size_t least_bytes(size_t size) {
  if (mote::profile.has_slabs && !mote::profile.is_hardened)
    return MOTE_LEAST_BYTES;
  const size_t beside = mote::profile.is_hardened ? 32 : 16;
  return MOTE_LEAST_BYTES / (size + beside) * size;
}

// Random calls on blocks that hold what was written to them; how many were
// served. Stops at the first block whose contents changed.
size_t churn(size_t calls) {
  constexpr size_t block_count = 24;
  static unsigned char* blocks[block_count];
  static size_t sizes[block_count];
  uint32_t random = 1;
  size_t served = 0;
  for (size_t i = 0; i < calls; ++i) {
    random = random * 1664525 + 1013904223;
    const size_t at = (random >> 8) % block_count;
    const size_t size = (random >> 16) % (MOTE_HEAP_BYTES / 64);
    for (size_t k = 0; k < sizes[at]; ++k) {
      if (blocks[at][k] != static_cast<unsigned char>(at + 1)) return 0;
    }
    void* ptr = nullptr;
    switch (random >> 30) {
      case 0:
        ptr = realloc(blocks[at], size);
        break;
      case 1:
        free(blocks[at]);
        ptr = calloc(1, size);
        break;
      case 2:
        free(blocks[at]);
        ptr = aligned_alloc(64, size);
        break;
      default:
        free(blocks[at]);
        ptr = malloc(size);
        break;
    }
    if (!ptr && random >> 30 == 0) continue;  // the old block is still there
    blocks[at] = static_cast<unsigned char*>(ptr);
    sizes[at] = ptr ? size : 0;
    if (!ptr) continue;
    for (size_t k = 0; k < size; ++k) {
      blocks[at][k] = static_cast<unsigned char>(at + 1);
    }
    ++served;
  }
  for (unsigned char* block : blocks) free(block);
  return served;
}

}  // namespace

int main() {
#ifdef MOTE_FREES_TWICE
  void* const ptr = malloc(10);
  free(ptr);
  free(ptr);
  return 0;
#endif
  constexpr size_t block_sizes[] = {32, 64, 240, 1024};
  for (const size_t size : block_sizes) {
    const size_t first = served_bytes(size);
    const size_t again = served_bytes(size);
    report("bytes in blocks of", size, first);
    check(first >= least_bytes(size), "bytes served", first);
    check(again >= least_bytes(size), "bytes served again", again);
    // In the hardened profile freed blocks wait.
    check(mote::profile.is_hardened || used_bytes() == 0, "bytes still in use",
          used_bytes());
  }
  const size_t largest = largest_block();
  report("largest block of", MOTE_HEAP_BYTES, largest);
  check(largest >= MOTE_LEAST_BYTES, "the largest block", largest);
  check(malloc(SIZE_MAX) == nullptr, "SIZE_MAX is served", 1);
  check(calloc(SIZE_MAX / 2 + 2, 2) == nullptr, "calloc overflows", 1);
  constexpr size_t calls = 20000;
  const size_t served = churn(calls);
  report("served of calls", calls, served);
  check(served > calls * 9 / 10, "calls served", served);
  check(largest_block() == largest, "the largest block is less", largest);
  print(passed);
  print(" passed, ");
  print(failed);
  print(" failed\n");
  return failed != 0;
}
