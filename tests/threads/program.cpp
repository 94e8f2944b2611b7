// A module without a C library, over a memory that its threads share. Each
// thread is an instance in some worker: nobody sets anything up for it but its
// stack. The heap is in the same file, so that it can be verified.
#include "wasm/malloc.cpp"

#include "verify.hpp"
#include "work.hpp"

#define EXPORT(name) extern "C" [[clang::export_name(#name)]]

EXPORT(churn) void churn(unsigned seed, unsigned operation_count) {
  work::churn(seed, operation_count);
}
EXPORT(leave_blocks) void leave_blocks(unsigned seed, unsigned count) {
  work::leave_blocks(seed, count);
}
EXPORT(empty_shelf) void empty_shelf() { work::empty_shelf(); }
EXPORT(grow) void grow(unsigned seed, unsigned count) {
  work::grow(seed, count);
}
EXPORT(exhaust) unsigned exhaust(unsigned size) { return work::exhaust(size); }
EXPORT(produce) void produce(unsigned seed, unsigned count) {
  work::produce(seed, count);
}
EXPORT(consume) void consume(unsigned count) { work::consume(count); }

// Gives back what is kept for later, on the way to a refusal.
EXPORT(reclaim) void reclaim() { work::check(!malloc(SIZE_MAX / 2)); }

EXPORT(used_bytes) unsigned used_bytes() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.used_bytes;
}

// The broken invariant or null; while no thread does anything.
EXPORT(broken_invariant) const char* broken_invariant() {
  return mote::verify(heap.unlocked());
}

namespace {
int is_holding = 0;
}

// Holds the lock until it has counted that far.
EXPORT(hold_lock) void hold_lock(unsigned count) {
  const auto guard = heap.guard();
  __atomic_store_n(&is_holding, 1, __ATOMIC_SEQ_CST);
  for (volatile unsigned i = 0; i < count;) i = i + 1;
  __atomic_store_n(&is_holding, 0, __ATOMIC_SEQ_CST);
}

// Allocates while another thread holds the lock; whether that was so before,
// and then no more.
EXPORT(allocate_against_holder) bool allocate_against_holder() {
  while (!__atomic_load_n(&is_holding, __ATOMIC_SEQ_CST)) {
  }
  void* block = malloc(5000);
  const bool is_held = __atomic_load_n(&is_holding, __ATOMIC_SEQ_CST);
  free(block);
  return block && !is_held;
}
