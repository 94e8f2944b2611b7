// A file descriptor as the output of a trace. Safe in a signal handler; errno
// stays as it was.
#pragma once

#include <stddef.h>
#include <unistd.h>

#include "errno.hpp"

namespace mote {

class FileOutput {
 public:
  constexpr FileOutput() = default;
  constexpr explicit FileOutput(int descriptor) : descriptor_(descriptor) {}

  // All of it or, when the system refuses (a full disk, a closed pipe), as much
  // as goes: a trace that ends early reads as one of a killed process.
  void write(const void* bytes, size_t length) const {
    const PreserveErrno preserve;
    const auto* at = static_cast<const char*>(bytes);
    while (length > 0) {
      const auto written = ::write(descriptor_, at, length);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      at += written;
      length -= static_cast<size_t>(written);
    }
  }

 private:
  int descriptor_ = 2;  // standard error
};

}  // namespace mote
