// The page map: for each piece of the address space as large as a slab, or a
// segment of slabs, what lies there.
//
//   entry:  0             none
//           class number  a slab of that class (class index + 1)
//           + owner       where threads have slabs of their own: the address of
//                         what owns it, whose low bits are free for the number
//           owner         a segment
//
// It is a block of the back heap, and doubles. Entries are written under the
// heap's lock, where there is one, and read by anyone at any time: so a map
// that became too small then stays where it is, for a thread may still look
// into it. All of those together are smaller than the one in use.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "page_source.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class PageMap {
  using Back = BackHeap<config, Source>;

 public:
  using Entry = typename Threading::Entry;
  static constexpr size_t granule = config.map_granule();
  // Owners are aligned to it, numbers are below it.
  static constexpr size_t owner_alignment = 128;
  // No slab is at the very beginning of the map: a header is before each.
  static constexpr size_t no_slab = 0;

  static size_t number_of(Entry entry) {
    if constexpr (!Threading::is_shared) return entry;
    return entry % owner_alignment;
  }

  // The entry for an address, 0 beyond the map. O(1).
  Entry at(const void* ptr) const {
    size_t size = Threading::load(size_);
    size_t index = index_of(ptr);
    return index < size ? entry(index) : Entry{0};
  }

  [[gnu::always_inline]] bool has(size_t index) const {
    return index < Threading::load(size_);
  }

  // The same for what should lie in a slab. In a linear memory, which has no
  // holes, what does not reads another entry or leads out of the memory.
  Entry at_block(const void* ptr) const {
    if constexpr (!Source::is_near_zero) return at(ptr);
    return entry(index_of(ptr));
  }

  [[gnu::always_inline]] Entry entry(size_t index) const {
    const Entry& at = Threading::load(entries_)[index];
    if constexpr (has_plain_entries)
      return static_cast<const volatile Entry&>(at);
    return Threading::load(at);
  }
  void set(size_t index, size_t value) {
    auto entry = static_cast<Entry>(value);
    if constexpr (has_plain_entries) {
      static_cast<volatile Entry&>(entries_[index]) = entry;
    } else {
      Threading::store(entries_[index], entry);
    }
  }

  // Memory below the origin, or far above it, has an index beyond the map.
  size_t index_of(const void* ptr) const {
    return (address_of(ptr) - origin()) / granule;
  }
  void* slab_at(size_t index) const {
    return reinterpret_cast<void*>(origin() + index * granule);
  }
  size_t size() const { return size_; }
  bool is_map(const void* ptr) const { return ptr == entries_; }

  // Makes the map cover an address in the back heap, with room to double;
  // whether it does. `allocate(size)` gives a block of the back heap.
  template <class Allocate>
  bool cover(const void* ptr, Back& back, Allocate allocate) {
    if constexpr (!Source::is_near_zero) {
      if (!size_) {
        size_t origin = align_down(address_of(back.start()), granule);
        __atomic_store_n(&origin_, origin, __ATOMIC_RELAXED);
      }
    }
    size_t index = index_of(ptr);
    if (index < size_) return true;
    size_t size = 2 * index;
    auto* entries = static_cast<Entry*>(allocate(size * sizeof(Entry)));
    if (!entries) return false;
    __builtin_memset(entries, 0, size * sizeof(Entry));
    if (Entry* old = entries_) {
      __builtin_memcpy(entries, old, size_ * sizeof(Entry));
      if constexpr (!Threading::is_shared) back.give(block_of(old, back));
    }
    // In this order: whoever sees the size sees entries that are as many.
    Threading::store(entries_, entries);
    Threading::store(size_, size);
    return true;
  }

 private:
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;

  // The map's block. It has no seal that would tell of another size.
  Header* block_of(Entry* entries, const Back& back) const {
    Header* block = back.block_in_use(entries);
    if (config.is_hardened && Back::size_of(block) - size_ * sizeof(Entry) >=
                                  2 * Back::block_size_min)
      mote_trap_corrupted_heap();
    return block;
  }

  // Whether entries are read and written by plain accesses: in a linear memory,
  // where these cannot tear. V8 holds atomic ones against the size that it last
  // told the thread of, and stops a thread that reads what another has just
  // grown (seen in 11.3).
  static constexpr bool has_plain_entries =
      Threading::is_shared && Source::is_near_zero;

  // Where the map begins. A source whose memory starts near address 0 says so,
  // and saves a load wherever the map is read.
  size_t origin() const {
    if constexpr (Source::is_near_zero) return 0;
    return __atomic_load_n(&origin_, __ATOMIC_RELAXED);
  }

  Entry* entries_ = nullptr;
  size_t size_ = 0;  // entries
  size_t origin_ = 0;
};

}  // namespace mote
