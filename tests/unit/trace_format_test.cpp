#include "trace_format.hpp"

#include <gtest/gtest.h>
#include <vector>

#include "support/random.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes encoded(const std::vector<TraceRecord>& records,
              const TraceHeader& header = {}) {
  Bytes bytes(trace_header_bytes);
  EXPECT_EQ(TraceEncoder::write_header(header, bytes.data()),
            bytes.data() + trace_header_bytes);
  TraceEncoder encoder;
  for (const TraceRecord& record : records) {
    const size_t begin = bytes.size();
    bytes.resize(begin + trace_record_bytes_max + record.text_length);
    uint8_t* const end = encoder.write(record, bytes.data() + begin);
    bytes.resize(static_cast<size_t>(end - bytes.data()));
  }
  return bytes;
}

struct Decoded {
  std::vector<TraceRecord> records;
  TraceStatus status;
};

Decoded decoded(const Bytes& bytes) {
  // A copy of just this length, so that the sanitizers see a byte too many.
  const Bytes exact(bytes.begin(), bytes.end());
  TraceDecoder decoder(exact.data(), exact.size());
  Decoded result;
  TraceRecord record;
  while (decoder.next(record)) {
    EXPECT_LT(decoder.position(), decoder.next_position());
    EXPECT_LE(decoder.next_position(), exact.data() + exact.size());
    record.text = nullptr;  // would dangle
    result.records.push_back(record);
  }
  EXPECT_FALSE(decoder.next(record)) << "the end stays the end";
  result.status = decoder.status();
  return result;
}

void expect_same(const TraceRecord& a, const TraceRecord& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.argument, b.argument);
  EXPECT_EQ(a.time_ns, b.time_ns);
  EXPECT_EQ(a.stack, b.stack);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.old_address, b.old_address);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.thread, b.thread);
  EXPECT_EQ(a.file_offset, b.file_offset);
  EXPECT_EQ(a.text_length, b.text_length);
}

// Numbers of every length, both ends of each included.
uint64_t any_number(Random& random) {
  return random.next() >> random.below(64);
}

// A record with all that its kind has, and nothing else.
TraceRecord any_record(Random& random, uint64_t& time_ns, uint64_t& nodes) {
  static const char text[] = "a label of some length, cut anywhere";
  TraceRecord record;
  record.kind = static_cast<TraceKind>(1 + random.below(7));
  const auto stack = [&] { return any_number(random) % (nodes + 1); };
  const auto time = [&] { return time_ns += any_number(random) >> 24; };
  switch (record.kind) {
    case TraceKind::end:
      break;
    case TraceKind::reallocate:
      record.old_address = any_number(random);
      [[fallthrough]];
    case TraceKind::allocate:
    case TraceKind::allocate_zeroed:
      record.argument = static_cast<uint8_t>(random.below(32));
      record.size = any_number(random);
      record.stack = stack();
      [[fallthrough]];
    case TraceKind::free:
      record.time_ns = time();
      record.address = any_number(random);
      break;
    case TraceKind::thread:
      record.thread = any_number(random);
      break;
    case TraceKind::mark:
      record.argument = static_cast<uint8_t>(random.below(4));
      record.time_ns = time();
      record.text = text;
      record.text_length = random.below(sizeof text);
      break;
    case TraceKind::extended:
      record.argument = static_cast<uint8_t>(random.below(4));
      if (record.is(TraceExtension::stack_node)) {
        record.stack = stack();
        record.address = any_number(random);
        ++nodes;
        break;
      }
      if (record.is(TraceExtension::module)) {
        record.address = any_number(random);
        record.size = any_number(random);
        record.file_offset = any_number(random);
      }
      record.text = text;
      record.text_length = random.below(sizeof text);
  }
  return record;
}

std::vector<TraceRecord> any_records(Random& random, size_t count) {
  std::vector<TraceRecord> records;
  uint64_t time_ns = 0;
  uint64_t nodes = 0;
  while (records.size() < count) {
    records.push_back(any_record(random, time_ns, nodes));
  }
  return records;
}

