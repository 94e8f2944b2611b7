// Any bytes as a trace: the reader stays within them and ends, and what it read
// is the same when it is written and read again.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vector>

#include "trace_format.hpp"

namespace mote {
namespace {

void expect(bool condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "mote: not so: %s\n", what);
  abort();
}

bool is_same_record(const TraceRecord& a, const TraceRecord& b) {
  return a.kind == b.kind && a.argument == b.argument &&
         a.time_ns == b.time_ns && a.stack == b.stack &&
         a.address == b.address && a.old_address == b.old_address &&
         a.size == b.size && a.thread == b.thread &&
         a.file_offset == b.file_offset && a.text_length == b.text_length &&
         (a.text_length == 0 || memcmp(a.text, b.text, a.text_length) == 0);
}

bool has_time(const TraceRecord& record) {
  return record.kind != TraceKind::thread && record.kind != TraceKind::extended;
}

// A time that wraps is one that no clock has; the writer holds it back.
void write_again(const TraceHeader& header,
                 const std::vector<TraceRecord>& records) {
  size_t room = trace_header_bytes;
  for (const TraceRecord& record : records)
    room += trace_record_bytes_max + record.text_length;
  std::vector<uint8_t> written(room);
  TraceEncoder encoder;
  uint8_t* end = TraceEncoder::write_header(header, written.data());
  for (const TraceRecord& record : records) end = encoder.write(record, end);
  const size_t length = static_cast<size_t>(end - written.data());
  expect(length <= room, "records are no longer than they may be");

  TraceDecoder again(written.data(), length);
  expect(again.header().start_ns == header.start_ns &&
             again.header().process_id == header.process_id &&
             again.header().pointer_bytes == header.pointer_bytes,
         "the header is the same");
  TraceRecord read;
  for (const TraceRecord& record : records) {
    expect(again.next(read), "as many records can be read again");
    expect(is_same_record(read, record), "a record is the same");
  }
  expect(!again.next(read) && again.status() == TraceStatus::ended,
         "and no more");
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace mote;
  TraceDecoder decoder(bytes, length);
  std::vector<TraceRecord> records;
  TraceRecord record;
  uint64_t time_ns = 0;
  bool has_wrapped = false;
  const uint8_t* last = nullptr;
  while (decoder.next(record)) {
    expect(decoder.position() > last || last == nullptr, "reading goes on");
    last = decoder.position();
    expect(record.text_length == 0 ||
               (record.text >= reinterpret_cast<const char*>(bytes) &&
                record.text + record.text_length <=
                    reinterpret_cast<const char*>(bytes + length)),
           "a text lies in the trace");
    if (has_time(record)) {
      if (record.time_ns < time_ns) has_wrapped = true;
      time_ns = record.time_ns;
    }
    records.push_back(record);
  }
  expect(decoder.status() != TraceStatus::good, "there is a reason to stop");
  expect(decoder.next_position() >= bytes &&
             decoder.next_position() <= bytes + length,
         "what counts ends within the trace");
  const bool has_header = decoder.header().pointer_bytes == 4 ||
                          decoder.header().pointer_bytes == 8;
  if (has_header && !has_wrapped && !records.empty())
    write_again(decoder.header(), records);
  return 0;
}
