// What operator new and delete call, beside the heap in the same library: as
// mote_alloc and mote_free_sized, and told which of both kinds they are.
#pragma once

#include <stddef.h>

#include "use.hpp"

extern "C" {
void* mote_allocate_for(mote::Use use, size_t size, size_t align);
// `untold` for a size that is not known.
void mote_free_from(mote::Use use, void* ptr, size_t size, size_t align);
}
