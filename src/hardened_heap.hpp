// The hardened profile: a heap whose blocks are sealed (seal.hpp), cleared and
// kept from reuse for a while when they are freed (quarantine.hpp), and, where
// the platform can, apart between pages that nobody may touch
// (guarded_blocks.hpp). What a program does to memory that is not its own stops
// it, at the latest when the block is freed, reallocated, used again, or the
// heap is walked:
//
//   double free                always, until the block was given out again
//   write beyond a block       at its free; before a block, too: the neighbour
//   write after free           when the block is allocated again; in no slab,
//                              when it leaves the quarantine
//   free of another's block    size, alignment, or a use that is not its own
//
// Costs: as Heap, plus O(bytes of the block) up to `quarantined_size_max`.
#pragma once

#include <stddef.h>

#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "guarded_blocks.hpp"
#include "heap.hpp"
#include "page_source.hpp"
#include "quarantine.hpp"
#include "seal.hpp"
#include "threading.hpp"
#include "use.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading = OneThread>
class HardenedHeap : public Heap<config, Source, Threading> {
  using Plain = Heap<config, Source, Threading>;
  using Seal = mote::Seal<config, Source>;
  using Facts = typename Seal::Facts;
  using Back = BackHeap<config, Source>;
  using Guarded = GuardedBlocksOf<Source>;
  using Plain::back, Plain::common_, Plain::small_;

 public:
  using Plain::Plain;
  using Plain::source;

  // As those of Heap. A block has the bytes that were asked for, no more.

  void* allocate(size_t size) { return allocate(size, 1); }

  void* allocate(size_t size, size_t align, Use use = Use::c) {
    return allocate(size, Facts::of(use, align), align, back().no_block());
  }

  void* allocate_zeroed(size_t size, size_t align) {
    void* ptr = allocate(size, align);
    if constexpr (Guarded::exist) {
      if (guarded_.may_have(ptr)) return ptr;  // cleared already
    }
    return ptr ? __builtin_memset(ptr, 0, size) : nullptr;
  }

  void free(void* ptr) { free(ptr, untold, untold); }

  [[gnu::noinline]] void free(void* ptr, size_t size, size_t align,
                              Use use = Use::c) {
    if (!ptr) return;
    if constexpr (Guarded::exist)
      if (guarded_.may_have(ptr)) return guarded_.free(ptr, size, align, use);
    Seal seal = seal_in_use(ptr);
    Facts facts = seal.facts();
    check_told(seal, facts, ptr, size, align, use);
    seal.set_unused(Use::freed);
    bool is_kept = seal.block_size(ptr) <= config.quarantined_size_max;
    if (is_kept || config.clears_all_freed) seal.clear(ptr);
    if (!is_kept) return Plain::free_in_no_slab(ptr);
    if (void* waited = quarantine_.exchange(ptr)) release(waited);
  }

  void* reallocate(void* ptr, size_t align, size_t size) {
    return reallocate(ptr, untold, align, size, untold);
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    return reallocate(ptr, old_size, align, size, align);
  }

  bool try_expand(void* ptr, size_t size) {
    if constexpr (Guarded::exist)
      if (guarded_.may_have(ptr)) return guarded_.try_expand(ptr, size);
    Facts facts = seal_in_use(ptr).facts();
    size_t room = room_for(size);
    if (room < size || !Plain::try_expand(ptr, room)) return false;
    seal_of(ptr, small_size(ptr)).set(ptr, size, facts);
    return true;
  }

  size_t usable_size(const void* ptr) const {
    if (!ptr) return 0;
    if constexpr (Guarded::exist)
      if (guarded_.may_have(ptr)) return guarded_.size_of(ptr);
    Seal seal = seal_in_use(ptr);
    return seal.size_of(ptr, seal.facts());
  }

  // Those of its blocks that are in none of its regions: guarded_blocks.hpp.
  template <class Visit>
  void for_each_guarded([[maybe_unused]] Visit visit) const {
    if constexpr (Guarded::exist) guarded_.for_each(visit);
  }

  constexpr HardenedHeap& unlocked() { return *this; }

 private:
  template <Config, PageSource, class>
  friend class HardenedVerifier;

  // Bytes to ask of the heap below.
  static size_t room_for(size_t size) {
    size_t room = size + Seal::size;
    // Else the least block has as much.
    if constexpr (Seal::block_size_min > config.alignment) {
      if (room > size && room < Seal::block_size_min)
        room = Seal::block_size_min;
    }
    return room;
  }

  // The size of a block in a slab, 0 for others.
  size_t small_size(const void* ptr) const {
    return Plain::small_block_size(ptr);
  }

  // The same of a block in one, with its size there, or of a large one, with 0.
  Seal seal_of(const void* ptr, size_t small) const {
    if (!small) small = Back::payload_size(static_cast<const Header*>(ptr) - 1);
    return {source(), ptr, small};
  }

