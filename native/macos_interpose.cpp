// The shared library's calls in the place of the system's, in every image that
// the dynamic linker loads: it reads this table before anything else of the
// library. Zones alone (macos_zone.cpp) would serve what comes after the
// library's constructor, and by a few calls more. Never run, as is said there.
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "macos_zone.hpp"

namespace {

// The calls of this image are not replaced: here `free` is still the system's.
// It gets what was allocated before the table was read, or by a zone's own
// call, and stops at what is nobody's.

void release(void* ptr) {
  ptr == nullptr || mote::is_ours(ptr) ? mote_c_free(ptr) : free(ptr);
}

void* resize(void* ptr, size_t size) {
  return ptr == nullptr || mote::is_ours(ptr) ? mote_c_realloc(ptr, size)
                                              : realloc(ptr, size);
}

void* resize_or_free(void* ptr, size_t size) {
  void* const resized = resize(ptr, size);
  if (resized == nullptr) release(ptr);
  return resized;
}

void* allocate_pages(size_t size) {
  return mote_c_aligned_alloc(static_cast<size_t>(sysconf(_SC_PAGESIZE)), size);
}

struct Interposed {
  const void* replacement;
  const void* original;
};

#define MOTE_INTERPOSE(original, replacement)     \
  {reinterpret_cast<const void*>(&(replacement)), \
   reinterpret_cast<const void*>(&(original))}

[[gnu::used, gnu::section("__DATA,__interpose")]] const Interposed table[] = {
    MOTE_INTERPOSE(malloc, mote_c_malloc),
    MOTE_INTERPOSE(free, release),
    MOTE_INTERPOSE(calloc, mote_c_calloc),
    MOTE_INTERPOSE(realloc, resize),
    MOTE_INTERPOSE(reallocf, resize_or_free),
    MOTE_INTERPOSE(valloc, allocate_pages),
    MOTE_INTERPOSE(aligned_alloc, mote_c_aligned_alloc),
    MOTE_INTERPOSE(posix_memalign, mote_c_posix_memalign),
};

}  // namespace