TEST(trace_format, what_is_written_is_read) {
  Random random(seed());
  for (int round = 0; round < 100; ++round) {
    const auto records = any_records(random, 200);
    const Decoded result = decoded(encoded(records));
    EXPECT_EQ(result.status, TraceStatus::ended);
    ASSERT_EQ(result.records.size(), records.size());
    for (size_t i = 0; i < records.size(); ++i) {
      expect_same(records[i], result.records[i]);
    }
    if (HasFailure()) break;
  }
}

// The format is other programs' too: these bytes may never change.
TEST(trace_format, version_1_is_just_these_bytes) {
  const Bytes bytes =
      encoded({{.kind = TraceKind::thread, .thread = 300},
               {.kind = TraceKind::allocate,
                .argument = 4,
                .time_ns = 5,
                .address = 0x1000,
                .size = 100},
               {.kind = TraceKind::reallocate,
                .time_ns = 7,
                .address = 0x2000,
                .old_address = 0x1000,
                .size = 200},
               {.kind = TraceKind::free, .time_ns = 7, .address = 0x2000}},
              {.pointer_bytes = 8, .process_id = 0x01020304, .start_ns = 9});
  const Bytes expected = {
      'm', 'o', 't', 'e', 't', 'r', 'c', 'e', 1, 0, 8, 0, 4, 3, 2, 1,  //
      9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                  //
      5, 0xac, 0x02,                       // thread 300
      1 | 4 << 3, 5, 0, 0x80, 0x08, 100,   // 0x1000 >> 3 = 512, doubled
      4, 2, 0, 0, 0x80, 0x08, 0xc8, 0x01,  // 0 further, 512
                                           // further
      3, 0, 0};
  EXPECT_EQ(bytes, expected);
}

