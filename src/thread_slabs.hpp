// Slabs for many threads: each thread owns a heap of its own for small blocks,
// and only the owner touches its lists. No lock is taken, and no atomic
// read-modify-write executed, where a thread frees what it allocated itself.
//
//   thread 1             thread 2             ended
//   +------------+       +------------+       +------------+
//   | slabs      |       | slabs      |       | slabs      |  abandoned: the
//   | returned <-+---+   | returned   |   +---+-> returned |  next thread
//   | batches    |   +---+- batches --+---+   | batches    |  adopts it
//   +------------+       +------------+       +------------+
//
//        back heap and page map, behind one lock
//
// A block that another thread frees goes into a batch of the freeing thread,
// one for each owner; a batch that is full goes with one compare-and-swap to
// the owner's list of returned blocks (message passing as in snmalloc, Lietar
// et al., 2019). The owner takes them back when a list of its own is empty,
// before it cuts a new slab. Nobody is waited for.
//
// T1: A heap is current in at most one thread, or abandoned, never both. It
//     never dies: addresses of heaps in the page map stay good.
// T2: Blocks in use, on the list, returned or in a batch add up to a slab's
//     capacity; returned blocks and those in batches count as in use (S2).
// T3: What waits in batches is bounded: `batch_count * batch_size` blocks a
//     thread. It leaves when the thread takes a new slab, and when it ends.
//
// A thread that ends flushes its batches and leaves its heap to the next one
// that begins; before the back heap grows, the empty slabs of abandoned heaps
// return. A thread that nobody says has ended (a wasm worker that was
// terminated) keeps its heap, as it was, until `abandon` says so.
//
// Costs: as in slabs.hpp; a free of another thread's block O(1), taking back
// what others returned O(1) for each block; growth of the back heap
// O(abandoned heaps).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "block_cache.hpp"
#include "check.hpp"
#include "common.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_map.hpp"
#include "returned_list.hpp"
#include "segments.hpp"
#include "slabs.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading>
class ThreadSlabs {
  using Back = BackHeap<config, Source>;
  using Common = mote::Common<config, Source, Threading>;
  using Map = PageMap<config, Source, Threading>;
  using Entry = typename Map::Entry;
  static constexpr bool has_segments = config.segment_size != 0;
  using Small =
      typename Either<has_segments, Segments<config, Source, Threading>,
                      Slabs<config, Source, Threading>>::Type;
  using Guard = typename Threading::Lock::Guard;
  using Slot = typename Threading::Slot;

 public:
  static constexpr size_t class_count = Small::class_count;
  static size_t size_to_class(size_t size) {
    return Small::size_to_class(size);
  }
  static size_t size_to_class(size_t size, size_t align) {
    return Small::size_to_class(size, align);
  }
  static bool fits(size_t size, size_t block_size) {
    return Small::fits(size, block_size);
  }
  static size_t block_size(const Common& common, const void* ptr) {
    return Small::block_size(common, ptr);
  }

  // As of Slabs, for the heap of this thread.
  [[gnu::always_inline]] void* pop(Common& common, size_t class_index) {
    Mine* mine = has_empty_heaps ? slot() : current();
    if constexpr (!has_empty_heaps)
      if (!mine) return nullptr;
    return mine->slabs.pop(common, class_index);
  }

  [[gnu::always_inline]] void push(Common& common, void* ptr, Entry entry) {
    Mine* mine = slot();
    if (!is_of(mine, entry)) return send_back(ptr, entry);
    mine->slabs.push(common, ptr, entry);
  }

  // Frees any block of the heap, or null. The entry of no segment, which is 0,
  // is no more this thread's than another's: one comparison sets both apart.
  [[gnu::always_inline]] void push_any(Common& common, void* ptr) {
    size_t index = common.map.index_of(ptr);
    if (common.map.has(index)) {
      Mine* mine = slot();
      if (common.map.entry(index) == address_of(mine) &&
          (has_empty_heaps || mine) && Small::is_in_use(ptr))
        return mine->slabs.push(ptr);
    }
    push_slowly(ptr, *this, common);
  }

  bool refill(Common& common, size_t class_index) {
    Mine* mine = current();
    if (!mine) return begin_thread(common);
    // To ask the clock each time would be a tenth of what this takes.
    if (++mine->refill_count % 8 == 0 && common.back.may_discard()) {
      Guard guard(common.lock);
      discard_if_due(common);
    }
    if constexpr (has_segments)
      if (mine->slabs.adopt(class_index)) return true;
    if (take_back(common, *mine)) return true;
    flush(*mine);
    return mine->slabs.add_slab(common, *this, class_index);
  }

