// The heap: small blocks from slabs, the others from the back heap. Owns all
// state; one object, constant-initialised, trivially destructible. Several may
// live side by side, each with a page source of its own. Which threads may call
// it is a policy (threading.hpp).
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "common.hpp"
#include "config.hpp"
#include "page_source.hpp"
#include "slabs.hpp"
#include "thread_slabs.hpp"
#include "threading.hpp"

namespace mote {

template <Config config, PageSource Source, class Threading = OneThread>
  requires(is_valid(config))
class Heap {
  using Small = typename Threading::template Small<config, Source>;

 public:
  using Guard = typename Threading::Lock::Guard;

  constexpr Heap() = default;
  // For a source that must be told where its memory is.
  explicit constexpr Heap(const Source& source) : common_(source) {}

  // A block that this thread has at hand (segments.hpp), or null.
  [[gnu::always_inline]] void* pop(size_t size)
    requires(config.segment_size != 0)
  {
    return pop_small(size);
  }

  // A block of at least `size` bytes (0 counts as 1), or null when memory is
  // refused. O(1), and what the source takes to grow.
  [[gnu::always_inline]] void* allocate(size_t size) {
    void* ptr = pop_small(size);
    return ptr ? ptr : allocate(size, 1);
  }

  // The same at a multiple of `align`, a power of two; less than the heap's own
  // alignment means that.
  [[gnu::always_inline]] void* allocate(size_t size, size_t align) {
    return allocate(size, align, back().no_block());
  }

  // The same, cleared.
  void* allocate_zeroed(size_t size, size_t align) {
    if constexpr (BackHeap<config, Source>::discards) {
      if (size >= config.discarded_block_size_min)
        return allocate_untouched(size, align);
    }
    void* ptr = allocate(size, align);
    return ptr ? __builtin_memset(ptr, 0, size) : nullptr;
  }

  // Null is allowed; traps on a pointer that is not a block in use. O(1).
  void free(void* ptr) {
    if constexpr (config.segment_size) {
      free_at_once(ptr);
    } else {
      if constexpr (config.has_slabs) {
        if (auto entry = common_.map.at(ptr))
          return small_.push(common_, ptr, entry);
      }
      free_in_no_slab(ptr);
    }
  }

  // The same, inlined.
  [[gnu::always_inline]] void free_at_once(void* ptr)
    requires(config.segment_size != 0)
  {
    small_.push_any(common_, ptr);
  }

  // The same two as an `Allocator` (allocator.hpp) has them; what the caller
  // knows of the block, the heap knows too.
  void free(void* ptr, size_t, size_t) { free(ptr); }
  void* reallocate(void* ptr, size_t, size_t align, size_t size) {
    return reallocate(ptr, align, size);
  }

  // The bytes that may be used at `ptr`, 0 for null. O(1).
  size_t usable_size(const void* ptr) const {
    if (size_t block_size = small_block_size(ptr)) return block_size;
    return ptr ? common_.back.payload_size(large_block(ptr)) : 0;
  }

  // Makes the block `size` bytes long where it is; false, and no change, if it
  // cannot be. O(1).
  bool try_expand(void* ptr, size_t size) {
    if (size_t block_size = small_block_size(ptr))
      return Small::fits(size, block_size);
    Guard guard(common_.lock);
    return back().try_expand(ptr, size);
  }

  // A block of `size` bytes with the old one's contents as far as they fit;
  // null leaves the old one as it was. O(1) in place, else O(bytes moved).
  // `free_old` frees the old one where the platform has that as a function.
  template <void (*free_old)(void*) = nullptr>
  [[gnu::always_inline]] void* reallocate(void* ptr, size_t align,
                                          size_t size) {
    size_t old_size = small_block_size(ptr);
    Header* moving = back().no_block();
    if (ptr && !old_size) {
      moving = large_block(ptr);
      if constexpr (config.has_slabs) old_size = back().payload_size(moving);
    }
    if (config.has_slabs && Small::fits(size, old_size)) return ptr;
    void* moved = nullptr;
    // So that its pages may move another time, if there is room for that.
    if constexpr (moves_pages) {
      if (size >= config.page_moved_size_min && align < source().page_bytes)
        moved = allocate(size, source().page_bytes, moving);
    }
    if (!moved) moved = allocate(size, align, moving);
    if (moved && ptr && moved != ptr) {
      if constexpr (!config.has_slabs) old_size = back().payload_size(moving);
      if (!copy(moved, ptr, old_size < size ? old_size : size)) return nullptr;
      if constexpr (free_old != nullptr) {
        free_old(ptr);
      } else if constexpr (config.has_slabs) {
        free(ptr);
      } else {
        back().give(moving);
      }
    }
    return moved;
  }

  // Gives free memory at the end of the heap back to the source, and what it
  // discards of other free blocks; the bytes released at the end.
  size_t trim()
    requires ReleasingPageSource<Source>
  {
    Guard guard(common_.lock);
    if constexpr (Threading::is_shared) small_.release_kept(common_);
    if constexpr (BackHeap<config, Source>::discards) {
      if constexpr (Threading::is_shared) {
        small_.discard_all(common_);
      } else {
        back().discard_all();
      }
    }
    return back().release_tail();
  }

