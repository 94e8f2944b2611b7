// A day of allocating and freeing, as a count of operations: blocks that live
// for very different times, most of them small, some of 64 KiB, few of 256 KiB;
// each keeps its first and last byte, unless nothing is written to it at all.
// Natively with a C library, in wasm with none.
#include <stddef.h>
#include <stdint.h>

#include "split_mix.hpp"

#ifdef __wasm__
extern "C" {
void* malloc(size_t size);
void* realloc(void* ptr, size_t size);
void free(void* ptr);
}
#else
#include <stdio.h>
#include <stdlib.h>

#include "mote/inspect.h"
#endif

namespace {

constexpr size_t slot_count = 16384;

struct Slot {
  unsigned char* ptr;
  size_t size;
};

Slot slots[slot_count];
uint64_t state;
size_t fault_count;
size_t live_bytes;
size_t peak_bytes;

size_t below(uint64_t random, size_t limit) {
  return static_cast<size_t>(random % limit);
}

size_t size_of(uint64_t random) {
  const uint64_t kind = random >> 52;
  if (kind == 0) return below(random, 1 << 18) + 1;
  if (kind < 32) return below(random, 1 << 16) + 1;
  if (kind < 512) return below(random, 2048) + 1;
  return below(random, 256) + 1;
}

unsigned char fill_of(size_t slot) {
  return static_cast<unsigned char>(slot * 7 + 1);
}

bool is_written(size_t size) { return size % 4 != 0; }

void check(const Slot& slot, size_t index) {
  if (!is_written(slot.size)) return;
  const unsigned char fill = fill_of(index);
  if (slot.ptr[0] != fill || slot.ptr[slot.size - 1] != fill) ++fault_count;
}

// Null counts as a fault: nothing limits the memory here.
void settle(size_t index, void* ptr, size_t size) {
  if (!ptr) {
    ++fault_count;
    return;
  }
  slots[index] = {static_cast<unsigned char*>(ptr), size};
  if (is_written(size))
    slots[index].ptr[0] = slots[index].ptr[size - 1] = fill_of(index);
  live_bytes += size;
  if (peak_bytes < live_bytes) peak_bytes = live_bytes;
}

void step() {
  const uint64_t random = mote::split_mix(state += mote::split_mix_step);
  // Low slots are asked for more often: their blocks are short-lived.
  const size_t index = below(random, below(random >> 12, slot_count) + 1);
  Slot& slot = slots[index];
  if (!slot.ptr) return settle(index, malloc(size_of(random)), size_of(random));
  check(slot, index);
  live_bytes -= slot.size;
  if (random >> 40 & 7) {
    free(slot.ptr);
    slot = {};
  } else {
    settle(index, realloc(slot.ptr, size_of(random)), size_of(random));
  }
}

}  // namespace

// Goes on where the last call ended; how many faults there were in all.
extern "C" [[gnu::used]] size_t churn(size_t operations) {
  for (size_t i = 0; i < operations; ++i) step();
  return fault_count;
}

// The most bytes that were asked for at once up to now.
extern "C" [[gnu::used]] size_t peak() { return peak_bytes; }

#ifndef __wasm__
// Prints the footprint and the peak after each tenth.
int main(int count, char** arguments) {
  const size_t slices = 10;
  const size_t operations =
      count == 2 ? static_cast<size_t>(strtoull(arguments[1], nullptr, 10)) : 0;
  if (operations < slices) return 2;
  for (size_t i = 0; i < slices; ++i) {
    if (churn(operations / slices) != 0) return 1;
    mote_statistics statistics;
    mote_stats(&statistics);
    printf("%zu %zu\n", statistics.footprint_bytes, peak());
  }
  return 0;
}
#endif
