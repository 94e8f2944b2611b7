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

extern "C" {
void mote_trap_double_free() { stop("mote: double free\n"); }
void mote_trap_invalid_pointer() { stop("mote: invalid pointer\n"); }
void mote_trap_corrupted_heap() { stop("mote: corrupted heap\n"); }
}
