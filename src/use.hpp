// What a caller may say of a block beside its size: for the hardened profile,
// which holds a free against it; others ignore it.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mote {

// What a block is for; the first two are not in use. One that is must be freed
// as what it was allocated: by C's calls, delete or delete[].
enum class Use : uint8_t { fresh, freed, c, object, array };

// For a size or an alignment that the caller does not say.
inline constexpr size_t untold = ~size_t{0};

}  // namespace mote
