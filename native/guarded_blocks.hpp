// Large blocks of the hardened profile, each in pages of its own between pages
// that nobody may touch, in a window of reserved addresses.
//
//   slot (2 MiB; a larger block takes several that follow each other)
//   +-------+----------------------------------+--------------- - -
//   | guard | before | payload        | behind | guard: the rest
//   +-------+----------------------------------+--------------- - -
//           ^ page                             ^ page
//
// The payload ends where its last page does, as near as its alignment allows:
// to write or read behind it faults at once. What lies before it in its first
// page, and the few bytes behind, are looked at when it is freed. A block of no
// bytes is a page that nobody may touch. A freed block has no pages any more,
// and its slot is the last to be used again: what still points to it faults.
//
// G1: A slot is free, or taken by one block; only whoever changes its state
// from
//     one to the other touches the rest of its entry.
//
// Without locks, so that a fork at any moment leaves a usable window. Costs:
// two calls of the kernel for a block, O(slots) to find one when many are
// taken.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bits.hpp"
#include "check.hpp"
#include "errno.hpp"
#include "use.hpp"

namespace mote {

class GuardedBlocks {
 public:
  static constexpr bool exist = true;

  // A block of cleared memory, or null: then the heap has to serve it.
  void* allocate(size_t size, size_t align, Use use) noexcept {
    const size_t page = page_bytes();
    if (size > window_bytes_max || align > page) return nullptr;
    const PreserveErrno preserve;
    if (!reserve()) return nullptr;
    if (align < least_alignment) align = least_alignment;
    const size_t bytes = align_up(size, page);
    const size_t count = (bytes + 2 * page - 1) / slot_bytes + 1;
    const size_t slot = take(count);
    if (slot == no_slot) return nullptr;
    char* const pages = slot_begin(slot) + page;
    if (bytes != 0 && mprotect(pages, bytes, PROT_READ | PROT_WRITE) != 0) {
      give(slot, count);
      return nullptr;
    }
    char* const begin = pages + bytes - align_up(size, align);
    for (char* at = begin + size; at != pages + bytes; ++at) *at = known_byte;
    Entry& entry = entries_[slot];
    __atomic_store_n(&entry.size, size, __ATOMIC_RELAXED);
    entry.count = count;
    entry.align = align;
    entry.use = use;
    __atomic_store_n(&entry.begin, begin, __ATOMIC_RELEASE);
    return begin;
  }

  // Whether an address lies in the window.
  bool may_have(const void* ptr) const noexcept {
    const size_t bytes = __atomic_load_n(&window_bytes_, __ATOMIC_ACQUIRE);
    return bytes != 0 && address_of(ptr) - address_of(window_) < bytes;
  }

