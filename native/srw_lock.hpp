// The lock around the global heap on Windows, which has no fork: one pointer,
// ready before any code runs.
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

namespace mote {

class SrwLock {
 public:
  class Guard {
   public:
    explicit Guard(SrwLock& lock) noexcept : lock_(lock) {
      AcquireSRWLockExclusive(&lock_.lock_);
    }
    ~Guard() { ReleaseSRWLockExclusive(&lock_.lock_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    SrwLock& lock_;
  };

 private:
  SRWLOCK lock_ = SRWLOCK_INIT;
};

}  // namespace mote