TEST(trace_format, the_header_is_kept) {
  const Bytes bytes = encoded(
      {}, {.pointer_bytes = 4, .process_id = 4'000'000'000, .start_ns = ~0ull});
  const TraceDecoder decoder(bytes.data(), bytes.size());
  EXPECT_EQ(decoder.status(), TraceStatus::good);
  EXPECT_EQ(decoder.header().pointer_bytes, 4);
  EXPECT_EQ(decoder.header().process_id, 4'000'000'000);
  EXPECT_EQ(decoder.header().start_ns, ~0ull);
}

TEST(trace_format, a_killed_writer_loses_its_last_record_at_most) {
  Random random(seed());
  const auto records = any_records(random, 50);
  const Bytes bytes = encoded(records);
  size_t read_before = 0;
  for (size_t length = trace_header_bytes; length < bytes.size(); ++length) {
    const Decoded result = decoded({bytes.begin(), bytes.begin() + length});
    const bool is_whole = result.status == TraceStatus::ended;
    EXPECT_TRUE(is_whole || result.status == TraceStatus::cut);
    EXPECT_TRUE(result.records.size() == read_before ||
                result.records.size() == read_before + 1);
    read_before = result.records.size();
    for (size_t i = 0; i < read_before; ++i) {
      expect_same(records[i], result.records[i]);
    }
  }
  EXPECT_EQ(read_before, records.size() - 1);
}

TEST(trace_format, zeros_end_a_trace_and_what_follows_is_ignored) {
  Bytes bytes = encoded({{.kind = TraceKind::thread, .thread = 1}});
  const size_t length = bytes.size();
  bytes.resize(length + 100);
  bytes[length + 50] = 0xff;
  const Decoded result = decoded(bytes);
  EXPECT_EQ(result.records.size(), 1u);
  EXPECT_EQ(result.status, TraceStatus::ended);
  TraceDecoder decoder(bytes.data(), bytes.size());
  for (TraceRecord record; decoder.next(record);) {
  }
  EXPECT_EQ(decoder.next_position(), bytes.data() + length);
}

TEST(trace_format, what_is_no_trace_is_told_apart) {
  EXPECT_EQ(decoded({}).status, TraceStatus::foreign);
  EXPECT_EQ(decoded(Bytes(1000)).status, TraceStatus::foreign);
  EXPECT_EQ(decoded({'m', 'o', 't'}).status, TraceStatus::foreign);
  Bytes bytes = encoded({});
  EXPECT_EQ(decoded({bytes.begin(), bytes.begin() + 20}).status,
            TraceStatus::cut);
  bytes[8] = 2;
  EXPECT_EQ(decoded(bytes).status, TraceStatus::other_version);
  bytes[8] = 1;
  bytes[10] = 3;  // bytes in a pointer
  EXPECT_EQ(decoded(bytes).status, TraceStatus::malformed);
}

TEST(trace_format, numbers_beyond_64_bits_are_malformed) {
  Bytes bytes = encoded({});
  bytes.push_back(5);
  bytes.insert(bytes.end(), 9, 0xff);
  bytes.push_back(1);
  EXPECT_EQ(decoded(bytes).records.at(0).thread, ~0ull);
  bytes.back() = 2;
  EXPECT_EQ(decoded(bytes).status, TraceStatus::malformed);
  bytes.back() = 0x81;
  EXPECT_EQ(decoded(bytes).status, TraceStatus::malformed);
}

TEST(trace_format, a_stack_that_was_not_told_is_malformed) {
  const TraceRecord node = {.kind = TraceKind::extended, .address = 1};
  TraceRecord event = {.kind = TraceKind::allocate, .stack = 2, .address = 8};
  EXPECT_EQ(decoded(encoded({node, event})).status, TraceStatus::malformed);
  EXPECT_EQ(decoded(encoded({node, node, event})).status, TraceStatus::ended);
  TraceRecord own_parent = node;
  own_parent.stack = 1;
  EXPECT_EQ(decoded(encoded({own_parent})).status, TraceStatus::malformed);
}

TEST(trace_format, a_text_longer_than_the_file_is_cut) {
  Bytes bytes = encoded({});
  const Bytes mark = {6,    0,    0xff, 0xff, 0xff, 0xff,
                      0xff, 0xff, 0xff, 0x7f, 'x'};
  bytes.insert(bytes.end(), mark.begin(), mark.end());
  EXPECT_EQ(decoded(bytes).status, TraceStatus::cut);
}

TEST(trace_format, times_never_go_back) {
  const Decoded result = decoded(
      encoded({{.kind = TraceKind::free, .time_ns = 100, .address = 8},
               {.kind = TraceKind::free, .time_ns = 90, .address = 16},
               {.kind = TraceKind::free, .time_ns = 101, .address = 8}}));
  ASSERT_EQ(result.records.size(), 3u);
  EXPECT_EQ(result.records[1].time_ns, 100u);
  EXPECT_EQ(result.records[2].time_ns, 101u);
}

// Garbage is read to some end, within its bytes: the sanitizers look on.
TEST(trace_format, garbage_ends) {
  Random random(seed());
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = encoded(any_records(random, random.below(20)));
    switch (random.below(3)) {
      case 0:  // all of it
        for (size_t i = trace_header_bytes; i < bytes.size(); ++i) {
          bytes[i] = static_cast<uint8_t>(random.next());
        }
        break;
      case 1:  // a byte
        bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
        break;
      default:  // a piece is missing
        bytes.erase(bytes.begin() + random.below(bytes.size()));
        bytes.resize(bytes.size() - random.below(bytes.size() + 1));
    }
    const Decoded result = decoded(bytes);
    EXPECT_NE(result.status, TraceStatus::good);
    EXPECT_LE(result.records.size(), bytes.size());
  }
}

TEST(trace_format, marks_are_told_apart) {
  TraceRecord record = {.kind = TraceKind::mark};
  record.argument = static_cast<uint8_t>(TraceMark::exit_begins);
  EXPECT_TRUE(record.is(TraceMark::exit_begins));
  EXPECT_FALSE(record.is(TraceMark::end));
  record.kind = TraceKind::thread;
  EXPECT_FALSE(record.is(TraceMark::exit_begins));
}

// A record of kind 0 is how a trace ends, written as any other.
TEST(trace_format, an_end_is_one_byte) {
  uint8_t bytes[trace_header_bytes + 1];
  uint8_t* end = TraceEncoder::write_header({}, bytes);
  end = TraceEncoder().write({.kind = TraceKind::end}, end);
  ASSERT_EQ(end, bytes + sizeof bytes);
  TraceDecoder decoder(bytes, sizeof bytes);
  TraceRecord record;
  EXPECT_FALSE(decoder.next(record));
  EXPECT_EQ(decoder.status(), TraceStatus::ended);
}

}  // namespace
}  // namespace mote
