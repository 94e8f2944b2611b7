#include "tracing.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace mote {
namespace {

// Gives addresses that tests can write down; refuses what is above 1000 bytes.
struct NumberedBlocks {
  size_t next = 0x1000;

  void* allocate(size_t size, size_t) {
    if (size > 1000) return nullptr;
    next += 0x10;
    return reinterpret_cast<void*>(next);
  }
  static void free(void*, size_t, size_t) {}
  void* reallocate(void*, size_t, size_t align, size_t size) {
    return allocate(size, align);
  }
};

struct StringOutput {
  std::string* string;

  void write(const void* bytes, size_t length) {
    string->append(static_cast<const char*>(bytes), length);
  }
};

struct Steps {
  uint64_t time_ns = 1000;
  uint64_t now() { return time_ns += 10; }
};

struct Records {
  std::vector<TraceRecord>* records;
  void note(const TraceRecord& record) { records->push_back(record); }
};

static_assert(Allocator<Tracing<Tracing<NumberedBlocks, Records>,
                                TextTrace<StringOutput>>>);

// What every sink is shown.
template <class Sink>
void do_things(Sink sink) {
  Tracing<NumberedBlocks, Sink> traced({}, static_cast<Sink>(sink));
  void* const ptr = traced.allocate(100, 1);
  void* const aligned = traced.allocate(0, 64);
  void* const moved = traced.reallocate(ptr, 100, 1, 200);
  EXPECT_EQ(traced.reallocate(moved, 200, 1, 2000), nullptr);
  traced.free(nullptr, 0, 1);
  traced.free(aligned, 0, 64);
  traced.free(moved, 200, 1);
  EXPECT_EQ(traced.allocate(SIZE_MAX, 1), nullptr);
}

TEST(tracing, every_event_is_told_once) {
  std::vector<TraceRecord> records;
  do_things(Records{&records});
  ASSERT_EQ(records.size(), 7u);
  EXPECT_EQ(records[0].kind, TraceKind::allocate);
  EXPECT_EQ(records[0].size, 100u);
  EXPECT_EQ(records[0].argument, 0u);
  EXPECT_EQ(records[0].address, 0x1010u);
  EXPECT_EQ(records[1].argument, 6u);
  EXPECT_EQ(records[2].kind, TraceKind::reallocate);
  EXPECT_EQ(records[2].old_address, 0x1010u);
  EXPECT_EQ(records[2].address, 0x1030u);
  EXPECT_EQ(records[3].address, 0u) << "refused";
  EXPECT_EQ(records[3].old_address, 0x1030u);
  EXPECT_EQ(records[4].kind, TraceKind::free);
  EXPECT_EQ(records[4].address, 0x1020u);
  EXPECT_EQ(records[6].address, 0u);
  EXPECT_EQ(records[6].size, uint64_t{SIZE_MAX});
}

// Or another thread may be told to have got the address before.
TEST(tracing, a_free_is_told_before_it_is_done) {
  static std::string order;
  struct Blocks : NumberedBlocks {
    static void free(void*, size_t, size_t) { order += "done "; }
  };
  struct Sink {
    void note(const TraceRecord&) { order += "told "; }
  };
  Tracing<Blocks, Sink> traced;
  traced.free(reinterpret_cast<void*>(16), 1, 1);
  EXPECT_EQ(order, "told done ");
}

TEST(tracing, text_is_a_line_for_each_event) {
  std::string text;
  do_things(TextTrace(StringOutput{&text}));
  const std::string all = std::to_string(SIZE_MAX);
  EXPECT_EQ(text,
            "allocate 100 1 0x1010\n"
            "allocate 0 64 0x1020\n"
            "reallocate 0x1010 200 1 0x1030\n"
            "reallocate 0x1030 2000 1 0x0\n"
            "free 0x1020\n"
            "free 0x1030\n"
            "allocate " +
                all + " 1 0x0\n");
}

TEST(tracing, the_longest_line_fits) {
  std::string text;
  TextTrace trace(StringOutput{&text});
  trace.note({.kind = TraceKind::reallocate,
              .argument = trace_argument_max,
              .address = ~0ull,
              .old_address = ~0ull,
              .size = ~0ull});
  EXPECT_EQ(text,
            "reallocate 0xffffffffffffffff 18446744073709551615 2147483648 "
            "0xffffffffffffffff\n");
}

TEST(tracing, the_binary_trace_reads_as_what_happened) {
  std::string bytes;
  std::vector<TraceRecord> records;
  do_things(BinaryTrace(StringOutput{&bytes}, Steps{}));
  do_things(Records{&records});
  TraceDecoder decoder(reinterpret_cast<const uint8_t*>(bytes.data()),
                       bytes.size());
  EXPECT_EQ(decoder.header().pointer_bytes, sizeof(void*));
  TraceRecord record;
  for (size_t i = 0; i < records.size(); ++i) {
    ASSERT_TRUE(decoder.next(record)) << i;
    EXPECT_EQ(record.kind, records[i].kind);
    EXPECT_EQ(record.argument, records[i].argument);
    EXPECT_EQ(record.address, records[i].address);
    EXPECT_EQ(record.old_address, records[i].old_address);
    EXPECT_EQ(record.size, records[i].size);
    EXPECT_EQ(record.time_ns, 10 * (i + 1));
  }
  EXPECT_FALSE(decoder.next(record));
  EXPECT_EQ(decoder.status(), TraceStatus::ended);
}

// As when a signal handler allocates while a record is being written.
TEST(tracing, an_event_within_an_event_is_counted_and_spoils_nothing) {
  struct Interrupted {
    std::string* string;
    std::function<void()>* handler;
    void write(const void* bytes, size_t length) {
      (*handler)();
      string->append(static_cast<const char*>(bytes), length);
    }
  };
  std::string bytes;
  std::function<void()> handler;
  BinaryTrace trace(Interrupted{&bytes, &handler});
  handler = [&] { trace.note({.kind = TraceKind::free, .address = 24}); };
  trace.note({.kind = TraceKind::free, .address = 8});
  trace.note({.kind = TraceKind::free, .address = 16});
  EXPECT_EQ(trace.lost_count(), 2u);
  TraceDecoder decoder(reinterpret_cast<const uint8_t*>(bytes.data()),
                       bytes.size());
  TraceRecord record;
  EXPECT_TRUE(decoder.next(record));
  EXPECT_EQ(record.address, 8u);
  EXPECT_TRUE(decoder.next(record));
  EXPECT_EQ(record.address, 16u);
  EXPECT_FALSE(decoder.next(record));
  EXPECT_EQ(decoder.status(), TraceStatus::ended);
}

TEST(tracing, a_ring_keeps_the_last_events_in_order) {
  RingTrace<4> ring;
  ring.each([](const TraceRecord&) { ADD_FAILURE() << "it is empty"; });
  for (uint64_t i = 1; i <= 10; ++i) {
    ring.note({.kind = TraceKind::free, .address = i});
    std::vector<uint64_t> kept;
    ring.each([&](const TraceRecord& it) { kept.push_back(it.address); });
    EXPECT_EQ(ring.count(), i);
    ASSERT_EQ(kept.size(), i < 4 ? i : 4);
    for (size_t k = 0; k < kept.size(); ++k) {
      EXPECT_EQ(kept[k], i - kept.size() + 1 + k);
    }
  }
}

TEST(tracing, alignments_that_the_format_does_not_know) {
  std::vector<TraceRecord> records;
  Tracing<NumberedBlocks, Records> traced({}, {&records});
  traced.allocate(1, 0);
  if constexpr (sizeof(size_t) == 8) {
    traced.allocate(1, size_t{1} << (sizeof(size_t) * 4 + 8));
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[1].argument, trace_argument_max);
  }
  EXPECT_EQ(records[0].argument, 0u);
}

}  // namespace
}  // namespace mote
