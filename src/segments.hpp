// Small blocks where a system gives pages: slabs of a page each, side by side
// in segments, and what is known of a slab apart from it. As in mimalloc
// (Leijen, Zorn and de Moura, 2019), a block that is freed goes to its slab's
// own list, and malloc takes a slab's list whole: a pair of malloc and free
// touches neither a neighbour on a list nor a count of blocks in use twice, and
// a page whose blocks are all free can be given back by itself.
//
//   segment (a block of the back heap, its payload aligned to segment_size)
//   0                slab_size                                segment_size
//   +----------------+----------------+-- - - --+----------------+--------+
//   | what is known  | slab 1         |         | slab n - 1     | in use |
//   | of each slab   | blocks, unused |         | blocks, unused |        |
//   +----------------+----------------+-- - - --+----------------+--------+
//
//   class:  first -> block -> block        taken by malloc
//           slabs: slab 7 <-> slab 3       which have free blocks of their own
//
// A slab is full when malloc took its list. The first block freed after that
// puts it at the end of its class's slabs, so that more are free by the time it
// is its turn. One that becomes empty leaves, unless it is the only one there;
// a segment that becomes empty returns to the back heap, unless it is the only
// one that has room.
//
// P1: The map's entry of a segment is the address of what owns it.
// P2: A slab that is not full is on its class's list and has `countdown`
//     blocks in use; the others are on its `free`. One that is full has none
//     there, and a countdown of 1.
// P3: What is on `first` or on a slab's `free` is a block of the class in a
//     slab of this owner, and marked as freed (free_list.hpp).
// P4: A segment's `unused` has a bit for each slab that there is not; those
//     have a limit of 0, below which nothing is. It is on the list of
//     segments exactly if there is any.
//
// Costs: malloc and free O(1), natively 54 instructions a pair with all checks;
// a slab's birth O(blocks per slab), its death O(1).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "common.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_map.hpp"
#include "ring.hpp"
#include "small_classes.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class Segments : public SmallClasses<config> {
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  using Guard = typename Threading::Lock::Guard;
  using Classes = SmallClasses<config>;

 public:
  using Classes::offset_of, Classes::size_to_class;

  // Beside the classes of a granule each, which malloc tells at once: those of
  // which 7, 6, 5 and 4 blocks fill a page.
  static constexpr size_t count_max = 7;
  static constexpr size_t count_min = 4;
  static constexpr size_t class_count =
      config.class_count + count_max - count_min + 1;
  static constexpr size_t class_to_size(size_t class_index) {
    if (class_index < config.class_count)
      return Classes::class_to_size(class_index);
    size_t count = count_max - (class_index - config.class_count);
    return align_down(config.slab_size / count, config.alignment);
  }
  // One of them, or one past the last.
  static size_t size_to_class(size_t size, size_t align) {
    size_t class_index = Classes::size_to_class(size + !size, align);
    if (class_index < config.class_count ||
        size - 1 >= config.slab_size / count_min || align > config.alignment)
      return class_index < config.class_count ? class_index : class_count;
    size_t count = config.slab_size / align_up(size, config.alignment);
    return config.class_count + count_max - count;
  }
  static bool fits(size_t size, size_t block_size) {
    size_t class_index = size_to_class(size, 1);
    return class_index < class_count &&
           class_to_size(class_index) == block_size;
  }

  // Before anything else; what all slabs have in common lives as long.
  void begin(Common& common) {
    common_ = &common;
    segments_.begin();
    for (Links& slabs : slabs_) slabs.begin();
  }

  // A block of the class, or null when the list is empty: then try `adopt`.
  [[gnu::always_inline]] void* pop(Common&, size_t class_index) {
    FreeNode* node = first_[class_index];
    if (!node) return nullptr;
    // Whoever wrote to the block before could have had it lead anywhere.
    if (!is_marked_freed(node)) mote_trap_corrupted_heap();
    first_[class_index] = node->next;
    node->back = 0;
    return node;
  }

  // Has `pop` take the free blocks of a slab; false if no slab has any.
  bool adopt(size_t class_index) {
    Links* slabs = &slabs_[class_index];
    if (!slabs->has_members()) return false;
    auto& slab = static_cast<Slab&>(*slabs->next);
    slab.leave();
    first_[class_index] = slab.free;
    fill(slab);
    return true;
  }

  // Whether a pointer into a segment is a block that is not free.
  [[gnu::always_inline]] static bool is_in_use(const void* ptr) {
    return is_block(ptr, 0) &&
           !is_marked_freed(static_cast<const FreeNode*>(ptr));
  }

  // Frees a block in use of this owner.
  [[gnu::always_inline]] void push(void* ptr) {
    if (put(ptr)) settle_and_release(ptr, *this);
  }

  // Cuts a new slab for the class, whose list is empty; false when memory is
  // refused. `owner` allocates it.
  template <class Owner>
  bool add_slab(Common&, Owner& owner, size_t class_index) {
    if (!segments_.has_members() && !add_segment(owner)) return false;
    auto& segment = static_cast<First&>(*segments_.next);
    auto index = static_cast<unsigned>(__builtin_ctzll(segment.unused));
    segment.touched |= segment.unused & -segment.unused;
    segment.unused &= segment.unused - 1;
    if (!segment.unused) segment.leave();

    Slab& slab = segment.at(index);
    const size_t block_size = class_to_size(class_index);
    slab.number = static_cast<uint16_t>(class_index + 1);
    Threading::store(slab.block_size, static_cast<uint16_t>(block_size));
    slab.inverse = Classes::inverse_of(block_size);
    slab.capacity = static_cast<uint16_t>(slab_bytes(index) / block_size);
    slab.limit = Classes::limit_of(block_size, slab.capacity);
    fill(slab);
    char* block = page_of(slab);
    FreeNode** last = &first_[class_index];
    for (size_t count = slab.capacity; count; --count, block += block_size) {
      auto* node = reinterpret_cast<FreeNode*>(block);
      mark_freed(node);
      *last = node;
      last = &node->next;
    }
    *last = nullptr;
    return true;
  }

  // The size of the block at `ptr`, or 0 if it is not in a slab.
  [[gnu::noinline]] static size_t block_size(const Common& common,
                                             const void* ptr) {
    return common.map.at(ptr) ? Threading::load(slab_of(ptr).block_size)
                              : uint16_t{0};
  }

  // Of a pointer into a segment.
  [[gnu::always_inline]] static bool is_block(const void* ptr, size_t) {
    Slab& slab = slab_of(ptr);
    return static_cast<uint32_t>(offset_of(ptr)) * slab.inverse < slab.limit;
  }
  static size_t owner_of(size_t entry) { return entry; }

  // As `push`, and where the caller holds the lock.
  void push_locked(void* ptr) {
    if (!put(ptr)) return;
    if (First* segment = settle(ptr)) release(segment);
  }

  // Gives up all that is only kept. The caller holds the lock. O(classes +
  // blocks kept).
  void release_kept(Common& common) {
    for (size_t i = 0; i < class_count; ++i) {
      while (void* ptr = pop(common, i)) push_locked(ptr);
      for (Links* links = slabs_[i].next; links != &slabs_[i];) {
        auto& slab = static_cast<Slab&>(*links);
        links = links->next;
        if (!slab.countdown) retire(slab);
      }
    }
    for (Links* links = segments_.next; links != &segments_;) {
      auto* segment = static_cast<First*>(links);
      links = links->next;
      if (segment->unused == all_slabs) release(segment);
    }
  }

  // Gives the pages of slabs that are no more back to the source. O(segments
  // that have room).
  void discard() {
    for (Links* links = segments_.next; links != &segments_;
         links = links->next) {
      auto& segment = static_cast<First&>(*links);
      // A header lies in the last page.
      uint64_t pages = segment.unused & segment.touched & all_slabs >> 1;
      segment.touched &= ~pages;
      while (pages) {
        auto begin = static_cast<unsigned>(__builtin_ctzll(pages));
        pages += pages & -pages;  // carries to where the run ends
        auto end = static_cast<unsigned>(__builtin_ctzll(pages));
        pages &= pages - 1;
        char* base = reinterpret_cast<char*>(&segment);
        common_->back.source().discard(base + begin * config.slab_size,
                                       base + end * config.slab_size);
      }
    }
  }

 private:
  template <Config, PageSource, class>
  friend class SegmentsVerifier;
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;

  // What is known of one; on a cache line of its own.
  struct alignas(64) Slab : Links {
    FreeNode* free;
    uint32_t countdown;   // frees until it is to be looked at
    uint32_t inverse;     // of the block size
    uint32_t limit;       // below which that of a block is: see `is_block`
    uint16_t number;      // class index + 1; 0 if there is no slab
    uint16_t block_size;  // who walks reads it while the owner is at work
    uint16_t capacity;
    bool is_full;
  };

  static constexpr size_t slab_count = config.segment_size / config.slab_size;
  static constexpr size_t segment_bytes =
      config.segment_size - Back::header_size;
  // The first page is no slab.
  static constexpr uint64_t all_slabs = (~uint64_t{0} >> (64 - slab_count)) - 1;

  // In the place of the slab that is none.
  struct First : Slab {
    uint64_t unused;
    uint64_t touched;  // whose pages may be in memory

    Slab& at(size_t index) {
      return *reinterpret_cast<Slab*>(address_of(this) + index * sizeof(Slab));
    }
  };
  static_assert(sizeof(First) == sizeof(Slab));
  static_assert(slab_count * sizeof(Slab) <= config.slab_size);

  static First* segment_of(const void* ptr) {
    return reinterpret_cast<First*>(
        align_down(address_of(ptr), config.segment_size));
  }
  [[gnu::always_inline]] static Slab& slab_of(const void* ptr) {
    size_t index = address_of(ptr) / (config.slab_size / sizeof(Slab));
    return *reinterpret_cast<Slab*>(address_of(segment_of(ptr)) +
                                    (index & (slab_count - 1) * sizeof(Slab)));
  }
  static size_t index_of(const Slab& slab) {
    return address_of(&slab) % config.segment_size / sizeof(Slab);
  }
  static char* page_of(const Slab& slab) {
    return reinterpret_cast<char*>(segment_of(&slab)) +
           index_of(slab) * config.slab_size;
  }
  // What is cut into blocks.
  static size_t slab_bytes(const Slab& slab) {
    return slab_bytes(index_of(slab));
  }
  static size_t slab_bytes(size_t index) {
    return config.slab_size - (index == slab_count - 1 ? Back::header_size : 0);
  }

  static void fill(Slab& slab) {
    slab.free = nullptr;
    slab.countdown = 1;
    slab.is_full = true;
  }

  // Puts a block on its slab's list; whether that is to be looked at.
  [[gnu::always_inline]] static bool put(void* ptr) {
    Slab& slab = slab_of(ptr);
    auto* node = static_cast<FreeNode*>(ptr);
    node->next = slab.free;
    mark_freed(node);
    slab.free = node;
    return --slab.countdown == 0;
  }

  // `ptr` first, where free has it.
  [[gnu::noinline]] static void settle_and_release(void* ptr, Segments& own) {
    First* segment = own.settle(ptr);
    if (!segment) return;
    Guard guard(own.common_->lock);
    own.release(segment);
  }

  // A slab is not full any more, or empty. The segment that is empty then, and
  // not needed, or null.
  First* settle(void* ptr) {
    Slab& slab = slab_of(ptr);
    Links* slabs = &slabs_[slab.number - 1u];
    if (slab.is_full) {
      slab.is_full = false;
      slab.countdown = slab.capacity - 1u;
      slab.join_before(slabs);
      return nullptr;
    }
    if (slabs->has_one_member()) return nullptr;
    return retire(slab);
  }

  // An empty slab is no more; as above.
  First* retire(Slab& slab) {
    slab.leave();
    slab.limit = 0;
    slab.number = 0;
    Threading::store(slab.block_size, uint16_t{0});
    common_->back.count_freed(config.slab_size);
    First* segment = segment_of(&slab);
    if (!segment->unused) segment->join_before(segments_.next);
    segment->unused |= uint64_t{1} << index_of(slab);
    bool is_needed = segment->unused != all_slabs || segments_.has_one_member();
    return is_needed ? nullptr : segment;
  }

  // A segment that is empty returns to the back heap. The caller holds the
  // lock.
  void release(First* segment) {
    segment->leave();
    auto& map = common_->map;
    map.set(map.index_of(segment), 0);
    common_->back.give(Back::block_of(segment));
  }

  template <class Owner>
  bool add_segment(Owner& owner) {
    void* memory =
        common_->take(owner, segment_bytes, address_of(this), [](void* taken) {
          __builtin_memset(taken, 0, slab_count * sizeof(Slab));
        });
    if (!memory) return false;
    auto* segment = static_cast<First*>(memory);
    segment->unused = all_slabs;
    segment->join_before(segments_.next);
    return true;
  }

  FreeNode* first_[class_count];
  Common* common_;
  Links slabs_[class_count];
  Links segments_;
};

}  // namespace mote
