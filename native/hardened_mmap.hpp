// The page source of the hardened profile: Mmap, with guarded blocks, and with
// a secret that no other process has, for what the heap writes behind blocks.
#pragma once

#include <stddef.h>
#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/types.h>
#else
#include <stdlib.h>
#endif

#include "errno.hpp"
#include "guarded_blocks.hpp"
#include "mmap.hpp"

namespace mote {

class HardenedMmap {
 public:
  using Guarded = GuardedBlocks;
  static constexpr bool is_near_zero = Mmap::is_near_zero;

  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    if (secret_ == 0) secret_ = new_secret();
    return pages_.acquire(size_bytes, last_byte);
  }
  char* release(char* from) noexcept { return pages_.release(from); }

  // Set before the first block is.
  size_t secret() const noexcept { return secret_; }

 private:
  Mmap pages_;
  size_t secret_ = 0;

  // Works before main. One seal tells the secret: so it is no one else's, as
  // the bytes of AT_RANDOM are, of which glibc has its stack canary and what it
  // mangles pointers with. Those where the kernel refuses others.
  static size_t new_secret() noexcept {
    size_t secret = 0;
#ifdef __linux__
    const PreserveErrno preserve;
    if (getrandom(&secret, sizeof(secret), GRND_NONBLOCK) ==
        static_cast<ssize_t>(sizeof(secret)))
      return secret | 1;
    const auto* const bytes =
        reinterpret_cast<const char*>(getauxval(AT_RANDOM));
    if (bytes != nullptr)
      memcpy(&secret, bytes + 16 - sizeof(secret), sizeof(secret));
#else
    arc4random_buf(&secret, sizeof(secret));
#endif
    return secret | 1;
  }
};

static_assert(ReleasingPageSource<HardenedMmap>);

}  // namespace mote
