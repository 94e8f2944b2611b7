// A broken rule of the program: say which one, and stop. Nothing here may
// allocate, and the heap's lock is held.
#include "check.hpp"

#include <stddef.h>
#include <stdlib.h>
#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace {

template <size_t size>
[[noreturn]] void stop(const char (&message)[size]) {
  constexpr int standard_error = 2;
  // When even this fails, the trap's name in the stack trace has to do.
  [[maybe_unused]] const auto written =
      write(standard_error, message, size - 1);
  abort();
}

}  // namespace

// A program that defines one of these itself, and exports it where the library
// is preloaded, has its own called instead. Not on Windows, whose linkers know
// no such names.
#ifdef _WIN32
#define MOTE_REPLACEABLE
#else
#define MOTE_REPLACEABLE [[gnu::weak, gnu::visibility("default")]]
#endif

extern "C" {
MOTE_REPLACEABLE void mote_trap_double_free() { stop("mote: double free\n"); }
MOTE_REPLACEABLE void mote_trap_invalid_pointer() {
  stop("mote: invalid pointer\n");
}
MOTE_REPLACEABLE void mote_trap_corrupted_heap() {
  stop("mote: corrupted heap\n");
}
MOTE_REPLACEABLE void mote_trap_out_of_bounds() {
  stop("mote: out of bounds\n");
}
MOTE_REPLACEABLE void mote_trap_use_after_free() {
  stop("mote: use after free\n");
}
MOTE_REPLACEABLE void mote_trap_mismatch() { stop("mote: mismatched free\n"); }
}
