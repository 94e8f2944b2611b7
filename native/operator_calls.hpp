// What operator new and delete call, beside the heap in the same library: as
// mote_alloc and mote_free_sized, and told which of both kinds they are.
#pragma once

#include <stddef.h>

#include "use.hpp"

namespace mote {

void* allocate_for(Use use, size_t size, size_t align);
// `untold` for a size that is not known.
void free_from(Use use, void* ptr, size_t size, size_t align);

}  // namespace mote