  void free(void* ptr, size_t size, size_t align, Use use) noexcept {
    Entry& entry = entry_of(ptr);
    if ((size != untold && size != entry.size) || use != entry.use ||
        (align != untold &&
         (align < least_alignment ? least_alignment : align) != entry.align)) {
      mote_trap_mismatch();
    }
    check_borders(entry);
    void* expected = ptr;
    if (!__atomic_compare_exchange_n(&entry.begin, &expected,
                                     static_cast<void*>(nullptr), false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      mote_trap_double_free();
    }
    const PreserveErrno preserve;
    const size_t slot = static_cast<size_t>(&entry - entries_);
    const size_t bytes = align_up(entry.size, page_bytes());
    if (bytes != 0 && !forget(slot_begin(slot) + page_bytes(), bytes)) return;
    give(slot, entry.count);
  }

  bool try_expand(void* ptr, size_t size) noexcept {
    return entry_of(ptr).size == size;
  }

  size_t size_of(const void* ptr) const noexcept { return entry_of(ptr).size; }

  // Calls `visit(block, size, pages, page_bytes)` for each block in use. Others
  // may come and go meanwhile: each of those is visited or is not. O(slots).
  template <class Visit>
  void for_each(Visit visit) const noexcept {
    for (size_t slot = 0; slot < slot_count(); ++slot) {
      const Entry& entry = entries_[slot];
      const void* const begin = __atomic_load_n(&entry.begin, __ATOMIC_ACQUIRE);
      const size_t size = __atomic_load_n(&entry.size, __ATOMIC_RELAXED);
      if (begin != nullptr) {
        visit(begin, size, slot_begin(slot) + page_bytes(),
              align_up(size, page_bytes()));
      }
    }
  }

 private:
  static constexpr size_t slot_bytes = size_t{2} << 20;
  static constexpr size_t window_bytes_max =
      sizeof(void*) == 8 ? size_t{1} << (sizeof(void*) * 4 + 4)  // 64 GiB
                         : size_t{256} << 20;
  static constexpr size_t address_space_share = 8;
  // Each takes two mappings of the 65,530 that Linux gives a process.
  static constexpr size_t live_max = 8192;
  static constexpr size_t least_alignment = 16;
  static constexpr size_t no_slot = SIZE_MAX;
  static constexpr char known_byte = '\xA5';

  struct Entry {
    size_t is_taken;  // 0 or 1; also for the later slots of a block
    void* begin;      // while a block is in use: its payload
    size_t size;
    size_t count;
    size_t align;
    Use use;
  };

  char* window_ = nullptr;
  Entry* entries_ = nullptr;
  size_t window_bytes_ = 0;  // set last: who sees it sees the others
  uint32_t was_tried_ = 0;   // riscv64 has no atomics of bytes
  size_t next_ = 0;
  size_t live_ = 0;

#ifdef MAP_NORESERVE  // FreeBSD has none, and reserves nothing
  static constexpr int uncommitted = MAP_NORESERVE;
#else
  static constexpr int uncommitted = 0;
#endif

  static size_t page_bytes() noexcept {
    return static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }
  size_t slot_count() const noexcept {
    return __atomic_load_n(&window_bytes_, __ATOMIC_ACQUIRE) / slot_bytes;
  }
  char* slot_begin(size_t slot) const noexcept {
    return window_ + slot * slot_bytes;
  }

  static void* map(size_t bytes, int protection) noexcept {
    void* const begin = mmap(nullptr, bytes, protection,
                             MAP_PRIVATE | MAP_ANON | uncommitted, -1, 0);
    return begin == MAP_FAILED ? nullptr : begin;
  }

  // The contents go, the addresses stay, with no access. A process beyond a
  // limit that was set since is refused a mapping even where it has one. False
  // when there are too many mappings: then the slot is lost, and nobody else's.
  static bool forget(char* pages, size_t bytes) noexcept {
    if (mmap(pages, bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANON | MAP_FIXED | uncommitted, -1,
             0) != MAP_FAILED) {
      return true;
    }
    __builtin_memset(pages, 0, bytes);
    return mprotect(pages, bytes, PROT_NONE) == 0;
  }

  static size_t wanted_bytes() noexcept {
    size_t share = SIZE_MAX;
#ifdef RLIMIT_AS  // OpenBSD has none
    struct rlimit limit;
    // FreeBSD's limits have a sign.
    if (getrlimit(RLIMIT_AS, &limit) == 0 &&
        limit.rlim_cur < static_cast<rlim_t>(SIZE_MAX / 2))
      share = static_cast<size_t>(limit.rlim_cur) / address_space_share;
#endif
    return align_down(share < window_bytes_max ? share : window_bytes_max,
                      slot_bytes);
  }

  // Whether there is a window. It is asked for once; who comes meanwhile, does
  // without.
  bool reserve() noexcept {
    if (slot_count() != 0) return true;
    if (__atomic_exchange_n(&was_tried_, 1, __ATOMIC_RELAXED)) return false;
    const size_t bytes = wanted_bytes();
    const size_t table_bytes = bytes / slot_bytes * sizeof(Entry);
    void* const window = bytes != 0 ? map(bytes, PROT_NONE) : nullptr;
    void* const entries =
        window != nullptr ? map(table_bytes, PROT_READ | PROT_WRITE) : nullptr;
    if (entries == nullptr) {
      if (window != nullptr) munmap(window, bytes);
      return false;
    }
    entries_ = static_cast<Entry*>(entries);
    // The first block, too, has nothing before it that may be touched.
    entries_[0].is_taken = 1;
    window_ = static_cast<char*>(window);
    __atomic_store_n(&window_bytes_, bytes, __ATOMIC_RELEASE);
    return true;
  }

  // `count` slots that follow each other, from where the last ones were taken
  // on; or `no_slot`.
  size_t take(size_t count) noexcept {
    const size_t slots = slot_count();
    if (count > slots || __atomic_load_n(&live_, __ATOMIC_RELAXED) >= live_max)
      return no_slot;
    size_t slot = __atomic_fetch_add(&next_, count, __ATOMIC_RELAXED) % slots;
    for (size_t tried = 0; tried < slots;) {
      if (slot + count > slots) {
        tried += slots - slot;
        slot = 0;
      }
      const size_t taken = take_at(slot, count);
      if (taken == count) {
        __atomic_fetch_add(&live_, 1, __ATOMIC_RELAXED);
        // Behind those that were in the way, or this one were the next.
        if (tried != 0)
          __atomic_store_n(&next_, slot + count, __ATOMIC_RELAXED);
        return slot;
      }
      tried += taken + 1;
      slot = (slot + taken + 1) % slots;
    }
    return no_slot;
  }

  // How many of the slots were free; takes all or none.
  size_t take_at(size_t slot, size_t count) noexcept {
    for (size_t i = 0; i < count; ++i) {
      if (__atomic_exchange_n(&entries_[slot + i].is_taken, size_t{1},
                              __ATOMIC_ACQUIRE) != 0) {
        release(slot, i);
        return i;
      }
    }
    return count;
  }
  void release(size_t slot, size_t count) noexcept {
    for (size_t i = 0; i < count; ++i)
      __atomic_store_n(&entries_[slot + i].is_taken, 0, __ATOMIC_RELEASE);
  }
  void give(size_t slot, size_t count) noexcept {
    release(slot, count);
    __atomic_fetch_sub(&live_, 1, __ATOMIC_RELAXED);
  }

  // Traps on what is no block in use.
  Entry& entry_of(const void* ptr) const noexcept {
    Entry& entry =
        entries_[(address_of(ptr) - address_of(window_)) / slot_bytes];
    const void* const begin = __atomic_load_n(&entry.begin, __ATOMIC_ACQUIRE);
    if (begin == ptr) return entry;
    if (begin == nullptr) mote_trap_double_free();
    mote_trap_invalid_pointer();
  }

  void check_borders(const Entry& entry) const noexcept {
    const size_t slot = static_cast<size_t>(&entry - entries_);
    const char* const pages = slot_begin(slot) + page_bytes();
    const char* const begin = static_cast<const char*>(entry.begin);
    for (const char* at = pages; at < begin; ++at)
      if (*at != 0) mote_trap_out_of_bounds();
    const char* const end = pages + align_up(entry.size, page_bytes());
    for (const char* at = begin + entry.size; at < end; ++at)
      if (*at != known_byte) mote_trap_out_of_bounds();
  }
};

}  // namespace mote
