// Small blocks: slabs cut into equal blocks without headers, so that an object
// of 16, 32, 48 ... bytes costs exactly its size.
//
//   slab (a block of the back heap, its payload aligned to slab_size)
//   0           1 x block_size                                slab_size
//   +-----------+-----------+-- - - --+-----------+--------+--------+
//   | block 0   | block 1   |         | block n-1 | unused | in use |
//   +-----------+-----------+-- - - --+-----------+--------+--------+
//
// Each size class has one list with the free blocks of all its slabs, last
// freed first: a pair of malloc and free touches the block, the list, the
// slab's count of blocks in use, and reads the page map (page_map.hpp). The
// count is where the next header leaves room anyway. A slab that becomes empty
// leaves the list block by block (its list is doubly linked; at most 511 steps)
// and returns to the back heap at once, except the last one a class, its spare,
// kept so that a program at the edge does not pay for it again and again.
// Before the heap grows, all spares return.
//
// S1: An entry of the page map is not 0 exactly where a slab lies.
// S2: Blocks in use and blocks on the list add up to the slab's capacity.
// S3: A block on a class's list lies in a slab of this class, at a multiple of
//     the block size; where threads have slabs of their own, in this thread's.
// S4: An empty slab is its class's spare.
//
// Costs: malloc and free O(1), a slab's birth or death O(blocks per slab).
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
#include "seal.hpp"
#include "small_classes.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class Slabs : public SmallClasses<config> {
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  using Map = PageMap<config, Source, Threading>;
  using Entry = typename Map::Entry;
  using Guard = typename Threading::Lock::Guard;
  using Classes = SmallClasses<config>;

 public:
  using Classes::class_to_size, Classes::offset_of;
  static constexpr size_t class_count = config.class_count;

  // A block of the class, or null when the list is empty: then try `refill`.
  [[gnu::always_inline]] void* pop(Common& common, size_t class_index) {
    FreeList& list = classes_[class_index].list;
    FreeNode* node = list.first;
    if (!node) return nullptr;
    // Else the next push would write where a link leads that was overwritten.
    // To ask its `back` instead costs a miss of the cache in large heaps.
    FreeNode* next = node->next;
    if (next && common.map.at_block(next) != entry_of(class_index + 1))
      mote_trap_corrupted_heap();
    ++*used_count(node);
    list.first = next;
    node->back = 0;
    return node;
  }

  // The size of the block at `ptr`, or 0 if it is not in a slab.
  [[gnu::noinline]] static size_t block_size(const Common& common,
                                             const void* ptr) {
    return Map::number_of(common.map.at(ptr)) * config.alignment;
  }

  // Frees a block in a slab, whose entry is this.
  [[gnu::always_inline]] void push(Common& common, void* ptr, Entry entry) {
    if (entry - entry_of(0) > class_count) mote_trap_invalid_pointer();
    Class& c = class_of(entry);
    if (!put(common, c, ptr)) return;
    if constexpr (Threading::is_shared) return lock_and_retire(common, c, ptr);
    retire(common, c, common.map.index_of(ptr));
  }

  // Of a pointer into a slab that has this entry.
  static bool is_block(const void* ptr, Entry entry) {
    size_t block_size = Map::number_of(entry) * config.alignment;
    return offset_of(ptr) % block_size == 0 &&
           offset_of(ptr) <= block_bytes - block_size;
  }
  static size_t owner_of(Entry entry) { return entry - Map::number_of(entry); }

  // Makes the list of the class not empty; false when memory is refused.
  bool refill(Common& common, size_t class_index) {
    return add_slab(common, *this, class_index);
  }

  // A block of the back heap, which grows only when no spare can be given up;
  // else as BackHeap::allocate. The caller holds the lock.
  [[gnu::noinline]] void* allocate_large(Common& common, size_t size,
                                         size_t align, Header* moving) {
    return common.back.allocate(size, align, moving, [&] {
      release_kept(common);
      return true;
    });
  }

  // Cuts a new slab for the class; false when memory is refused. `owner`
  // allocates it.
  template <class Owner>
  bool add_slab(Common& common, Owner& owner, size_t class_index) {
    void* slab = common.take(owner, slab_bytes, entry_of(class_index + 1),
                             [](void* taken) { *count_of(taken) = 0; });
    if (!slab) return false;
    Class& c = classes_[class_index];
    c.set_number(class_index + 1);
    // Where a thread took back what others freed while it asked for memory, the
    // list is not empty any more.
    FreeNode* rest = Threading::is_shared ? c.list.first : nullptr;
    FreeNode* last = as_node(&c.list);
    for_each_block(c, slab, [&](FreeNode* node) {
      if constexpr (config.is_hardened) {
        Seal<config, Source>(common.back.source(), node, c.block_size())
            .set_unused(Use::fresh);
      }
      join(last, node);
      last = node;
    });
    join(last, rest);
    return true;
  }

 private:
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;
  template <Config, PageSource, class>
  friend class HardenedVerifier;
  template <Config, PageSource, class>
  friend class ThreadSlabs;

  using Count = uint32_t;
  static constexpr size_t slab_bytes = config.slab_size - Back::header_size;
  // What is cut into blocks.
  static constexpr size_t block_bytes = slab_bytes - sizeof(Count);

  struct alignas(16) Class {
    FreeList list;
    uint32_t number;   // class index + 1
    uint32_t inverse;  // of the block size
    uint32_t spare;    // map index of a slab that was empty when last seen

    size_t block_size() const { return number * config.alignment; }
    void set_number(size_t class_number) {
      number = static_cast<uint32_t>(class_number);
      inverse = Classes::inverse_of(block_size());
    }
  };

  // What the page map says of slabs of ours.
  size_t entry_of(size_t class_number) const {
    if constexpr (!Threading::is_shared) return class_number;
    return address_of(this) + class_number;
  }
  Class& class_of(Entry entry) { return classes_[entry - entry_of(1)]; }
  const Class& class_of(Entry entry) const {
    return classes_[entry - entry_of(1)];
  }

  // How many blocks of the slab around `ptr` are in use.
  static Count* used_count(const void* ptr) {
    return count_of(
        reinterpret_cast<void*>(align_down(address_of(ptr), config.slab_size)));
  }
  static Count* count_of(void* slab) {
    return reinterpret_cast<Count*>(static_cast<char*>(slab) + block_bytes);
  }

  [[gnu::always_inline]] static bool may_be_link(const FreeNode* node) {
    return !(~node->back & (config.alignment - 1));
  }

  // Whether the block is free already, by its back link (F1, F3). What a user
  // wrote there is taken for one only if it ends in ones as a link does, and if
  // it leads to a block in a slab that holds a pointer to this very one.
  [[gnu::always_inline]] static bool is_listed(const Common& common,
                                               const Class& c,
                                               const FreeNode* node) {
    if (!may_be_link(node)) return false;
    if constexpr (Threading::is_shared)
      if (is_marked_freed(node)) return true;
    return c.list.first == node || (block_size(common, node_before(node)) &&
                                    node_before(node)->next == node);
  }

  template <class Action>
  static void for_each_block(const Class& c, void* slab, Action action) {
    char* block = static_cast<char*>(slab);
    char* end = block + block_bytes;
    const size_t block_size = c.block_size();
    for (char* next; (next = block + block_size) <= end; block = next)
      action(reinterpret_cast<FreeNode*>(block));
  }

  // Puts a block on its list; whether its slab is now empty.
  [[gnu::always_inline]] bool put(Common& common, Class& c, void* ptr) {
    auto* node = static_cast<FreeNode*>(ptr);
    size_t offset = offset_of(ptr);
    // Behind the last block there are multiples, too.
    if (!Classes::divides(c.inverse, offset) ||
        offset > block_bytes - c.block_size())
      mote_trap_invalid_pointer();
    if (is_listed(common, c, node)) mote_trap_double_free();
    mote::push(&c.list, node);
    return --*used_count(ptr) == 0;
  }

  // Apart, so that what it needs is not saved where no slab becomes empty.
  [[gnu::noinline]] void lock_and_retire(Common& common, Class& c, void* ptr) {
    size_t index = common.map.index_of(ptr);
    // A thread that uses one block at a time comes here with each.
    if (c.spare == index) return;
    Guard guard(common.lock);
    retire(common, c, index);
  }

  // Returns all empty slabs to the back heap. The caller holds the lock.
  // O(classes).
  void release_kept(Common& common) {
    for (Class& c : classes_) retire(common, c, Map::no_slab);
  }

  // The slab at `index` has no block in use any more and becomes the class's
  // spare. The one before returns to the back heap if it is still empty. The
  // caller holds the lock.
  [[gnu::noinline]] void retire(Common& common, Class& c, size_t index) {
    size_t spare = c.spare;
    c.spare = static_cast<uint32_t>(index);
    // `no_slab` has an entry of 0, which is no class's; and before there is a
    // map, none has a spare.
    if (spare == index || common.map.entry(spare) != entry_of(c.number)) return;
    void* slab = common.map.slab_at(spare);
    if (*used_count(slab)) return;
    repair_first(&c.list);
    for_each_block(c, slab,
                   [](FreeNode* node) { unlink<config.checks_links>(node); });
    common.map.set(spare, 0);
    common.back.count_freed(config.slab_size);
    common.back.give(Back::block_of(slab));
  }

  Class classes_[class_count] = {};
};

}  // namespace mote