  // The seal of a block in use. Traps on what is none, was written over, or has
  // lost what is just below it in a slab: its neighbour's seal, or the slab's
  // header.
  [[gnu::noinline]] Seal seal_in_use(const void* ptr) const {
    size_t block_size = small_size(ptr);
    if (!block_size) {
      Plain::large_block(ptr);
    } else {
      size_t offset = address_of(ptr) % config.slab_size;
      if (offset % block_size) mote_trap_invalid_pointer();
      const char* before = static_cast<const char*>(ptr) - block_size;
      if (offset) {
        Seal(source(), before, block_size).checked_facts();
      } else if (Back::size_of(static_cast<const Header*>(ptr) - 1) -
                     config.slab_size >=
                 Back::block_size_min) {
        mote_trap_out_of_bounds();
      }
    }
    Seal seal = seal_of(ptr, block_size);
    seal.check_in_use();
    return seal;
  }

  // A block with these facts but for the size, made of `moving`, where it is,
  // when possible.
  [[gnu::noinline]] void* allocate(size_t size, Facts facts, size_t align,
                                   Header* moving) {
    if constexpr (Guarded::exist) {
      if (size == 0 || size >= config.guarded_size_min)
        if (void* ptr = guarded_.allocate(size, align, facts.use())) return ptr;
    }
    size_t room = room_for(size);
    if (room < size) return nullptr;
    void* ptr = align <= config.alignment ? Plain::pop_small(room) : nullptr;
    size_t block_size = align_up(room, config.alignment);
    if (!ptr) {
      while (!(ptr = Plain::allocate(room, align, moving)))
        if (!release_quarantine()) return nullptr;
      block_size = small_size(ptr);
    }
    Seal seal = seal_of(ptr, block_size);
    if (block_size) check_unused(seal, ptr);
    seal.set(ptr, size, facts);
    return ptr;
  }

  // A block of a slab that the heap below just gave.
  static void check_unused(Seal seal, const void* ptr) {
    Facts facts = seal.facts();
    if (facts.is_unused(Use::freed)) {
      seal.check_clear(ptr, sizeof(FreeNode));
    } else if (!facts.is_unused(Use::fresh)) {
      if (facts.is_seal()) mote_trap_corrupted_heap();
      mote_trap_out_of_bounds();
    }
  }

  // What the caller says of a block in use must be so.
  [[gnu::always_inline]] static void check_told(Seal seal, Facts facts,
                                                const void* ptr, size_t size,
                                                size_t align, Use use) {
    if ((size != untold && size != seal.size_of(ptr, facts)) ||
        (align != untold &&
         Seal::align_index_of(align) != facts.align_index()) ||
        use != facts.use())
      mote_trap_mismatch();
  }

  [[gnu::always_inline]] void* reallocate(void* ptr, size_t old_size,
                                          size_t align, size_t size,
                                          size_t told_align) {
    if (!ptr) return allocate(size, align);
    if constexpr (Guarded::exist) {
      if (guarded_.may_have(ptr)) {
        size_t usable = guarded_.size_of(ptr);
        if (old_size != untold && old_size != usable) mote_trap_mismatch();
        if (guarded_.try_expand(ptr, size)) return ptr;
        return move(ptr, usable, align, size, told_align, back().no_block());
      }
    }
    Seal seal = seal_in_use(ptr);
    Facts facts = seal.facts();
    check_told(seal, facts, ptr, old_size, told_align, Use::c);
    size_t usable = seal.size_of(ptr, facts);
    Header* moving = back().no_block();
    if (size_t block_size = small_size(ptr)) {
      size_t room = room_for(size);
      if (room > size && Plain::Small::fits(room, block_size)) {
        // What C reallocates has no alignment of its own any more.
        seal.set(ptr, size, Facts::of(Use::c, align));
        return ptr;
      }
    } else {
      moving = Back::block_of(ptr);
      // What is cut off; nothing can keep it from being so.
      if (config.clears_all_freed && size < usable)
        __builtin_memset(static_cast<char*>(ptr) + size, 0, usable - size);
    }
    return move(ptr, usable, align, size, told_align, moving);
  }

  // Where `moving` stays, nothing is to be copied.
  [[gnu::always_inline]] void* move(void* ptr, size_t usable, size_t align,
                                    size_t size, size_t told_align,
                                    Header* moving) {
    void* moved = allocate(size, Facts::of(Use::c, align), align, moving);
    if (!moved || moved == ptr) return moved;
    __builtin_memcpy(moved, ptr, usable < size ? usable : size);
    free(ptr, untold, told_align);
    return moved;
  }

  void release(void* ptr) {
    if (auto entry = common_.map.at(ptr)) {
      // The rest is looked at when it is allocated again.
      Seal::check_clear_words(ptr);
      return small_.push(common_, ptr, entry);
    }
    seal_of(ptr, 0).check_clear(ptr, 0);
    Plain::free_in_no_slab(ptr);
  }

  // Gives all that waits to the heap; whether there was any.
  bool release_quarantine() {
    bool any = false;
    for (size_t i = 0; i < quarantine_.capacity; ++i) {
      if (void* waited = quarantine_.exchange(nullptr)) {
        release(waited);
        any = true;
      }
    }
    return any;
  }

  Quarantine<config.quarantine_count, Threading::is_shared> quarantine_;
  [[no_unique_address]] Guarded guarded_;
};

}  // namespace mote
