// The classes of small sizes, one for each multiple of the alignment, and the
// arithmetic of blocks side by side.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "config.hpp"
#include "free_list.hpp"

namespace mote {

template <Config config>
struct SmallClasses {
  // The class for a size, or one past the last when no slab serves it (and for
  // 0, which wraps).
  static size_t size_to_class(size_t size) {
    // A free block holds its links.
    if constexpr (config.alignment < sizeof(FreeNode))
      if (size - 1 < config.alignment) size = sizeof(FreeNode);
    return (size - 1) / config.alignment;
  }
  static constexpr size_t class_to_size(size_t class_index) {
    return (class_index + 1) * config.alignment;
  }
  // The same with an alignment: a block whose size is a multiple of it is
  // aligned in a slab.
  static size_t size_to_class(size_t size, size_t align) {
    return size_to_class(align_up(size, align));
  }
  // Whether a block of that size is neither too small nor of a class too large.
  static bool fits(size_t size, size_t block_size) {
    return size_to_class(size) + 1 == block_size / config.alignment;
  }

  static size_t offset_of(const void* ptr) {
    return address_of(ptr) % config.slab_size;
  }

  // The next above 2^32 / block_size: an offset is a multiple of the block size
  // exactly when their product, modulo 2^32, is below it (Lemire, Kaser and
  // Kurz, "Faster remainder by direct computation", 2019). In 32 bits: a
  // processor that has no division of 64 would call a library's.
  static constexpr uint32_t inverse_of(size_t block_size) {
    const auto divisor = static_cast<uint32_t>(block_size);
    return (0 - divisor) / divisor + 2;
  }
  // And exactly below this when it is one of the first `count` multiples: each
  // is as much more than the one before as the inverse is rounded.
  static constexpr uint32_t limit_of(size_t block_size, size_t count) {
    return static_cast<uint32_t>((count - 1) * block_size *
                                 inverse_of(block_size)) +
           1;
  }
  static bool divides(uint32_t inverse, size_t offset) {
    return static_cast<uint32_t>(offset) * inverse < inverse;
  }
};

}  // namespace mote
