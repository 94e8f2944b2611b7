// What a list of a heap's pieces must look like, whoever is at work meanwhile.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "mote/inspect.h"

namespace mote {

// Pieces lie in their region, those of a slab in it, each where a block can
// begin, and none over another; what is wrong, or null.
template <size_t alignment>
const char* check_pieces(const mote_piece* pieces, size_t count) {
  const char* region_end = nullptr;
  const char* slab_end = nullptr;  // of the last one
  const char* end = nullptr;       // of the pieces of this region so far
  for (const mote_piece* piece = pieces; piece != pieces + count; ++piece) {
    const char* const begin = static_cast<const char*>(piece->address);
    const char* const piece_end = begin + piece->size_bytes;
    if (piece->kind == mote_piece_region) {
      region_end = piece_end;
      slab_end = nullptr;
      end = begin;
      continue;
    }
    // A block of no bytes between guard pages has a region of none.
    if (piece->size_bytes == 0 && begin != region_end)
      return "a piece of no bytes";
    if (address_of(begin) % alignment != 0) return "misaligned";
    if (region_end == nullptr || begin < end) return "a piece in another";
    if (piece_end > region_end) return "a piece beyond its region";
    if (piece->kind == mote_piece_slab) {
      slab_end = piece_end;
      end = begin;
      continue;
    }
    if (slab_end != nullptr && begin < slab_end && piece_end > slab_end)
      return "a block beyond its slab";
    end = piece_end;
  }
  return nullptr;
}

}  // namespace mote
