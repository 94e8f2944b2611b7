// A wrapper that tells a sink of every event, and the sinks. The idea and its
// rules (no allocation while tracing, nothing that may recurse) are those of
// the article's tracing allocator; the sinks are types, so what is not used is
// not in the program.
//
// Sinks: a line of text for each event (`TextTrace`), the binary trace
// (`BinaryTrace`), both over an output such as native/file_output.hpp; the last
// events in memory (`RingTrace`); JavaScript (wasm/import_trace.hpp).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "bits.hpp"
#include "trace_format.hpp"

namespace mote {

// `note(record)` takes an event: an allocation, a free or a reallocation. It
// must not allocate from what is traced.
template <class S>
concept TraceSink = requires(S& sink, const TraceRecord& record) {
  { sink.note(record) } -> same_as<void>;
};

// Where a sink's bytes go. What cannot be written is lost, and the program goes
// on.
template <class O>
concept TraceOutput = requires(O& output, const void* bytes, size_t length) {
  { output.write(bytes, length) } -> same_as<void>;
};

// `now()` is in ns since any moment, and never goes back.
template <class C>
concept TraceClock = requires(C& clock) {
  { clock.now() } -> same_as<uint64_t>;
};

// For traces of the order alone: all times are 0.
struct NoClock {
  static uint64_t now() { return 0; }
};

// Allocates from `A` and tells `Sink`. O(1) beyond what these two take. It
// holds no lock: as safe with threads as both of them are. A free is told
// before it is done, all else afterwards, so that an address is never told to
// be given out again before it was told to be free.
template <Allocator A, TraceSink Sink>
class Tracing {
 public:
  constexpr Tracing() = default;
  constexpr Tracing(A allocator, Sink sink)
      : allocator_(static_cast<A>(allocator)), sink_(static_cast<Sink>(sink)) {}

  void* allocate(size_t size, size_t align) {
    void* ptr = allocator_.allocate(size, align);
    sink_.note({.kind = TraceKind::allocate,
                .argument = argument(align),
                .address = address_of(ptr),
                .size = size});
    return ptr;
  }

  void free(void* ptr, size_t size, size_t align) {
    if (ptr) {
      sink_.note({.kind = TraceKind::free, .address = address_of(ptr)});
    }
    allocator_.free(ptr, size, align);
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    const size_t old_address = address_of(ptr);
    void* moved = allocator_.reallocate(ptr, old_size, align, size);
    sink_.note({.kind = TraceKind::reallocate,
                .argument = argument(align),
                .address = address_of(moved),
                .old_address = old_address,
                .size = size});
    return moved;
  }

 private:
  [[no_unique_address]] A allocator_{};
  [[no_unique_address]] Sink sink_{};

  // An alignment beyond what the format knows is refused anyway.
  static uint8_t argument(size_t align) {
    unsigned bits = align ? log2(align) : 0;
    return static_cast<uint8_t>(bits < trace_argument_max ? bits
                                                          : trace_argument_max);
  }
};

// A line for each event, written by one call, so that lines of several threads
// and of signal handlers do not mix where the output's writes do not:
//
//   allocate SIZE ALIGN ADDRESS
//   free ADDRESS
//   reallocate OLD_ADDRESS SIZE ALIGN ADDRESS
//
// Addresses are in hex, 0x0 when memory was refused. It has no state.
template <TraceOutput Output>
class TextTrace {
 public:
  constexpr TextTrace() = default;
  constexpr explicit TextTrace(Output output)
      : output_(static_cast<Output>(output)) {}

  void note(const TraceRecord& record) {
    Line line;
    if (record.kind == TraceKind::free) {
      line.word("free");
      line.number(record.address, 16);
    } else {
      const bool is_move = record.kind == TraceKind::reallocate;
      line.word(is_move ? "reallocate" : "allocate");
      if (is_move) line.number(record.old_address, 16);
      line.number(record.size, 10);
      line.number(record.alignment(), 10);
      line.number(record.address, 16);
    }
    line.end();
    output_.write(line.bytes, line.length);
  }

 private:
  [[no_unique_address]] Output output_{};

  struct Line {
    char bytes[128];
    size_t length = 0;

    void word(const char* text) {
      while (*text) bytes[length++] = *text++;
    }
    void number(uint64_t value, unsigned base) {
      word(base == 16 ? " 0x" : " ");
      char digits[20];
      unsigned count = 0;
      do {
        digits[count++] = "0123456789abcdef"[value % base];
      } while (value /= base);
      while (count) bytes[length++] = digits[--count];
    }
    void end() { bytes[length++] = '\n'; }
  };
};

// The binary trace, a record by one write. One caller at a time; a signal
// handler that allocates while a record is being written is served, but its
// event is lost and counted.
template <TraceOutput Output, TraceClock Clock = NoClock>
class BinaryTrace {
 public:
  constexpr BinaryTrace() = default;
  constexpr explicit BinaryTrace(Output output, Clock clock = {})
      : output_(static_cast<Output>(output)),
        clock_(static_cast<Clock>(clock)) {}

  void note(const TraceRecord& record) {
    if (__atomic_exchange_n(&is_busy_, 1, __ATOMIC_ACQUIRE)) {
      __atomic_fetch_add(&lost_count_, 1, __ATOMIC_RELAXED);
      return;
    }
    uint8_t bytes[trace_header_bytes + trace_record_bytes_max];
    uint8_t* end = bytes;
    if (!has_header_) {
      end = TraceEncoder::write_header({}, end);
      start_ns_ = clock_.now();
      has_header_ = true;
    }
    TraceRecord timed = record;
    timed.time_ns = clock_.now() - start_ns_;
    end = encoder_.write(timed, end);
    output_.write(bytes, static_cast<size_t>(end - bytes));
    __atomic_store_n(&is_busy_, 0, __ATOMIC_RELEASE);
  }

  // Events that could not be written, see above.
  size_t lost_count() const {
    return __atomic_load_n(&lost_count_, __ATOMIC_RELAXED);
  }

 private:
  TraceEncoder encoder_;
  uint64_t start_ns_ = 0;
  size_t lost_count_ = 0;
  bool has_header_ = false;
  uint32_t is_busy_ = 0;  // riscv64 has no atomics of bytes
  [[no_unique_address]] Output output_{};
  [[no_unique_address]] Clock clock_{};
};

// The last `capacity` events, in memory: what happened before a crash, for a
// debugger or a test. Several threads and signal handlers may note at once;
// reading is for when nobody does.
template <size_t capacity>
class RingTrace {
 public:
  static_assert(capacity > 0);

  void note(const TraceRecord& record) {
    const size_t index = __atomic_fetch_add(&count_, 1, __ATOMIC_RELAXED);
    records_[index % capacity] = record;
  }

  // All that were noted, those that are gone included.
  size_t count() const { return count_; }

  // Calls `visit(record)` for each that is left, the oldest first.
  template <class Visit>
  void each(Visit visit) const {
    size_t index = count_ < capacity ? 0 : count_ - capacity;
    for (; index < count_; ++index) visit(records_[index % capacity]);
  }

 private:
  size_t count_ = 0;
  TraceRecord records_[capacity];
};

}  // namespace mote
