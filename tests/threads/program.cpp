// A module without a C library, over a memory that its threads share. Each
// thread is an instance in some worker: nobody sets anything up for it but its
// stack. The heap is in the same file, so that it can be verified.
#include "wasm/malloc.cpp"

#include "stress/swapping.hpp"
#include "verify.hpp"
#include "work.hpp"

#define EXPORT(name) extern "C" [[clang::export_name(#name)]]

namespace {
struct CNames {
  static void* allocate(size_t size) { return malloc(size); }
  static void* allocate(size_t size, size_t align) {
    return aligned_alloc(align, size);
  }
  static void* reallocate(void* ptr, size_t, size_t size) {
    return realloc(ptr, size);
  }
  static void free(void* ptr) { ::free(ptr); }
};
constexpr CNames c_names;
using Work = mote::Swapping<c_names>;
}  // namespace

EXPORT(swap) void swap(unsigned seed, unsigned count, unsigned thread) {
  Work::run(seed, count, thread);
}
EXPORT(broken_count) unsigned broken_count() { return Work::counts().broken; }
EXPORT(refused_count) unsigned refused_count() {
  return Work::counts().refused;
}
EXPORT(foreign_count) unsigned foreign_count() {
  return Work::counts().foreign;
}

EXPORT(churn) void churn(unsigned seed, unsigned operation_count) {
  work::churn(seed, operation_count);
}
EXPORT(leave_blocks) void leave_blocks(unsigned seed, unsigned count) {
  work::leave_blocks(seed, count);
}
// Frees what threads left to others.
EXPORT(free_left) void free_left() {
  work::empty_shelf();
  Work::drop_all();
}
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

EXPORT(map_bytes) unsigned map_bytes() {
  unsigned bytes = 0;
  mote::walk(heap.unlocked(), [&](const mote_piece& piece) {
    if (piece.kind == mote_piece_map) bytes += piece.size_bytes;
  });
  return bytes;
}

// The broken invariant or null; while no thread does anything.
EXPORT(broken_invariant) const char* broken_invariant() {
  return mote::verify(heap.unlocked());
}

namespace {
int is_holding = 0;
int is_waited_for = 0;

void wait_until(const int& flag) {
  while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST)) {
  }
}
void set(int& flag, int value) {
  __atomic_store_n(&flag, value, __ATOMIC_SEQ_CST);
}
}  // namespace

// Holds the lock until another thread is about to ask for it, and then until it
// has counted that far.
EXPORT(hold_lock) void hold_lock(unsigned count) {
  const auto guard = heap.guard();
  set(is_holding, 1);
  wait_until(is_waited_for);
  for (volatile unsigned i = 0; i < count;) i = i + 1;
  set(is_waited_for, 0);
  set(is_holding, 0);
}

// Allocates while another thread holds the lock; whether it got a block, and
// only when the lock was free.
EXPORT(allocate_against_holder) bool allocate_against_holder() {
  wait_until(is_holding);
  set(is_waited_for, 1);
  void* block = malloc(5000);
  const bool is_held = __atomic_load_n(&is_holding, __ATOMIC_SEQ_CST);
  free(block);
  return block && !is_held;
}
