// What a native program of the benchmark asks the system about itself.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

namespace bench {

[[noreturn]] inline void stop(const char* what, const char* name) {
  fprintf(stderr, "native: %s %s\n", what, name);
  exit(1);
}

// CLOCK_MONOTONIC: wall time; CLOCK_PROCESS_CPUTIME_ID: of all threads.
inline double nanoseconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

// Bytes, from a line "VmHWM:   1234 kB". Read by hand: stdio would allocate.
// getrusage would count what the process was before it became this program.
inline size_t peak_resident() {
  char text[4096];
  int fd = open("/proc/self/status", O_RDONLY);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (length <= 0) stop("cannot read", "/proc/self/status");
  close(fd);
  text[length] = 0;
  const char* line = strstr(text, "VmHWM:");
  if (!line) stop("no VmHWM in", "/proc/self/status");
  return strtoul(line + 6, nullptr, 10) * 1024;
}

}  // namespace bench
