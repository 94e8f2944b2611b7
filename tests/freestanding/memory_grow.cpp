// What src/page_source.hpp asks of every page source, asked of MemoryGrow. The
// typed suite of tests/unit/page_source_test.hpp needs a C library, whose
// malloc would share the memory; so its points are repeated here, in its order.
#include "memory_grow.hpp"

#include <stddef.h>
#include <stdint.h>

#include "names.hpp"

namespace {

char* end_of(const mote::Span& span) { return span.begin + span.size_bytes; }

struct OwnMemory : mote::WasmMemory {
  static constexpr bool is_alone = true;
};

// What a heap does for its source: it remembers where the last span ended, and
// is itself static data before there is one.
template <class AnyMemory = mote::WasmMemory>
class SourceOf {
 public:
  mote::Span acquire(size_t size_bytes) {
    const mote::Span span = source_.acquire(size_bytes, last_byte_);
    if (span.begin) last_byte_ = end_of(span) - 1;
    return span;
  }

 private:
  static constexpr char static_data = 0;

  mote::LinearMemory<AnyMemory> source_;
  const char* last_byte_ = &static_data;
};
using Source = SourceOf<>;

MOTE_CASE(source_gives_what_was_asked_zeroed_and_writable) {
  Source source;
  const mote::Span span = source.acquire(100'000);
  MOTE_CHECK(span.begin && span.size_bytes >= 100'000);
  MOTE_CHECK(is_filled(span.begin, 0, span.size_bytes));
  fill(span.begin, 1, span.size_bytes);
  MOTE_CHECK(is_filled(span.begin, 1, span.size_bytes));
}

MOTE_CASE(source_gives_the_memory_behind_static_data_first) {
  Source source;
  const size_t before = page_count();
  const mote::Span span = source.acquire(1);
  MOTE_CHECK(span.begin == &__heap_base && end_of(span) == &__heap_end);
  MOTE_CHECK(page_count() == before);
}

MOTE_CASE(source_spans_are_aligned_and_do_not_overlap) {
  Source source;
  char* last_end = nullptr;
  for (size_t i = 0; i < 32; ++i) {
    const mote::Span span = source.acquire(1 + i * 9700);
    MOTE_CHECK(span.begin >= last_end && span.size_bytes >= 1 + i * 9700);
    MOTE_CHECK(address(span.begin) % mote::span_alignment == 0);
    MOTE_CHECK(span.size_bytes % mote::span_alignment == 0);
    MOTE_CHECK(is_filled(span.begin, 0, span.size_bytes));
    fill(span.begin, 1, span.size_bytes);
    last_end = end_of(span);
  }
}

MOTE_CASE(source_grows_in_place) {
  Source source;
  mote::Span last = source.acquire(100'000);
  const size_t sizes[] = {1, 5000, 100'000};
  for (size_t size : sizes) {
    const mote::Span span = source.acquire(size);
    MOTE_CHECK(span.begin == end_of(last));
    last = span;
  }
}

MOTE_CASE(source_begins_behind_what_somebody_else_grew) {
  Source source;
  const mote::Span first = source.acquire(100'000);
  grow_by(1);
  const mote::Span second = source.acquire(1);
  MOTE_CHECK(second.begin == end_of(first) + page_bytes);
}

MOTE_CASE(source_refuses_absurd_sizes_and_changes_nothing) {
  Source source;
  const mote::Span span = source.acquire(100'000);
  const size_t before = page_count();
  for (size_t k = 0; k <= 65536; ++k)
    MOTE_CHECK(!source.acquire(SIZE_MAX - k).begin);
  MOTE_CHECK(page_count() == before);
  MOTE_CHECK(source.acquire(1).begin == end_of(span));
}

MOTE_CASE_MAX_PAGES(source_refuses_when_memory_ends, 20) {
  Source source;
  MOTE_CHECK(!source.acquire(20 * page_bytes).begin);
  const mote::Span span = source.acquire(1);
  MOTE_CHECK(span.begin == &__heap_base);
}

// What lies behind the last byte of 4 GiB is address 0, which is no refusal and
// no span.
template <class AnySource>
void ends_at_4_GiB() {
  AnySource source;
  const mote::Span first = source.acquire(100'000);
  MOTE_CHECK(source.acquire((65536 - 1 - page_count()) * page_bytes).begin ==
             end_of(first));
  MOTE_CHECK(!source.acquire(page_bytes + 1).begin);
  const mote::Span last = source.acquire(page_bytes);
  MOTE_CHECK(last.begin && last.size_bytes == page_bytes);
  MOTE_CHECK(address(end_of(last)) == page_count() * page_bytes);
  fill(last.begin, 1, page_bytes);
  MOTE_CHECK(!source.acquire(1).begin && !source.acquire(page_bytes).begin);
  MOTE_CHECK(is_filled(last.begin, 1, page_bytes));
}

MOTE_CASE(source_ends_at_4_GiB) { ends_at_4_GiB<Source>(); }
MOTE_CASE(source_of_its_own_memory_ends_at_4_GiB) {
  ends_at_4_GiB<SourceOf<OwnMemory>>();
}

}  // namespace
