// Replays what a real program asked of its allocator.
//
// The host puts a piece of the trace into `operations` (static memory, so the
// heap under test does not see it), calls trace_replay and refills between
// calls, outside of the timing. The records are described in traces.mjs, which
// writes them.
#include "bench.hpp"

using namespace bench;

namespace {

enum Operation : uint32_t { op_allocate, op_free, op_reallocate };

// slot: bits 0-23; operation: bits 24-26; log2 of the alignment, 0 when the
// program did not ask for one: bits 27-31.
struct Record {
  uint32_t what;
  uint32_t size;
};

constexpr uint32_t operation_capacity = 1 << 16;
constexpr uint32_t slot_capacity = 1 << 19;

struct Slot {
  char* ptr;
  uint32_t size;
};

Record operations[operation_capacity];
Slot slots[slot_capacity];
uint8_t align_bits[slot_capacity];

size_t align_of(uint32_t slot) {
  return align_bits[slot] ? size_t{1} << align_bits[slot] : 0;
}

[[gnu::always_inline]] inline void replay(Record record) {
  uint32_t index = record.what & 0xffffff;
  Slot& slot = slots[index];
  switch (Operation(record.what >> 24 & 7)) {
    case op_allocate: {
      uint32_t bits = record.what >> 27;
      align_bits[index] = static_cast<uint8_t>(bits);
      slot = {bits ? take_aligned(size_t{1} << bits, record.size)
                   : take(record.size),
              record.size};
      return;
    }
    case op_free:
      give(slot.ptr, slot.size, align_of(index));
      slot.ptr = nullptr;
      return;
    case op_reallocate:
      slot.ptr = resize(slot.ptr, slot.size, record.size, align_of(index));
      slot.size = record.size;
      return;
  }
  require(false);
}

}  // namespace

// The host's clock: it notes the time of the call. Two calls in a row measure
// what a call costs.
BENCH_IMPORT("host", "stamp") void stamp();

BENCH_EXPORT(failure_code) uint32_t failure_code() {
  return static_cast<uint32_t>(failure);
}

BENCH_EXPORT(trace_buffer) Record* trace_buffer() { return operations; }

BENCH_EXPORT(trace_operation_capacity) uint32_t trace_operation_capacity() {
  return operation_capacity;
}

BENCH_EXPORT(trace_slot_capacity) uint32_t trace_slot_capacity() {
  return slot_capacity;
}

BENCH_EXPORT(trace_replay) void trace_replay(uint32_t operation_count) {
  for (uint32_t i = 0; i < operation_count; ++i) replay(operations[i]);
}

// The same with a time stamp before the first and after each operation.
BENCH_EXPORT(trace_replay_stamped)
void trace_replay_stamped(uint32_t operation_count) {
  stamp();
  for (uint32_t i = 0; i < operation_count; ++i) {
    replay(operations[i]);
    stamp();
  }
}

// Stamps alone: the floor of those figures.
BENCH_EXPORT(stamp_only) void stamp_only(uint32_t stamp_count) {
  for (uint32_t i = 0; i < stamp_count; ++i) stamp();
}

// What the program left to its exit. Not part of the trace, not timed.
BENCH_EXPORT(trace_free_rest) void trace_free_rest() {
  for (uint32_t i = 0; i < slot_capacity; ++i) {
    if (!slots[i].ptr) continue;
    give(slots[i].ptr, slots[i].size, align_of(i));
    slots[i].ptr = nullptr;
  }
}
