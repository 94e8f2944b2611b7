// The back heap: blocks of any size, told apart by boundary tags (Knuth, The
// Art of Computer Programming 1, section 2.5), kept in bins of similar size
// (as Lea's dlmalloc and Masmano's TLSF do) and coalesced at once. It holds the
// large blocks, the slabs of the small ones, and the page map; all of memory
// is shared between them.
//
//   block in use                      free block
//   +--------+----------------+       +--------+------+------+- - -+--------+
//   | header | payload        |       | header | next | back |     | footer |
//   +--------+----------------+       +--------+------+------+- - -+--------+
//   ^        ^ aligned                 header: size | is_free | previous_free
//   block    what the caller gets      footer: size
//
//   region:  block block ... block sentinel       (a header of size 0, in use)
//
// B1: The blocks of a region follow each other without a gap up to the
//     sentinel; every size is a multiple of the alignment.
// B2: `previous_free` is set exactly when the block before is free; the footer
//     of a free block holds its size.
// B3: No two free blocks are neighbours.
// B4: Every free block is in the bin of its size, and every bin that is not
//     empty has its bit set in `bin_map` (an empty one may have it set too).
// B5: When memory grew elsewhere, the old sentinel became a bridge: a header
//     whose size reaches to the new region (modulo the address space), so one
//     walk sees them all. It is no block, and freeing what lies behind it traps.
//
// Costs: take and give are O(1): at most 64 bins with `bin_scan_max` tries
// each are looked at, however large the heap.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_source.hpp"

namespace mote {

// may_alias: headers lie between user data of any type.
struct [[gnu::may_alias]] Header {
  size_t bits;
};

template <Config config, PageSource Source>
class BackHeap {
 public:
  static constexpr size_t header_size = sizeof(Header);
  static constexpr size_t footer_size = sizeof(Header);
  // Below this a free block has no room for its links.
  static constexpr size_t block_size_min = align_up(
      header_size + sizeof(FreeNode) + footer_size, config.alignment);

  // Requests closer to SIZE_MAX than this are refused before any arithmetic
  // on them can wrap, whatever the source rounds up to.
  static constexpr size_t size_slack = 0x20000;

  // A block with at least `size` bytes at a multiple of `align` (a power of
  // two, not below the heap's), or null: then nothing has changed.
  void* allocate(size_t size, size_t align) {
    if (size + align + size_slack < size) return nullptr;
    size_t block_size = size_to_block_size(size);
    Header* block = take(block_size, align);
    if (!block && grow(block_size, align, true)) block = take(block_size, align);
    if (!block && grow(block_size, align, false))
      block = take(block_size, align);
    return block ? payload_of(block) : nullptr;
  }

  void free(void* ptr) { give(block_in_use(ptr)); }

  size_t usable_size(const void* ptr) const {
    return size_of(block_in_use(ptr)) - header_size;
  }

  // Makes the block `size` bytes long where it is; false if it cannot.
  bool resize(void* ptr, size_t size) {
    if (size > SIZE_MAX - size_slack) return false;
    Header* block = block_in_use(ptr);
    size_t block_size = size_to_block_size(size);
    Header* next = after(block);
    if (size_of(block) < block_size && next->bits & is_free &&
        size_of(block) + size_of(next) >= block_size) {
      unlink(node_of(next));
      block->bits += size_of(next);
      after(block)->bits &= ~previous_free;
    }
    if (size_of(block) < block_size) return false;
    trim(block, block_size);
    return true;
  }

  // Gives the free memory before the last sentinel back; the bytes released.
  size_t release_tail()
    requires ReleasingPageSource<Source>
  {
    if (!end_ || !(end_->bits & previous_free)) return 0;
    Header* tail = before(end_);
    char* kept_end = source_.release(reinterpret_cast<char*>(tail) +
                                     block_size_min + header_size);
    Header* old_end = end_;
    Header* new_end = sentinel_below(kept_end);
    if (new_end >= old_end) return 0;
    unlink(node_of(tail));
    tail->bits = static_cast<size_t>(distance(tail, new_end));
    new_end->bits = 0;
    end_ = new_end;
    span_end_ = kept_end;
    give(tail);
    return distance(new_end, old_end);
  }

  Source& source() { return source_; }

  // The lowest block's payload can be no lower than this.
  size_t start() const { return address_of(start_); }

 private:
  template <Config, PageSource>
  friend class Verifier;

  static constexpr size_t is_free = 1;
  static constexpr size_t previous_free = 2;
  static constexpr size_t flags = is_free | previous_free;
  static constexpr size_t is_bridge = 4;  // in no block in use: see B5
  static constexpr unsigned bin_count = 64;
  static_assert((flags | is_bridge) < config.alignment,
                "sizes leave the flag bits alone");

  static size_t size_of(const Header* block) { return block->bits & ~flags; }

  static Header* at(const void* base, size_t offset) {
    return reinterpret_cast<Header*>(address_of(base) + offset);
  }
  static size_t distance(const Header* from, const Header* to) {
    return address_of(to) - address_of(from);
  }
  static Header* after(const Header* block) {
    return at(block, size_of(block));
  }
  // Only where `previous_free` is set: else there is no footer to read.
  static Header* before(const Header* block) {
    return at(block, -at(block, -footer_size)->bits);
  }
  static void* payload_of(Header* block) { return block + 1; }
  static FreeNode* node_of(Header* block) {
    return reinterpret_cast<FreeNode*>(block + 1);
  }
  static Header* block_of(FreeNode* node) {
    return reinterpret_cast<Header*>(node) - 1;
  }
  static Header* sentinel_below(const char* end) {
    return at(nullptr, align_down(address_of(end), config.alignment) -
                           header_size);
  }

