// The platform's errno, as the C rules and the page sources need it.
#pragma once

#include <errno.h>

namespace mote {

struct Errno {
  static constexpr int invalid_argument = EINVAL;
  static constexpr int out_of_memory = ENOMEM;
  static void set(int error) { errno = error; }
};

// Keeps errno as it was. A source may try a large request, be refused and
// succeed with a smaller one: the program must not see that as an error, and
// free() may not change errno at all (POSIX.1-2024).
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
