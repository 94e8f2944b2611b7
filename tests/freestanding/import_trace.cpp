// Events that JavaScript is told of: the runner keeps them, and gives them
// back.
#include "import_trace.hpp"

#include "allocator.hpp"
#include "names.hpp"
#include "tracing.hpp"

extern "C" [[clang::import_module("test"), clang::import_name("event_field")]]
size_t test_event_field(size_t event_index, size_t field_index);
extern "C" [[clang::import_module("test"), clang::import_name("event_count")]]
size_t test_event_count();

namespace {

using mote::TraceKind;

struct Event {
  TraceKind kind;
  size_t old, address, size, alignment;
};

bool is_event(size_t index, const Event& event) {
  return test_event_field(index, 0) == static_cast<size_t>(event.kind) &&
         test_event_field(index, 1) == event.old &&
         test_event_field(index, 2) == event.address &&
         test_event_field(index, 3) == event.size &&
         test_event_field(index, 4) == event.alignment;
}

// Two blocks, one after the other, and no more.
struct TwoBlocks {
  size_t count = 0;
  void* allocate(size_t, size_t) {
    return ++count > 2 ? nullptr : reinterpret_cast<void*>(count * 4096);
  }
  static void free(void*, size_t, size_t) {}
  void* reallocate(void*, size_t, size_t align, size_t size) {
    return allocate(size, align);
  }
};

MOTE_CASE(javascript_is_told_of_every_event) {
  mote::Tracing<TwoBlocks, mote::ImportTrace> traced;
  void* const ptr = traced.allocate(10, 16);
  void* const moved = traced.reallocate(ptr, 10, 16, 20);
  MOTE_CHECK(!traced.allocate(SIZE_MAX, 64));
  traced.free(moved, 20, 16);
  MOTE_CHECK(test_event_count() == 4);
  MOTE_CHECK(is_event(0, {TraceKind::allocate, 0, 4096, 10, 16}));
  MOTE_CHECK(is_event(1, {TraceKind::reallocate, 4096, 8192, 20, 16}));
  MOTE_CHECK(is_event(2, {TraceKind::allocate, 0, 0, SIZE_MAX, 64}));
  MOTE_CHECK(is_event(3, {TraceKind::free, 8192, 0, 0, 1}));
}

}  // namespace
