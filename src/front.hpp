// The small blocks that a thread freed last, which it takes first: a list for
// each size class, linked one way, in front of the slabs. A pair of malloc and
// free that stays here touches neither the slab nor the neighbours on a list:
// natively 50 instructions instead of 89, all checks included.
//
//   class 0 -> block -> block -> block        room for 61 more
//   class 1 -> null                           room for 64
//   class 2 -> block                          room for 63
//
// For their slabs these blocks are in use, as those in batches are (T2).
//
// N1: What is in front of a class lies in a slab of it, of the same thread, is
//     marked as freed (free_list.hpp), and together with the room is as much as
//     the class may keep: `front_bytes` of blocks.
//
// Of each array a pair needs the word at the same place, which an entry of the
// page map gives without arithmetic.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_source.hpp"

namespace mote {

template <Config config, class Small>
class Front {
 public:
  // Makes room; before anything else.
  void begin() {
    for (size_t i = 0; i < config.class_count; ++i) {
      uint32_t inverse = Small::inverse_of(Small::class_to_size(i));
      classes_[i] = {static_cast<int>(count_max(i)), inverse};
      limits_[i] = {inverse, 0};
    }
  }

  // The block of the class that was freed last, or null.
  [[gnu::always_inline]] void* pop(size_t class_index) {
    FreeNode* node = first_[class_index].node;
    if (!node) return nullptr;
    // Whoever wrote to the block before could have had it lead anywhere.
    if (!is_marked_freed(node)) mote_trap_corrupted_heap();
    first_[class_index].node = node->next;
    node->back = 0;
    ++classes_[class_index].room;
    return node;
  }

  // Keeps a block that its user frees. False if that needs a second look: there
  // is no room, or the block might be free already. `place`: of its class.
  [[gnu::always_inline]] bool push(size_t place, void* ptr) {
    auto* node = static_cast<FreeNode*>(ptr);
    // One address for all arrays, which the compiler would not see.
    size_t at = address_of(first_) + place;
    auto& first = *reinterpret_cast<First*>(at);
    auto& c = *reinterpret_cast<Class*>(at + sizeof first_);
    auto& limit = *reinterpret_cast<Limit*>(at + sizeof first_ * 2);
    // As Class::divides of the slabs.
    auto product = static_cast<uint32_t>(Small::offset_of(ptr)) * c.inverse;
    if (product >= limit.inverse) mote_trap_invalid_pointer();
    if (Small::may_be_link(node)) return false;
    if (--c.room < 0) return false;
    node->next = first.node;
    mark_freed(node);
    first.node = node;
    return true;
  }

  // After `push` found no room or a doubt: whether there was none.
  bool stays_full(size_t class_index) {
    int& room = classes_[class_index].room;
    if (room > 0) return false;
    room = 0;
    return true;
  }

  // Takes blocks over that nobody has: `take()` gives one, or null. A few, so
  // that what is freed next finds room, and little passes here without need.
  template <class Take>
  bool fill(size_t class_index, Take take) {
    FreeNode* last = nullptr;
    for (size_t count = fill_count; count; --count) {
      auto* node = static_cast<FreeNode*>(take());
      if (!node) break;
      --classes_[class_index].room;
      mark_freed(node);
      node->next = nullptr;
      (last ? last->next : first_[class_index].node) = node;
      last = node;
    }
    return last;
  }

  // Gives all up.
  template <class Action>
  bool give_all(Action action) {
    bool any = false;
    for (size_t i = 0; i < config.class_count; ++i) {
      while (void* ptr = pop(i)) {
        action(static_cast<FreeNode*>(ptr));
        any = true;
      }
    }
    return any;
  }

  // Between 8 and 64 blocks.
  static constexpr size_t count_max(size_t class_index) {
    size_t count = config.front_bytes / Small::class_to_size(class_index);
    return count < 8 ? 8 : count > 64 ? 64 : count;
  }

 private:
  template <Config, PageSource, class>
  friend class Verifier;

  static constexpr size_t fill_count = 8;

  // Of as many bytes each, wherever an address has fewer.
  struct alignas(8) First {
    FreeNode* node;
  };

  struct Class {
    int room;
    uint32_t inverse;  // of the block size (slabs.hpp)
  };

  // The same inverse again: what is in memory once is loaded into a register
  // first when it is used twice.
  struct Limit {
    uint32_t inverse;
    uint32_t unused;
  };
  static_assert(sizeof(First) == 8 && sizeof(Class) == 8 && sizeof(Limit) == 8);

  First first_[config.class_count];
  Class classes_[config.class_count];
  Limit limits_[config.class_count];
};

}  // namespace mote
