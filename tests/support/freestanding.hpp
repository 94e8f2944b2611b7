// Test cases for a module without a C library, where GoogleTest cannot go.
//
// A case is a function; the linker gathers their descriptions in one section,
// so a file of cases needs no registration call and no static constructor. The
// runner (tests/wasm/freestanding.mjs) gives each case an instance and a memory
// of its own: a case may trap, exhaust the memory or grow it behind the heap's
// back.
//
//   MOTE_CASE(allocates) { MOTE_CHECK(malloc(1) != nullptr); }
//   MOTE_CASE_MAX_PAGES(runs_dry, 20) { MOTE_CHECK(!malloc(20 * 65536)); }
//   MOTE_TRAP_CASE(frees_twice, "mote_trap_double_free") { ... }
#pragma once

#include <stddef.h>

namespace mote_test {

struct Case {
  const char* name;
  void (*run)();
  unsigned max_pages;  // of the memory; 0: 4 GiB
  const char* trap;    // the function that must trap; null: none may
};

}  // namespace mote_test

// Given by the runner; does not return.
extern "C"
    [[noreturn, clang::import_module("test"), clang::import_name("fail")]] void
    mote_test_fail(const char* condition, const char* file, int line);

#define MOTE_CHECK(condition) \
  ((condition) ? (void)0 : mote_test_fail(#condition, __FILE__, __LINE__))

#define MOTE_TEST_CASE(name, max_pages, trap)                                \
  static void name();                                                        \
  [[gnu::used, gnu::section("mote_cases")]] static constinit mote_test::Case \
      name##_case = {#name, name, max_pages, trap};                          \
  static void name()

#define MOTE_CASE(name) MOTE_TEST_CASE(name, 0, nullptr)
#define MOTE_CASE_MAX_PAGES(name, pages) MOTE_TEST_CASE(name, pages, nullptr)
#define MOTE_TRAP_CASE(name, cause) MOTE_TEST_CASE(name, 0, cause)
