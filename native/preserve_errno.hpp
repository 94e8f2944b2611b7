// Keeps errno as it was. A source may try a large request, be refused and
// succeed with a smaller one: the program must not see that as an error, and
// free() may not change errno at all (POSIX.1-2024).
#pragma once

#include <errno.h>

namespace mote {

class PreserveErrno {
 public:
  PreserveErrno() noexcept : saved_(errno) {}
  ~PreserveErrno() { errno = saved_; }
  PreserveErrno(const PreserveErrno&) = delete;
  PreserveErrno& operator=(const PreserveErrno&) = delete;

 private:
  int saved_;
};

}  // namespace mote