  [[gnu::noinline]] void* allocate_large(Common& common, size_t size,
                                         size_t align, Header* moving) {
    return common.back.allocate(size, align, moving, [&] {
      release_kept(common);
      return true;
    });
  }

  // A block of the back heap that this thread kept, or null. Without a lock.
  void* pop_large(Common& common, size_t size) {
    if constexpr (config.thread_cache_bytes) {
      if (size > config.cached_block_size_max) return nullptr;
      if (slot() == none()) begin_thread(common);
      if (Mine* mine = current()) return mine->cache.pop(size);
    }
    return nullptr;
  }

  // Frees a block of the back heap, or keeps it.
  void push_large(Common& common, void* ptr) {
    bool is_full = false;
    Mine* mine = nullptr;
    if constexpr (config.thread_cache_bytes) {
      mine = current();
      if (mine && mine->cache.push(common.back.own_block(ptr), is_full)) return;
    }
    if constexpr (Back::discards) {
      // While it is still this thread's, and nobody waits.
      size_t size = Back::payload_size(common.back.own_block(ptr));
      auto* begin = static_cast<char*>(ptr);
      if (size >= config.discarded_at_once_size_min) {
        common.back.source().discard(begin, begin + size);
      }
    }
    Guard guard(common.lock);
    if constexpr (config.thread_cache_bytes)
      if (is_full) mine->cache.release(common.back);
    Header* block = common.back.block_in_use(ptr);
    common.back.count_freed(Back::size_of(block));
    common.back.give(block);
    discard_if_due(common);
  }

  // Gives the pages of what is free back to the source: those of slabs of this
  // thread's, and of abandoned heaps. The caller holds the lock.
  void discard_all(Common& common) {
    if constexpr (has_segments) {
      for (Mine* one = all_; one; one = one->next)
        if (one->is_abandoned || one == slot()) one->slabs.discard();
    }
    common.back.discard_all();
  }

  // Gives slabs that nobody uses to the back heap, and what else is only kept:
  // this thread's, and those of abandoned heaps. The caller holds the lock.
  void release_kept(Common& common) {
    for (Mine* one = all_; one; one = one->next)
      if (one->is_abandoned || one == slot()) drain(common, *one);
  }

  // Leaves the heap of this thread to the next one. What the thread allocates
  // afterwards comes from the back heap, if `is_over`; else it begins anew.
  void end_thread(Common& common, bool is_over) {
    Mine* mine = current();
    Slot::set(is_over ? ended() : none());
    if (mine) abandon(common, mine);
  }

  // The heap of this thread, to be abandoned on its behalf; may be null.
  void* thread() const { return current(); }

  // Says that a thread has ended that had this heap and did not say so itself.
  void abandon(Common& common, void* thread) {
    auto* mine = static_cast<Mine*>(thread);
    flush(*mine);
    Guard guard(common.lock);
    mine->next_abandoned = abandoned_;
    mine->is_abandoned = true;
    abandoned_ = mine;
  }

 private:
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;

  static constexpr size_t batch_count = 8;
  static constexpr size_t batch_size = 32;

  struct Nothing {};
  using Cache = typename Either<config.thread_cache_bytes != 0,
                                BlockCache<config, Source>, Nothing>::Type;

  struct Mine;

  // Blocks of one owner, on their way to it.
  struct Batch {
    Mine* owner;
    FreeNode* first;
    FreeNode* last;
    size_t count;
  };

  struct alignas(Map::owner_alignment) Mine {
    Small slabs;  // first: entries of the page map hold its address
    [[no_unique_address]] Cache cache;
    Batch batches[batch_count];
    Mine* next;
    Mine* next_abandoned;
    bool is_abandoned;
    uint8_t refill_count;
    // What others freed; written by them, so on a cache line of its own.
    alignas(64) ReturnedList<> returned;
  };

  // Whether the platform's slot has heaps without a block for threads that have
  // none: what is zero up to the cache is one.
  static constexpr bool has_empty_heaps = requires { Slot::none; };

  // In the slot of a thread that has no heap yet, and of one that has ended but
  // still runs: other destructors.
  static void* none() {
    if constexpr (has_empty_heaps) return &Slot::none;
    return nullptr;
  }
  static void* ended() {
    if constexpr (has_empty_heaps) return &Slot::ended;
    return reinterpret_cast<void*>(1);
  }
  static Mine* slot() { return static_cast<Mine*>(Slot::get()); }
  static Mine* current() {
    Mine* mine = slot();
    if constexpr (has_empty_heaps)
      if (mine == none()) return nullptr;
    return mine == ended() ? nullptr : mine;
  }

