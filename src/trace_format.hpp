// The binary trace, version 1: what a program asked of its allocator, written
// while it runs, in two to ten bytes an event. Reading and writing one record
// at a time, with no allocation and no platform; the file is the caller's.
//
// Everything is little endian. A header of 32 bytes:
//
//   0   8             10          11   12      16        24         32
//   +---+-------------+-----------+----+-------+---------+----------+
//   | magic | version | pointer   | 0  | process | start | reserved |
//   |       | 1       | bytes     |    | id      | ns    | 0        |
//   +-------+---------+-----------+----+---------+-------+----------+
//
// magic: the bytes "motetrce"; pointer bytes: 4 or 8, of the traced program;
// process id: 0 when unknown; start: ns since the Unix epoch, 0 when unknown.
//
// Then records up to the end of the file or to one of kind 0: a file that was
// mapped ahead of its use ends in zeros, and what follows them is ignored. A
// record that the end of the file cuts off is ignored too: the process was
// killed.
//
// A record is one byte, the kind in bits 0-2 and an argument in bits 3-7, then
// its fields, each an unsigned LEB128 number of at most 64 bits.
//
//   time      ns since the previous record that has a time, of any thread:
//             records are in the order in which things happened
//   address   rotated right by 3 bits as a 64-bit number (aligned ones are
//             small multiples then), minus that of the previous address field
//             of the file, as a signed difference in zigzag code. The first
//             difference is to 0. Null is address 0.
//   stack     the index of a stack node, 0 when unknown
//   size      the bytes asked for
//
//   kind               argument           fields
//   0 end
//   1 allocate         log2 of the        time, stack, address, size
//                      alignment asked    address 0: refused
//                      for, 0 for none
//   2 allocate_zeroed  same               same
//   3 free             0                  time, address; free(NULL) is not
//                                         recorded
//   4 reallocate       as 1               time, stack, old address, address,
//                                         size. Old null: an allocation;
//                                         address 0: refused, the old one stays
//   5 thread           0                  thread id: who does what follows,
//                                         until the next such record
//   6 mark             which, see         time, length, bytes: a label
//                      TraceMark
//   7 extended         0 stack node       parent node, return address (as it
//                                         is). Nodes are numbered from 1 in
//                                         the order they appear: a tree whose
//                                         parents are the callers
//                      1 module           start, length in memory, file
//                                         offset, length, bytes of the path:
//                                         mapped code, for symbols
//                      others             length, bytes: to be skipped
//
// Numbers and zigzag differences are coded as in Protocol Buffers (Google,
// "Encoding").
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mote {

enum class TraceKind : uint8_t {
  end,
  allocate,
  allocate_zeroed,
  free,
  reallocate,
  thread,
  mark,
  extended,
};

// The argument of a mark.
enum class TraceMark : uint8_t {
  user,
  main_begins,
  exit_begins,  // main has returned, or exit was called
  end,          // of the process, orderly
};

// The argument of an extended record; others are skipped.
enum class TraceExtension : uint8_t { stack_node, module };

// A record with its fields in full: the differences are the coder's business.
// Which of them a kind has is said in `transfer_fields`; the others stay 0.
struct TraceRecord {
  TraceKind kind = TraceKind::end;
  uint8_t argument = 0;
  uint64_t time_ns = 0;  // since the start of the trace
  uint64_t stack = 0;    // of a stack node: its parent
  uint64_t address = 0;  // of a stack node: the return address
  uint64_t old_address = 0;
  uint64_t size = 0;         // of a module: its length in memory
  uint64_t thread = 0;       // the thread's id
  uint64_t file_offset = 0;  // of a module
  // A mark's label, a module's path, an unknown extension's bytes. Decoded, it
  // points into the trace; there is no 0 behind it.
  const char* text = nullptr;
  size_t text_length = 0;

  bool is(TraceExtension extension) const {
    return kind == TraceKind::extended &&
           argument == static_cast<uint8_t>(extension);
  }
  bool is(TraceMark which) const {
    return kind == TraceKind::mark && argument == static_cast<uint8_t>(which);
  }
  // What the program asked for, in bytes; 1 when it did not ask.
  uint64_t alignment() const { return uint64_t{1} << argument; }
};

struct TraceHeader {
  uint8_t pointer_bytes = sizeof(void*);
  uint32_t process_id = 0;
  uint64_t start_ns = 0;
};

inline constexpr size_t trace_header_bytes = 32;
inline constexpr uint16_t trace_version = 1;
inline constexpr char trace_magic[] = {'m', 'o', 't', 'e', 't', 'r', 'c', 'e'};

// What a record takes at most, its text not counted: the first byte and five
// numbers.
inline constexpr size_t trace_record_bytes_max = 1 + 5 * 10;

inline constexpr uint8_t trace_argument_max = 31;

// The fields of each kind in their order, for writing and for reading. A coder
// says false when it cannot go on.
template <class Coder, class Record>
constexpr bool transfer_fields(Coder& coder, Record& record) {
  switch (record.kind) {
    case TraceKind::end:
      return true;
    case TraceKind::allocate:
    case TraceKind::allocate_zeroed:
      return coder.time(record.time_ns) && coder.number(record.stack) &&
             coder.address(record.address) && coder.number(record.size);
    case TraceKind::free:
      return coder.time(record.time_ns) && coder.address(record.address);
    case TraceKind::reallocate:
      return coder.time(record.time_ns) && coder.number(record.stack) &&
             coder.address(record.old_address) &&
             coder.address(record.address) && coder.number(record.size);
    case TraceKind::thread:
      return coder.number(record.thread);
    case TraceKind::mark:
      return coder.time(record.time_ns) &&
             coder.text(record.text, record.text_length);
    case TraceKind::extended:
      if (record.is(TraceExtension::stack_node)) {
        return coder.number(record.stack) && coder.number(record.address);
      }
      if (record.is(TraceExtension::module) &&
          !(coder.number(record.address) && coder.number(record.size) &&
            coder.number(record.file_offset))) {
        return false;
      }
      return coder.text(record.text, record.text_length);
  }
  return false;
}

// What a difference is taken to; reader and writer of a trace keep the same.
struct TraceDeltas {
  uint64_t time_ns = 0;
  uint64_t address = 0;  // rotated

  static constexpr uint64_t rotated(uint64_t address) {
    return address >> 3 | address << 61;
  }
  static constexpr uint64_t unrotated(uint64_t address) {
    return address << 3 | address >> 61;
  }
};

// Writes records one after the other into memory that the caller provides.
class TraceEncoder {
 public:
  // Writes `trace_header_bytes` to `out`; their end.
  static uint8_t* write_header(const TraceHeader& header, uint8_t* out) {
    for (char c : trace_magic) *out++ = static_cast<uint8_t>(c);
    out = write_integer(trace_version, 2, out);
    out = write_integer(header.pointer_bytes, 2, out);
    out = write_integer(header.process_id, 4, out);
    out = write_integer(header.start_ns, 8, out);
    return write_integer(0, 8, out);
  }

  // Writes the record to `out`, where `trace_record_bytes_max` and the text's
  // length must fit; its end. A time before that of the record before counts
  // as the same.
  uint8_t* write(const TraceRecord& record, uint8_t* out) {
    *out++ = static_cast<uint8_t>(static_cast<unsigned>(record.kind) |
                                  unsigned{record.argument} << 3);
    Writer writer{deltas_, out};
    transfer_fields(writer, record);
    return writer.out;
  }

 private:
  TraceDeltas deltas_;

  struct Writer {
    TraceDeltas& deltas;
    uint8_t* out;

    bool number(uint64_t value) {
      for (; value >= 0x80; value >>= 7) {
        *out++ = static_cast<uint8_t>(value | 0x80);
      }
      *out++ = static_cast<uint8_t>(value);
      return true;
    }
    bool time(uint64_t time_ns) {
      uint64_t passed = time_ns > deltas.time_ns ? time_ns - deltas.time_ns : 0;
      deltas.time_ns += passed;
      return number(passed);
    }
    bool address(uint64_t address) {
      uint64_t rotated = TraceDeltas::rotated(address);
      uint64_t difference = rotated - deltas.address;
      deltas.address = rotated;
      return number(difference << 1 ^ -(difference >> 63));
    }
    bool text(const char* bytes, size_t length) {
      number(length);
      for (size_t i = 0; i < length; ++i)
        *out++ = static_cast<uint8_t>(bytes[i]);
      return true;
    }
  };

  static uint8_t* write_integer(uint64_t value, unsigned byte_count,
                                uint8_t* out) {
    for (unsigned i = 0; i < byte_count; ++i, value >>= 8) {
      *out++ = static_cast<uint8_t>(value);
    }
    return out;
  }
};

enum class TraceStatus : uint8_t {
  good,           // there may be more
  ended,          // by a record of kind 0 or where a record would begin
  cut,            // within a record (or the header): the process was killed
  malformed,      // no writer of this version writes that
  foreign,        // not a trace
  other_version,  // a trace of another version
};

// Reads records from memory that holds the whole trace, or its beginning.
// Nothing it is given makes it read outside, allocate or loop: every record
// takes a byte at least.
class TraceDecoder {
 public:
  constexpr TraceDecoder(const uint8_t* trace, size_t length_bytes)
      : at_(trace), end_(trace + length_bytes) {
    read_header();
  }

  // The next record, or false: `status` says why. What was read stays good.
  constexpr bool next(TraceRecord& record) {
    if (status_ != TraceStatus::good) return false;
    record = {};
    if (at_ == end_) return stop(TraceStatus::ended);
    record_begin_ = at_;
    record.kind = static_cast<TraceKind>(*at_ & 7);
    record.argument = static_cast<uint8_t>(*at_++ >> 3);
    if (record.kind == TraceKind::end) {
      at_ = record_begin_;
      return stop(TraceStatus::ended);
    }
    if (!transfer_fields(*this, record)) return false;
    if (record.is(TraceExtension::stack_node)) {
      if (record.stack > node_count_) return stop(TraceStatus::malformed);
      ++node_count_;
    } else if (record.stack > node_count_) {
      return stop(TraceStatus::malformed);
    }
    return true;
  }

  constexpr TraceStatus status() const { return status_; }
  constexpr const TraceHeader& header() const { return header_; }
  // Where the record read last begins.
  constexpr const uint8_t* position() const { return record_begin_; }
  // Where the next would begin: after the last one, the end of what counts.
  constexpr const uint8_t* next_position() const { return at_; }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  const uint8_t* record_begin_ = at_;
  TraceHeader header_;
  TraceDeltas deltas_;
  uint64_t node_count_ = 0;
  TraceStatus status_ = TraceStatus::good;

  template <class Coder, class Record>
  friend constexpr bool transfer_fields(Coder& coder, Record& record);

  // The record's beginning becomes the end of what counts.
  constexpr bool stop(TraceStatus why) {
    status_ = why;
    at_ = record_begin_;
    return false;
  }

  constexpr uint64_t read_integer(unsigned byte_count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < byte_count; ++i) {
      value |= uint64_t{*at_++} << (8 * i);
    }
    return value;
  }

  constexpr void read_header() {
    const auto length = static_cast<size_t>(end_ - at_);
    for (size_t i = 0; i < sizeof trace_magic && i < length; ++i) {
      if (at_[i] != static_cast<uint8_t>(trace_magic[i])) {
        status_ = TraceStatus::foreign;
        return;
      }
    }
    if (length < trace_header_bytes) {
      status_ =
          length < sizeof trace_magic ? TraceStatus::foreign : TraceStatus::cut;
      return;
    }
    at_ += sizeof trace_magic;
    if (read_integer(2) != trace_version) {
      status_ = TraceStatus::other_version;
      return;
    }
    header_.pointer_bytes = static_cast<uint8_t>(read_integer(2));
    header_.process_id = static_cast<uint32_t>(read_integer(4));
    header_.start_ns = read_integer(8);
    at_ += 8;
    record_begin_ = at_;
    if (header_.pointer_bytes != 4 && header_.pointer_bytes != 8) {
      status_ = TraceStatus::malformed;
    }
  }

  constexpr bool number(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return stop(TraceStatus::cut);
      const uint64_t byte = *at_++;
      // The tenth byte has room for one bit.
      if (shift == 63 && byte > 1) return stop(TraceStatus::malformed);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return stop(TraceStatus::malformed);
  }
  constexpr bool time(uint64_t& time_ns) {
    uint64_t passed = 0;
    if (!number(passed)) return false;
    time_ns = deltas_.time_ns += passed;
    return true;
  }
  constexpr bool address(uint64_t& address) {
    uint64_t zigzag = 0;
    if (!number(zigzag)) return false;
    deltas_.address += zigzag >> 1 ^ -(zigzag & 1);
    address = TraceDeltas::unrotated(deltas_.address);
    return true;
  }
  constexpr bool text(const char*& bytes, size_t& length) {
    uint64_t told = 0;
    if (!number(told)) return false;
    if (told > static_cast<size_t>(end_ - at_)) return stop(TraceStatus::cut);
    length = static_cast<size_t>(told);
    bytes = reinterpret_cast<const char*>(at_);
    at_ += length;
    return true;
  }
};

}  // namespace mote
