// Small blocks: slabs cut into equal blocks without headers, so that an object
// of 16, 32, 48 ... bytes costs exactly its size.
//
//   slab (a block of the back heap, its payload aligned to slab_size)
//   0           1 x block_size                          slab_size
//   +-----------+-----------+-- - - --+-----------+--------+
//   | block 0   | block 1   |         | block n-1 | unused |
//   +-----------+-----------+-- - - --+-----------+--------+
//
//   page map: one entry for each slab-sized piece of the address space
//   +---------------+-------------+
//   | blocks in use | class + 1   |      0: no slab here
//   +---------------+-------------+
//
// Each size class has one list with the free blocks of all its slabs, last
// freed first: a pair of malloc and free touches the block, the list and the
// map's entry, and no slab header, for there is none. A slab that becomes empty
// leaves the list block by block (its list is doubly linked; at most 511 steps)
// and returns to the back heap at once, except the last one a class, its spare,
// kept so that a program at the edge does not pay for it again and again.
// Before the heap grows, all spares return.
//
// S1: An entry is not 0 exactly where a slab lies.
// S2: Blocks in use and blocks on the list add up to the slab's capacity.
// S3: A block on a class's list lies in a slab of this class, at a multiple of
//     the block size.
// S4: An empty slab is its class's spare.
//
// Costs: malloc and free O(1), a slab's birth or death O(blocks per slab).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "free_list.hpp"

namespace mote {

template <Config config, PageSource Source>
class Slabs {
  using Back = BackHeap<config, Source>;

 public:
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
  // Whether a block of that size is neither too small nor of a class too large.
  static bool fits(size_t size, size_t block_size) {
    return size_to_class(size) + 1 == block_size / config.alignment;
  }
  static constexpr size_t class_count = config.class_count;

  // A block of the class, or null when the list is empty: then try `add_slab`.
  [[gnu::always_inline]] void* pop(size_t class_index) {
    FreeList& list = classes_[class_index].list;
    FreeNode* node = list.first;
    if (!node) return nullptr;
    size_t index = index_of(node);
    if constexpr (!Source::is_near_zero)
      if (index >= map_size_) mote_trap_corrupted_heap();
    Entry& entry = map_[index];
    if ((entry & class_mask) != class_index + 1) mote_trap_corrupted_heap();
    entry += one_in_use;
    list.first = node->next;
    node->back = 0;
    return node;
  }

  // The size of the block at `ptr`, or 0 if it is not in a slab.
  [[gnu::noinline]] size_t block_size(const void* ptr) const {
    size_t index = index_of(ptr);
    if (index >= map_size_) return 0;
    return (map_[index] & class_mask) * config.alignment;
  }

  // Frees a block; false if it is not in a slab.
  [[gnu::always_inline]] bool push(Back& back, void* ptr) {
    size_t index = index_of(ptr);
    if (index >= map_size_) return false;
    Entry entry = map_[index];
    if (!entry) return false;
    Class& c = classes_[(entry & class_mask) - 1];
    auto* node = static_cast<FreeNode*>(ptr);
    if (!c.divides(offset_of(ptr))) mote_trap_invalid_pointer();
    if (is_listed(c, node)) mote_trap_double_free();
    map_[index] = entry = static_cast<Entry>(entry - one_in_use);
    mote::push(&c.list, node);
    if (entry <= class_mask) retire(back, c, index);
    return true;
  }

  // A block of the back heap, which grows only when no spare can be given up;
  // else as BackHeap::allocate.
  [[gnu::noinline]] void* allocate_large(Back& back, size_t size, size_t align,
                                         Header* moving = nullptr) {
    return back.allocate(size, align, moving,
                         [&] { return release_spares(back); });
  }

  // Cuts a new slab for the class; false when memory is refused.
  bool add_slab(Back& back, size_t class_index) {
    void* slab = allocate_large(back, slab_bytes, config.slab_size);
    if (!slab) return false;
    if constexpr (!Source::is_near_zero)
      origin_ = align_down(address_of(back.start()), config.slab_size);
    size_t index = index_of(slab);
    if (index >= map_size_ && !extend_map(back, index)) {
      back.give(Back::block_of(slab));
      return false;
    }
    Class& c = classes_[class_index];
    c.set_number(class_index + 1);
    for_each_block(c, slab, [&](FreeNode* node) { mote::push(&c.list, node); });
    map_[index] = static_cast<Entry>(class_index + 1);
    return true;
  }

