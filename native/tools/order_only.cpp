#include "order_only.hpp"

#include <unordered_map>

#include "trace_format.hpp"

namespace mote {
namespace {

class Numbers {
 public:
  // Null is 0, and stays so.
  uint64_t begin(uint64_t address) {
    if (free_.empty()) free_.push_back(++count_);
    const uint64_t number = free_.back();
    free_.pop_back();
    numbers_[address] = number;
    return name(number);
  }
  bool has(uint64_t address) const { return numbers_.contains(address); }
  uint64_t end(uint64_t address) {
    const auto found = numbers_.find(address);
    const uint64_t number = found->second;
    numbers_.erase(found);
    free_.push_back(number);
    return name(number);
  }

 private:
  std::unordered_map<uint64_t, uint64_t> numbers_;
  std::vector<uint64_t> free_;
  uint64_t count_ = 0;

  static uint64_t name(uint64_t number) { return number * block_name_step; }
};

// The record in numbers; kind `end` if it is to be left out.
TraceRecord numbered(const TraceRecord& record, Numbers& numbers) {
  TraceRecord result;
  result.kind = record.kind;
  result.argument = record.argument;
  result.size = record.size;
  const bool was_there =
      numbers.has(record.kind == TraceKind::reallocate ? record.old_address
                                                       : record.address);
  switch (record.kind) {
    case TraceKind::allocate:
    case TraceKind::allocate_zeroed:
      if (record.address == 0) break;
      result.address = numbers.begin(record.address);
      return result;
    case TraceKind::free:
      if (!was_there) break;
      result.address = numbers.end(record.address);
      return result;
    case TraceKind::reallocate:
      if (record.address == 0) break;
      if (was_there) result.old_address = numbers.end(record.old_address);
      // It keeps its number, which was freed last.
      result.address = numbers.begin(record.address);
      if (!was_there) result.kind = TraceKind::allocate;
      return result;
    default:
      break;
  }
  result.kind = TraceKind::end;
  return result;
}

}  // namespace

std::vector<uint8_t> order_only(const std::vector<uint8_t>& trace,
                                size_t event_max) {
  TraceDecoder decoder(trace.data(), trace.size());
  std::vector<uint8_t> bytes(trace_header_bytes);
  const TraceHeader header = {.pointer_bytes = decoder.header().pointer_bytes};
  TraceEncoder::write_header(header, bytes.data());
  TraceEncoder encoder;
  Numbers numbers;
  size_t event_count = 0;
  for (TraceRecord record; event_count < event_max && decoder.next(record);) {
    record = numbered(record, numbers);
    if (record.kind == TraceKind::end) continue;
    uint8_t event[trace_record_bytes_max];
    bytes.insert(bytes.end(), event, encoder.write(record, event));
    ++event_count;
  }
  return bytes;
}

}  // namespace mote
