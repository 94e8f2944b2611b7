// libmote-verify.so: libmote.so that can also check the whole heap, which would
// be a tenth of its code. With MOTE_VERIFY=1 that is done when the process
// exits: a header, a link or a seal that was overwritten stops it with the name
// of the invariant that does not hold, where it might have gone unnoticed.
//
// Only while there is one thread: others would change what is looked at.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/malloc.cpp"  // NOLINT: nobody else may name its heap
#include "verify.hpp"

namespace {

bool is_verified = false;

[[gnu::constructor]] void read_environment() {
  const char* const asked = secure_getenv("MOTE_VERIFY");
  is_verified = asked != nullptr && strcmp(asked, "1") == 0;
}

[[gnu::destructor]] void verify_at_exit() {
  if (!is_verified || __libc_single_threaded == 0) return;
  if (const char* const broken = mote::verify(heap)) {
    dprintf(STDERR_FILENO, "mote: invariant %s does not hold\n", broken);
    abort();
  }
}

}  // namespace
