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
//   ^        ^ aligned                 header: size | flags
//   block    what the caller gets      footer: size
//
//   memory:  origin ~> block block ... sentinel ~> block block ... sentinel
//
// B1: The blocks of a region follow each other without a gap up to its
//     sentinel; every size is a multiple of the alignment.
// B2: `previous_free` is set exactly when the block before is free; the footer
//     of a free block holds its size.
// B3: No two free blocks are neighbours.
// B4: Every free block is in the bin of its size, or in the last one if it ends
//     at a sentinel or a bridge.
// B5: `is_used` is set in the headers of blocks in use and in no other header.
// B6: A sentinel has size 0, neither used nor free. When memory then grows
//     elsewhere, it becomes a bridge, whose size reaches to the new region
//     (modulo the address space): one walk from the origin sees all regions.
// B7: Where the source can discard: in the last region, all from `untouched_`
//     on reads as zero, but for the footer of a free block there. So large
//     memory that is to be cleared is not written to when nobody had it.
//
// Blocks at the end of a region are taken last (the wilderness of Korn and Vo,
// "In Search of a Better Malloc", 1985): what was freed is used up first,
// growth finds all of the end in one piece, and a heap that was emptied serves
// the same requests at the same places again.
//
// Costs: allocate and free are O(1): of each bin only the first block is looked
// at, however large the heap. No map says which bins are empty; it would cost
// 60 bytes, and without it a heap that has no slabs reads up to 108 heads to
// find that it must take from its end.
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
  constexpr BackHeap() = default;
  explicit constexpr BackHeap(const Source& source) : source_(source) {}

  static constexpr size_t header_size = sizeof(Header);
  static constexpr size_t footer_size = sizeof(Header);
  // Below this a free block has no room for its links.
  static constexpr size_t block_size_min =
      align_up(header_size + sizeof(FreeNode) + footer_size, config.alignment);

  // Requests closer to SIZE_MAX than this are refused before any arithmetic
  // on them can wrap, whatever the source rounds up to.
  static constexpr size_t size_slack = 0x20000;

  // For a back heap that nobody keeps memory from.
  struct NothingToReclaim {
    bool operator()() const { return false; }
  };

  // A block with at least `size` bytes at a multiple of `align` (a power of
  // two; less than the heap's means that), or null: then no block has changed.
  // `moving`, if not `no_block`, is one to do it with in place, when possible.
  // Before the heap grows, `reclaim` gives back what is kept for later; whether
  // it is worth looking once more.
  template <class Reclaim = NothingToReclaim>
  void* allocate(size_t size, size_t align, Header* moving,
                 Reclaim reclaim = {}) {
    if (size + align + size_slack < size) return nullptr;
    size_t block_size = size_to_block_size(size);
    // Memory from elsewhere holds a sentinel, a first header, and a block.
    constexpr size_t room = 2 * span_alignment + block_size_min;
    size_t growth = block_size + align + room;
    bool has_reclaimed = false;
    // At first only what the end of the heap lacks is asked for. If that memory
    // came from elsewhere it may not do; the second growth asks for all.
    for (size_t credit_max = growth;;) {
      if (may_be_block(moving) && resize(moving, block_size))
        return payload_of(moving);
      if (Header* block = take(block_size, align)) return payload_of(block);
      if (!has_reclaimed) {
        has_reclaimed = true;
        if (reclaim()) continue;
      }
      if (!grow(growth, moving, credit_max)) return nullptr;
      credit_max = 0;
    }
  }

  void* allocate(size_t size, size_t align) {
    return allocate(size, align, no_block());
  }

  static size_t payload_size(const Header* block) {
    return size_of(block) - header_size;
  }

  // Frees a block in use, merged with its free neighbours.
  void give(Header* block) { give(block, block->bits); }

  // The same with what belongs into its header.
  [[gnu::noinline]] void give(Header* block, size_t bits) {
    size_t size = bits & ~flags;
    bool merges_before = bits & previous_free;
    // It may end up within a larger block; a second free must see it even then.
    block->bits = is_free;
    if (merges_before) {
      block = before(block);
      size += detach(block);
    }
    Header* next = at(block, size);
    if (next->bits & is_free) {
      size += detach(next);
      next = at(block, size);
    }
    bool is_last = next->bits <= previous_free;
    set_previous_free(next);
    at(next, -footer_size)->bits = size;
    block->bits = size | is_free;
    push(&bins_[size_to_bin(is_last ? SIZE_MAX : size)], node_of(block));
  }

  // Makes the block `size` bytes long where it is; false if it cannot.
  bool try_expand(void* ptr, size_t size) {
    size_t block_size = size_to_block_size(size);
    return block_size > size && resize(block_in_use(ptr), block_size);
  }

  // The size of a block, header included; of one in use, without a lock.
  static size_t size_of(const Header* block) { return bits_of(block) & ~flags; }
  // In the place of a block where there is none. In a linear memory, where
  // every question has its bytes, a header that is smaller than all others and
  // has none behind it, so that nobody need ask; elsewhere that address would
  // take more.
  Header* no_block() {
    if constexpr (Source::is_near_zero) return origin_;
    return nullptr;
  }
  static FreeNode* node_of(Header* block) {
    return reinterpret_cast<FreeNode*>(block + 1);
  }
  static size_t size_to_block_size(size_t size) {
    size_t block_size = align_up(size + header_size, config.alignment);
    if constexpr (block_size_min > config.alignment)
      if (block_size < block_size_min) block_size = block_size_min;
    return block_size;
  }

  // The block whose payload `ptr` is known to be.
  static Header* block_of(void* ptr) { return static_cast<Header*>(ptr) - 1; }

  // The block whose payload `ptr` is. Traps on what cannot be one: a bad
  // alignment or address, a header that no block has, a free block.
  Header* block_in_use(const void* ptr) const {
    Header* block = own_block(ptr);
    if (after(block)->bits & previous_free) mote_trap_invalid_pointer();
    return block;
  }

  // The same without a look at what other threads may change meanwhile, so
  // without a lock, by the thread that has the block.
  Header* own_block(const void* ptr) const {
    Header* block = at(ptr, -header_size);
    if (address_of(ptr) & flags || distance(origin(), block) >= extent_max())
      mote_trap_invalid_pointer();
    size_t bits = bits_of(block);
    if (bits < block_size_min || (bits & flags & ~previous_free) != is_used ||
        !leads_into_heap(block)) {
      if (bits & is_free) mote_trap_double_free();
      mote_trap_invalid_pointer();
    }
    return block;
  }

  // Gives the free memory before the last sentinel back; the bytes released.
  size_t release_tail()
    requires ReleasingPageSource<Source>
  {
    Header* old_end = end();
    if (!(old_end->bits & previous_free)) return 0;
    Header* tail = before(old_end);
    detach(tail);  // before its footer is gone
    char* kept_end = source_.release(reinterpret_cast<char*>(tail) +
                                     block_size_min + header_size);
    Header* new_end = reinterpret_cast<Header*>(kept_end) - 1;
    tail->bits = distance(tail, new_end);
    move_end(new_end);
    give(tail);
    return distance(new_end, old_end);
  }

  // Whether free blocks lose their pages after a while. No thread sees to it:
  // whoever frees or refills often enough calls
  // `discard_if_due`, with the lock.
  static constexpr bool discards =
      DiscardingPageSource<Source> && !config.is_hardened;

  // Without the lock: what two threads count at once may be counted once. The
  // wait begins with the first that is freed after what was discarded last.
  void count_freed(size_t size) {
    if constexpr (discards) {
      size_t freed_bytes = __atomic_load_n(&freed_bytes_, __ATOMIC_RELAXED);
      if (!freed_bytes) {
        __atomic_store_n(&waits_since_, Source::milliseconds(),
                         __ATOMIC_RELAXED);
      }
      __atomic_store_n(&freed_bytes_, freed_bytes + size, __ATOMIC_RELAXED);
    }
  }
  // Whether enough was freed, and long enough ago. Asked without the lock, so
  // that not every thread comes for it until the delay is over.
  bool may_discard() const {
    if constexpr (discards) {
      return __atomic_load_n(&freed_bytes_, __ATOMIC_RELAXED) >=
                 config.discard_bytes_min &&
             Source::milliseconds() -
                     __atomic_load_n(&waits_since_, __ATOMIC_RELAXED) >=
                 __atomic_load_n(&discard_delay_milliseconds, __ATOMIC_RELAXED);
    }
    return false;
  }
  // Of all heaps of this kind, for a variable without an address to reckon
  // costs less; less than 0 is 24 days and more.
  static void set_discard_delay(int milliseconds) {
    __atomic_store_n(&discard_delay_milliseconds,
                     static_cast<uint32_t>(milliseconds), __ATOMIC_RELAXED);
  }
  // O(free blocks).
  void discard_all()
    requires discards
  {
    __atomic_store_n(&freed_bytes_, 0, __ATOMIC_RELAXED);
    for (unsigned bin = size_to_bin(config.discarded_block_size_min);
         bin < bin_count; ++bin) {
      for (FreeNode* node = bins_[bin].first; node; node = node->next) {
        Header* block = block_of(node);
        source_.discard(
            reinterpret_cast<char*>(node + 1),
            reinterpret_cast<char*>(at(block, size_of(block) - footer_size)));
      }
    }
  }

  // Of a block just allocated: how many of the first `size` bytes may not be
  // zero; the others are, as nobody had them before (B7). The caller held the
  // lock all the while.
  size_t touched_bytes(void* ptr, size_t size)
    requires discards
  {
    // The footer of the last free block, if that was taken whole.
    after(block_of(ptr))[-1].bits = 0;
    size_t from = address_of(ptr);
    if (from > address_of(end()) || was_untouched_ >= from + size) return size;
    return was_untouched_ > from ? was_untouched_ - from : 0;
  }

  Source& source() { return source_; }
  const Source& source() const { return source_; }
  size_t extent() const { return extent_; }

  // Where the first region begins; null before there is one.
  const void* start() const
    requires(!Source::is_near_zero)
  {
    return start_;
  }

 private:
  template <Config, PageSource, class>
  friend class HardenedVerifier;
  template <Config, PageSource, class>
  friend class SegmentsVerifier;
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;

  // Whether a block may end where its header says. In a linear memory the
  // engine stops what leads behind its end; what wraps around leads to other
  // data.
  bool leads_into_heap(const Header* block) const {
    if constexpr (Source::is_near_zero)
      return !config.checks_links || after(block) > block;
    return size_of(block) <= extent_max() - distance(origin(), block);
  }

  static constexpr size_t is_free = 1;
  static constexpr size_t previous_free = 2;
  static constexpr size_t is_used = 4;
  static constexpr size_t flags = config.alignment - 1;
  static_assert((is_free | previous_free | is_used) <= flags,
                "sizes leave the flag bits alone");

  // Where bins are told by floats (`size_to_bin`): those of smaller sizes.
  static constexpr bool has_float_bins =
      Source::is_near_zero && (!config.has_slabs || config.is_hardened);
  static constexpr unsigned skipped_bins = (127 + log2(block_size_min)) * 4;
  // For blocks that end at a sentinel, that of SIZE_MAX; no other is as large
  // as its sizes.
  static constexpr unsigned last_bin =
      has_float_bins ? (127 + sizeof(size_t) * 8) * 4 - skipped_bins
                     : sizeof(size_t) * 8 * 4 - 1;
  static constexpr unsigned bin_count = last_bin + 1;

  static bool may_be_block(const Header* block) {
    return Source::is_near_zero || block;
  }
  static Header* at(const void* base, size_t offset) {
    return reinterpret_cast<Header*>(address_of(base) + offset);
  }
  static size_t distance(const void* from, const void* to) {
    return address_of(to) - address_of(from);
  }
  static Header* after(const Header* block) {
    return at(block, size_of(block));
  }

  // The header of a block in use changes in this one flag while its user reads
  // it: by whoever has its neighbour, and the lock. So both are atomic; not in
  // a linear memory, where a word is never read or written in parts, and where
  // even a relaxed access would cost bytes.
  static size_t bits_of(const Header* block) {
    if constexpr (Source::is_near_zero) return block->bits;
    return __atomic_load_n(&block->bits, __ATOMIC_RELAXED);
  }
  static void set_previous_free(Header* block) {
    if constexpr (Source::is_near_zero) {
      block->bits |= previous_free;
    } else {
      __atomic_store_n(&block->bits, block->bits | previous_free,
                       __ATOMIC_RELAXED);
    }
  }
  static void clear_previous_free(Header* block) {
    if constexpr (Source::is_near_zero) {
      block->bits &= ~previous_free;
    } else {
      __atomic_store_n(&block->bits, block->bits & ~previous_free,
                       __ATOMIC_RELAXED);
    }
  }

  // Only where `previous_free` is set: else there is no footer to read.
  static Header* before(const Header* block) {
    return at(block, -at(block, -footer_size)->bits);
  }
  static void* payload_of(Header* block) { return block + 1; }
  static const char* last_byte_of(const Header* sentinel) {
    return reinterpret_cast<const char*>(sentinel) + header_size - 1;
  }

  const Header* origin() const {
    return &origin_[span_alignment / header_size - 1];
  }

  // The last sentinel.
  Header* end() { return at(origin(), extent_); }
  void move_end(Header* sentinel) {
    // Not known to be zero: a host may have begun anew over a used memory.
    sentinel->bits = 0;
    extent_ = distance(origin(), sentinel);
    if constexpr (!Source::is_near_zero) {
      if (extent_max_ < extent_)
        __atomic_store_n(&extent_max_, extent_, __ATOMIC_RELAXED);
    }
  }

  // No block lies behind it. Memory near zero grows upwards; other sources may
  // give a later region below an earlier one.
  size_t extent_max() const {
    if constexpr (Source::is_near_zero) return extent_;
    return __atomic_load_n(&extent_max_, __ATOMIC_RELAXED);
  }

  // Four bins an octave: by the highest bit and the two behind it. A float has
  // both, the octave as its exponent: 20 bytes less on wasm, some percent more
  // time for malloc and free, so where bytes count more. It is rounded, but
  // never so that a larger size comes to a smaller one's bin.
  [[gnu::always_inline]] static unsigned size_to_bin(size_t block_size) {
    if constexpr (has_float_bins) {
      auto rounded = static_cast<float>(block_size);
      return (__builtin_bit_cast(uint32_t, rounded) >> 21) - skipped_bins;
    }
    constexpr unsigned bit_count = sizeof(size_t) * 8;
    unsigned zeros = leading_zeros(block_size);
    size_t top_bits = block_size << zeros >> (bit_count - 3);
    return static_cast<unsigned>(top_bits) + (bit_count - 2 - zeros) * 4;
  }

  // The first block of a bin, or a later bin's. Beyond the bin of the size any
  // block fits, unless the alignment asks for more or it is the last bin.
  Header* take(size_t block_size, size_t align) {
    FreeList* list = &bins_[size_to_bin(block_size)];
    for (; list != &bins_[bin_count]; ++list) {
      FreeNode* node = list->first;
      if (!node) continue;
      size_t gap = gap_before(node, align);
      if (gap + block_size <= size_of(block_of(node)))
        return carve(block_of(node), gap, block_size);
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

  // Takes a free block out of its bin; its size. It is then neither free for
  // its neighbours nor in use. A size that the footer does not tell, too, was
  // written over, and would have the heap write where it leads (as glibc asks
  // since 2.26).
  [[gnu::noinline]] static size_t detach(Header* block) {
    unlink<config.checks_links>(node_of(block));
    size_t size = size_of(block);
    Header* next = at(block, size);
    if (config.checks_links && at(next, -footer_size)->bits != size)
      mote_trap_corrupted_heap();
    clear_previous_free(next);
    return size;
  }

  Header* carve(Header* head, size_t gap, size_t block_size) {
    Header* block = at(head, gap);
    block->bits = (detach(head) - gap) | is_used;
    if (gap) {
      give(head, gap);
      // In the midst of free memory may lie what tells a second free
      // (block_cache.hpp).
      if constexpr (config.thread_cache_bytes) node_of(block)->back = 0;
    }
    trim(block, block_size);
    return block;
  }

  // Makes the block in use that long where it is; false if it cannot.
  [[gnu::always_inline]] bool resize(Header* block, size_t block_size) {
    if (size_of(block) < block_size) {
      Header* next = after(block);
      if (!(next->bits & is_free) ||
          size_of(block) + size_of(next) < block_size)
        return false;
      block->bits += detach(next);
    }
    trim(block, block_size);
    return true;
  }

  // Gives back what the block in use has beyond `block_size`.
  void trim(Header* block, size_t block_size) {
    if constexpr (discards) touch(at(block, block_size));
    size_t rest_size = size_of(block) - block_size;
    if (rest_size < block_size_min) return;
    Header* rest = at(block, block_size);
    block->bits -= rest_size;
    give(rest, rest_size);
  }

  // A block ends here, and has up to a least block more, or a free one begins.
  void touch(const Header* rest) {
    was_untouched_ = untouched_;
    size_t touched_end = address_of(rest) + block_size_min + header_size;
    if (rest <= end() && untouched_ < touched_end) untouched_ = touched_end;
  }

  // Gets `size` more bytes than there are in one piece, less what a free block
  // at the end has, and `moving` if it is the last in use, up to `credit_max`.
  bool grow(size_t size, Header* moving, size_t credit_max) {
    Header* block = end();
    size_t bits = block->bits;
    Header* last = block;
    if (bits & previous_free) last = before(block);
    if (may_be_block(moving) && after(moving) == last) last = moving;
    size_t credit = distance(last, block);
    // In a linear memory, which goes on where it ended unless another thread
    // grew it right now, the end lacks less each time. It never has enough: the
    // free block there is the first of its bin, and was just found too small.
    if constexpr (Source::is_near_zero) {
      size -= credit;
    } else {
      size -= credit < credit_max ? credit : credit_max;
    }
    Span span = source_.acquire(size, last_byte_of(block));
    if (!span.begin) return false;
    if (span.begin != payload_of(block)) {
      Header* sentinel = block;
      block = reinterpret_cast<Header*>(span.begin + config.alignment) - 1;
      sentinel->bits = bits + distance(sentinel, block);
      bits = 0;
    }
    // The first span may follow the origin, as an array in the source does.
    if constexpr (!Source::is_near_zero)
      if (!start_) start_ = block;
    move_end(reinterpret_cast<Header*>(span.begin + span.size_bytes) - 1);
    if constexpr (discards)
      untouched_ = address_of(span.begin) + config.alignment + sizeof(FreeNode);
    give(block, bits + distance(block, end()));
    return true;
  }

  struct Nothing {};
  static inline uint32_t discard_delay_milliseconds =
      config.discard_delay_milliseconds;
  [[no_unique_address]]
  typename Either<discards, size_t, Nothing>::Type freed_bytes_ = {};
  [[no_unique_address]]
  typename Either<discards, uint32_t, Nothing>::Type waits_since_ = {};
  [[no_unique_address]]
  typename Either<discards, size_t, Nothing>::Type untouched_ = {};
  [[no_unique_address]]
  typename Either<discards, size_t, Nothing>::Type was_untouched_ = {};
  size_t extent_ = 0;      // from the origin to the last sentinel
  size_t extent_max_ = 0;  // and to the highest one
  Header* start_ = nullptr;
  FreeList bins_[bin_count] = {};
  // The sentinel of an empty region before all others is the last of these,
  // which puts it where headers are: just below an aligned address.
  alignas(span_alignment) Header origin_[span_alignment / header_size] = {};
  // Last: memory that is part of the source then lies above the origin, and
  // the bounds of a heap in an array are tight.
  Source source_;
};

}  // namespace mote
