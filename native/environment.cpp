// What the environment may ask of the shared library. Not of the static one: a
// program that links it has its own say.
//
//   MOTE_STATS=1   malloc_stats() when the process exits, on standard error
//
// Programs that run with more rights than their caller's ignore it.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "print_statistics.hpp"

namespace {

// The standard error of the beginning: many programs close theirs at exit. Far
// from the descriptors that they use: some close all that they do not know, and
// the next file that they open has the lowest number.
constexpr int report_to_min = 500;
int report_to = -1;

// Neither allocates nor changes what it reads.
const char* variable(const char* name) {
#ifdef __linux__
  return secure_getenv(name);
#else
  return issetugid() != 0 ? nullptr : getenv(name);
#endif
}

[[gnu::constructor]] void read_environment() {
  const char* const asked = variable("MOTE_STATS");
  if (asked != nullptr && strcmp(asked, "1") == 0) {
    report_to = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, report_to_min);
  }
}

// After the program's own exit handlers.
[[gnu::destructor]] void report() {
  if (report_to < 0) return;
  dprintf(report_to, "mote: process %ld at its exit\n",
          static_cast<long>(getpid()));
  mote::print_statistics(report_to);
}

}  // namespace