  // What is not a heap's is further away from it than any number of a class.
  [[gnu::always_inline]] static bool is_of(const Mine* mine, Entry entry) {
    return entry - address_of(mine) < Map::owner_alignment;
  }

  void discard_if_due(Common& common) {
    if constexpr (Back::discards)
      if (common.back.may_discard()) discard_all(common);
  }

  // Frees what is in no segment of this thread's, or traps.
  [[gnu::noinline]] static void push_slowly(void* ptr, ThreadSlabs& own,
                                            Common& common) {
    Entry entry = common.map.at(ptr);
    if (entry) return own.send_back(ptr, entry);
    if (ptr) own.push_large(common, ptr);
  }

  template <class AnySlot>
  static constexpr size_t empty_heap_size() {
    if constexpr (has_empty_heaps) return sizeof(AnySlot::none);
    return SIZE_MAX;
  }
  static_assert(empty_heap_size<Slot>() >= sizeof(Small));

  // Gives this thread a heap, an abandoned or a new one; whether it now has
  // one.
  [[gnu::noinline]] bool begin_thread(Common& common) {
    if (slot() != none()) return false;
    Mine* mine = adopt(common);
    if (mine) Slot::set(mine);
    return mine;
  }

  Mine* adopt(Common& common) {
    Guard guard(common.lock);
    Mine* mine = abandoned_;
    if (mine) {
      abandoned_ = mine->next_abandoned;
      mine->is_abandoned = false;
      return mine;
    }
    mine = static_cast<Mine*>(allocate_large(
        common, sizeof(Mine), alignof(Mine), common.back.no_block()));
    if (!mine) return nullptr;
    __builtin_memset(static_cast<void*>(mine), 0, sizeof(Mine));
    if constexpr (has_segments) mine->slabs.begin(common);
    mine->next = all_;
    all_ = mine;
    return mine;
  }

  // Frees a block that another heap owns.
  [[gnu::noinline]] void send_back(void* ptr, Entry entry) {
    auto* node = static_cast<FreeNode*>(ptr);
    if (!Small::is_block(ptr, entry)) mote_trap_invalid_pointer();
    if (is_marked_freed(node)) mote_trap_double_free();
    mark_freed(node);
    auto* owner = reinterpret_cast<Mine*>(Small::owner_of(entry));
    if (Mine* mine = current()) {
      add(mine->batches[address_of(owner) / sizeof(Mine) % batch_count], owner,
          node);
    } else {
      owner->returned.add(node, node);
    }
  }

  static void add(Batch& batch, Mine* owner, FreeNode* node) {
    if (batch.owner != owner) {
      flush(batch);
      batch.owner = owner;
    }
    if (!batch.first) batch.last = node;
    node->next = batch.first;
    batch.first = node;
    if (++batch.count == batch_size) flush(batch);
  }

  static void flush(Mine& mine) {
    for (Batch& batch : mine.batches) flush(batch);
  }
  static void flush(Batch& batch) {
    if (!batch.first) return;
    batch.owner->returned.add(batch.first, batch.last);
    batch.first = nullptr;
    batch.count = 0;
  }

  // Puts what others returned on the lists; whether there was any.
  static bool take_back(Common& common, Mine& mine) {
    return for_each_returned(mine, [&](FreeNode* node) {
      if constexpr (has_segments) {
        mine.slabs.push(node);
      } else {
        mine.slabs.push(common, node, common.map.at(node));
      }
    });
  }

  template <class Action>
  static bool for_each_returned(Mine& mine, Action action) {
    FreeNode* node = mine.returned.take();
    if (!node) return false;
    do {
      FreeNode* next = node->next;
      if (!is_marked_freed(node)) mote_trap_corrupted_heap();
      // Else it would be taken for one that is freed again.
      if constexpr (!has_segments) node->back = 0;
      action(node);
      node = next;
    } while (node);
    return true;
  }

  // Takes back what others returned, and gives up what is empty or only kept.
  static void drain(Common& common, Mine& mine) {
    for_each_returned(mine, [&](FreeNode* node) {
      if constexpr (has_segments) {
        mine.slabs.push_locked(node);
      } else {
        auto& c = mine.slabs.class_of(common.map.at(node));
        if (mine.slabs.put(common, c, node))
          mine.slabs.retire(common, c, common.map.index_of(node));
      }
    });
    mine.slabs.release_kept(common);
    if constexpr (config.thread_cache_bytes) mine.cache.release(common.back);
  }

  Mine* all_ = nullptr;  // every heap there ever was
  Mine* abandoned_ = nullptr;
};

}  // namespace mote