 private:
  template <Config, PageSource>
  friend class Verifier;
  template <Config, PageSource>
  friend class Walker;

  using Entry = uint16_t;
  static constexpr Entry class_mask = 127;
  static constexpr Entry one_in_use = class_mask + 1;
  static constexpr size_t slab_bytes = config.slab_size - Back::header_size;

  // No slab is at the very beginning of the map: a header is before each.
  static constexpr size_t no_slab = 0;

  struct alignas(16) Class {
    FreeList list;
    uint32_t number;  // class index + 1
    // 2^32 / block_size, rounded up: an offset is a multiple of the block size
    // exactly when their product, modulo 2^32, is below it (Lemire, Kaser and
    // Kurz, "Faster remainder by direct computation", 2019).
    uint32_t inverse;
    uint32_t spare;  // map index of a slab that was empty when last seen

    size_t block_size() const { return number * config.alignment; }
    void set_number(size_t class_number) {
      number = static_cast<uint32_t>(class_number);
      inverse = static_cast<uint32_t>(UINT32_MAX / block_size() + 1);
    }
    bool divides(size_t offset) const {
      return static_cast<uint32_t>(offset) * inverse < inverse;
    }
  };

  // Where the map begins. A source whose memory starts near address 0 says so,
  // and saves a load wherever the map is read.
  size_t origin() const {
    if constexpr (Source::is_near_zero) return 0;
    return origin_;
  }
  // Memory below the origin, or far above it, has an index beyond the map.
  size_t index_of(const void* ptr) const {
    return (address_of(ptr) - origin()) / config.slab_size;
  }
  static size_t offset_of(const void* ptr) {
    return address_of(ptr) % config.slab_size;
  }

  // Whether the block is free already, by its back link (F1, F3). What a user
  // wrote there is taken for one only if it ends in ones as a link does, and if
  // it leads to a block in a slab that holds a pointer to this very one.
  [[gnu::always_inline]] bool is_listed(const Class& c,
                                        const FreeNode* node) const {
    if (~node->back & (config.alignment - 1)) return false;
    return c.list.first == node ||
           (block_size(node_before(node)) && node_before(node)->next == node);
  }

  template <class Action>
  static void for_each_block(const Class& c, void* slab, Action action) {
    char* block = static_cast<char*>(slab);
    char* end = block + slab_bytes;
    for (; block + c.block_size() <= end; block += c.block_size())
      action(reinterpret_cast<FreeNode*>(block));
  }

  // Returns all empty slabs to the back heap; whether there were any.
  // O(classes).
  bool release_spares(Back& back) {
    bool any = false;
    if (map_)
      for (Class& c : classes_) any |= retire(back, c, no_slab);
    return any;
  }

  // The slab at `index` has no block in use any more and becomes the class's
  // spare. The one before returns to the back heap if it is still empty;
  // whether it did.
  [[gnu::noinline]] bool retire(Back& back, Class& c, size_t index) {
    size_t spare = c.spare;
    c.spare = static_cast<uint32_t>(index);
    // `no_slab` has an entry of 0, which is no class's number.
    if (map_[spare] != c.number || spare == index) return false;
    void* slab = reinterpret_cast<void*>(origin() + spare * config.slab_size);
    repair_first(&c.list);
    for_each_block(c, slab, [](FreeNode* node) { unlink(node); });
    map_[spare] = 0;
    back.give(Back::block_of(slab));
    return true;
  }

  // Makes the map cover `index`, with room to double.
  bool extend_map(Back& back, size_t index) {
    size_t size = 2 * index;
    auto* map = static_cast<Entry*>(
        allocate_large(back, size * sizeof(Entry), config.alignment));
    if (!map) return false;
    __builtin_memset(map, 0, size * sizeof(Entry));
    if (map_) {
      __builtin_memcpy(map, map_, map_size_ * sizeof(Entry));
      back.give(Back::block_of(map_));
    }
    map_ = map;
    map_size_ = size;
    return true;
  }

  Entry* map_ = nullptr;
  size_t map_size_ = 0;  // entries
  size_t origin_ = 0;
  Class classes_[class_count] = {};
};

}  // namespace mote
