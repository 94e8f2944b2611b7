// C's names over mote's heap on macOS, where the system keeps the names
// themselves: for the interpose table.
#pragma once

#include <stddef.h>

extern "C" {
[[gnu::visibility("hidden")]] void* mote_c_malloc(size_t size);
[[gnu::visibility("hidden")]] void mote_c_free(void* ptr);
[[gnu::visibility("hidden")]] void* mote_c_calloc(size_t count, size_t size);
[[gnu::visibility("hidden")]] void* mote_c_realloc(void* ptr, size_t size);
[[gnu::visibility("hidden")]] void* mote_c_aligned_alloc(size_t align,
                                                         size_t size);
[[gnu::visibility("hidden")]] int mote_c_posix_memalign(void** result,
                                                        size_t align,
                                                        size_t size);
}

namespace mote {

// Whether an address is the heap's, a block or not; null is nobody's.
bool is_ours(const void* ptr);

}  // namespace mote