  // This thread will not come back, or, if it is not `is_over`, not soon: what
  // it has of the heap goes to the next that begins. O(1).
  void end_thread(bool is_over)
    requires Threading::is_shared
  {
    small_.end_thread(common_, is_over);
  }

  // For a thread that cannot say itself that it has ended: what `thread()` was
  // there. O(1).
  void abandon(void* thread)
    requires Threading::is_shared
  {
    small_.abandon(common_, thread);
  }
  void* thread() const
    requires Threading::is_shared
  {
    return small_.thread();
  }

  // The size of so many elements, SIZE_MAX if it is none.
  static size_t product(size_t count, size_t size)
    requires requires { Source::product(count, size); }
  {
    return Source::product(count, size);
  }

  // How long free blocks keep their pages, where the source can discard them.
  static void set_discard_delay(int milliseconds) {
    BackHeap<config, Source>::set_discard_delay(milliseconds);
  }

  Source& source() { return back().source(); }
  const Source& source() const { return common_.back.source(); }

  // Guards all of the heap but what threads have of their own.
  typename Threading::Lock& lock() { return common_.lock; }
  Guard guard() { return Guard(common_.lock); }
  constexpr Heap& unlocked() { return *this; }

 private:
  template <Config, PageSource, class>
  friend class HardenedHeap;
  template <Config, PageSource, class>
  friend class HardenedVerifier;
  template <Config, PageSource, class>
  friend class Verifier;
  template <Config, PageSource, class>
  friend class Walker;

  [[gnu::always_inline]] void* pop_small(size_t size) {
    if constexpr (config.has_slabs) {
      size_t class_index = Small::size_to_class(size);
      // Else the size is compared instead, in a register of its own.
      if constexpr (config.segment_size) asm("" : "+r"(class_index));
      if (class_index < config.class_count)
        return small_.pop(common_, class_index);
    }
    return nullptr;
  }

  // `moving`: a block of the back heap that may be made to serve.
  [[gnu::noinline]] void* allocate(size_t size, size_t align, Header* moving) {
    if constexpr (config.has_slabs) {
      size_t class_index = Small::size_to_class(size, align);
      if (class_index < Small::class_count) {
        do {
          if (void* ptr = small_.pop(common_, class_index)) return ptr;
        } while (small_.refill(common_, class_index));
      }
    }
    if constexpr (Threading::is_shared) {
      if (moving == back().no_block() && align <= config.alignment)
        if (void* ptr = small_.pop_large(common_, size)) return ptr;
    }
    Guard guard(common_.lock);
    return allocate_large(size, align, moving);
  }

  static constexpr bool moves_pages =
      PageMovingSource<Source> && !config.is_hardened;

  // False: `to` was lost, and stays in use, so that nobody has it again.
  [[gnu::always_inline]] bool copy(void* to, void* from, size_t size) {
    size_t moved_bytes = 0;
    if constexpr (moves_pages) {
      if (size >= config.page_moved_size_min) {
        moved_bytes = source().move_pages(from, to, size);
        if (moved_bytes == pages_lost) return false;
      }
    }
    __builtin_memcpy(static_cast<char*>(to) + moved_bytes,
                     static_cast<char*>(from) + moved_bytes,
                     size - moved_bytes);
    return true;
  }

  // The caller holds the lock.
  [[gnu::always_inline]] void* allocate_large(size_t size, size_t align,
                                              Header* moving) {
    if constexpr (config.has_slabs)
      return small_.allocate_large(common_, size, align, moving);
    return back().allocate(size, align, moving);
  }

  // A large block, cleared where it is not known to be zero.
  void* allocate_untouched(size_t size, size_t align) {
    void* ptr;
    {
      Guard guard(common_.lock);
      ptr = allocate_large(size, align, back().no_block());
      if (!ptr) return nullptr;
      size = back().touched_bytes(ptr, size);
    }
    return __builtin_memset(ptr, 0, size);
  }

  void free_in_no_slab(void* ptr) {
    if constexpr (Threading::is_shared) return free_large(ptr);
    if (ptr) back().give(back().block_in_use(ptr));
  }
  // Apart, so that what it needs is not saved on the path of small blocks.
  [[gnu::noinline]] void free_large(void* ptr) {
    if (ptr) small_.push_large(common_, ptr);
  }

  // The size of a block in a slab, 0 for others.
  size_t small_block_size(const void* ptr) const {
    if constexpr (config.has_slabs) return Small::block_size(common_, ptr);
    return 0;
  }

  // The block of the back heap at `ptr`; traps if there is none in use.
  Header* large_block(const void* ptr) const {
    if constexpr (Threading::is_shared) return common_.back.own_block(ptr);
    return common_.back.block_in_use(ptr);
  }

  BackHeap<config, Source>& back() { return common_.back; }

  Common<config, Source, Threading> common_;
  [[no_unique_address]] Small small_;
};

}  // namespace mote