  static size_t size_to_block_size(size_t size) {
    size_t block_size = align_up(size + header_size, config.alignment);
    return block_size < block_size_min ? block_size_min : block_size;
  }

  // Four bins an octave: the exponent of the size and the first two bits of
  // its mantissa, as a double has them. The bias makes the first bins exact.
  static unsigned size_to_bin(size_t block_size) {
    constexpr unsigned mantissa_bits_dropped = 50;
    constexpr unsigned first =
        (1023 + log2(4 * config.alignment)) << 2;  // 1023: exponent bias
    double biased = static_cast<double>(block_size + 3 * config.alignment);
    unsigned bin =
        static_cast<unsigned>(__builtin_bit_cast(uint64_t, biased) >>
                              mantissa_bits_dropped) - first;
    return bin < bin_count ? bin : bin_count - 1;
  }

  // The block whose payload `ptr` is. Traps on what cannot be one: a bad
  // alignment or address, a header that no block has, a free block.
  Header* block_in_use(const void* ptr) const {
    Header* block = at(ptr, -header_size);
    if (address_of(ptr) & (config.alignment - 1) ||
        distance(start_, block) >= distance(start_, end_))
      mote_trap_invalid_pointer();
    if (block->bits & is_free) mote_trap_double_free();
    if (size_of(block) - 1 >= distance(block, end_) ||
        block->bits & (config.alignment - 1) & ~flags ||
        after(block)->bits & previous_free)
      mote_trap_invalid_pointer();
    return block;
  }

  // First fit within the bin of the size, `bin_scan_max` tries; any block of a
  // higher bin fits, unless the alignment asks for more.
  Header* take(size_t block_size, size_t align) {
    uint64_t bins = bin_map_ & (~uint64_t{0} << size_to_bin(block_size));
    for (; bins; bins &= bins - 1) {
      unsigned bin = static_cast<unsigned>(__builtin_ctzll(bins));
      FreeNode* node = bins_[bin].first;
      if (!node) bin_map_ ^= uint64_t{1} << bin;
      for (unsigned tries = config.bin_scan_max; node && tries; --tries) {
        size_t gap = gap_before(node, align);
        if (gap + block_size <= size_of(block_of(node)))
          return carve(block_of(node), gap, block_size);
        node = node->next;
      }
    }
    return nullptr;
  }

  // How far the aligned payload lies behind the block's own; what lies between
  // must be able to become a block.
  static size_t gap_before(const FreeNode* node, size_t align) {
    size_t gap = -address_of(node) & (align - 1);
    if constexpr (block_size_min > config.alignment)
      while (gap && gap < block_size_min) gap += align;
    return gap;
  }

  Header* carve(Header* block, size_t gap, size_t block_size) {
    unlink(node_of(block));
    block->bits = size_of(block);
    after(block)->bits &= ~previous_free;
    if (gap) {
      Header* head = block;
      block = at(head, gap);
      block->bits = size_of(head) - gap;
      head->bits = gap;
      give(head);
    }
    trim(block, block_size);
    return block;
  }

  // Gives back what the block in use has beyond `block_size`.
  void trim(Header* block, size_t block_size) {
    size_t rest_size = size_of(block) - block_size;
    if (rest_size < block_size_min) return;
    Header* rest = at(block, block_size);
    block->bits -= rest_size;
    rest->bits = rest_size;
    give(rest);
  }

  // Frees a block in use, merged with its free neighbours.
  [[gnu::noinline]] void give(Header* block) {
    size_t size = size_of(block);
    if (block->bits & previous_free) {
      block = before(block);
      unlink(node_of(block));
      size += size_of(block);
    }
    Header* next = at(block, size);
    if (next->bits & is_free) {
      unlink(node_of(next));
      size += size_of(next);
      next = at(block, size);
    }
    next->bits |= previous_free;
    at(next, -footer_size)->bits = size;
    block->bits = size | is_free;
    unsigned bin = size_to_bin(size);
    bin_map_ |= uint64_t{1} << bin;
    push(&bins_[bin], node_of(block));
  }

  // Gets memory for a block of that size. `exactly`: no more than a free tail
  // lacks; if the memory then comes from elsewhere it may not do, and a second
  // growth has to ask for all of it.
  bool grow(size_t block_size, size_t align, bool exactly) {
    // Room for the sentinel, for aligning both ends, and, when the memory comes
    // from elsewhere, for what is a block at all.
    constexpr size_t room =
        header_size + 2 * config.alignment + block_size_min;
    size_t wanted = block_size + align + room;
    if (exactly && end_ && end_->bits & previous_free) {
      size_t tail_size = size_of(before(end_));
      wanted -= tail_size < block_size ? tail_size : block_size;
    }
    Span span = source_.acquire(wanted);
    if (!span.begin) return false;
    Header* block = end_;
    if (span.begin != span_end_) {
      block = at(nullptr, align_up(address_of(span.begin) + header_size,
                                   config.alignment) - header_size);
      block->bits = 0;
      if (end_)
        end_->bits += distance(end_, block) | is_bridge;
      else
        start_ = block;
    }
    span_end_ = span.begin + span.size_bytes;
    end_ = sentinel_below(span_end_);
    end_->bits = 0;
    block->bits += distance(block, end_);
    give(block);
    return true;
  }

  Source source_;
  Header* start_ = nullptr;
  Header* end_ = nullptr;  // the last region's sentinel
  char* span_end_ = nullptr;
  uint64_t bin_map_ = 0;
  FreeList bins_[bin_count] = {};
};

}  // namespace mote
