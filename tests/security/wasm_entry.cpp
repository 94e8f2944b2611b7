// A table of cases as a wasm module that needs no C library of its own to
// start: what that would allocate for arguments and output is not there.
#include "cases.hpp"

namespace {

const Event& event_of(size_t index) {
  return case_table.events.items[index / case_table.sizes.count];
}

const Size& size_of(size_t index) {
  return case_table.sizes.items[index % case_table.sizes.count];
}

}  // namespace

extern "C" {

[[clang::export_name("case_count")]] size_t case_count() {
  return case_table.events.count * case_table.sizes.count;
}

[[clang::export_name("case_kind")]] const char* case_kind(size_t index) {
  return event_of(index).kind;
}

[[clang::export_name("event_name")]] const char* event_name(size_t index) {
  return event_of(index).name;
}

// Null: the event's name is the case's.
[[clang::export_name("size_name")]] const char* size_name(size_t index) {
  return size_of(index).name;
}

// 1 when it arrives at the end with the harm done.
[[clang::export_name("run_case")]] int run_case(size_t index) {
  return event_of(index).run(size_of(index).bytes) == Outcome::missed;
}

}  // extern "C"
