// A few blocks of the back heap that a thread freed and may need again: it has
// them without the lock. They stay as they were, in use, until they are served
// again or return, all at once and under one lock.
//
//   one list for each block size:  528 -> block -> block
//                                  544 -> null
//                                  560 -> block
//
// C1: The lists hold `bytes()` in all, never more than the configuration's
//     `thread_cache_bytes` between calls.
// C2: A block is on the list of its size, and has in the place of a back link
//     what tells a second free (`mark_freed`). One that the back heap hands out
//     has it not, whatever lay there before.
#pragma once

#include <stddef.h>

#include "back_heap.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "free_list.hpp"

namespace mote {

template <Config config, PageSource Source>
class BlockCache {
  using Back = BackHeap<config, Source>;

 public:
  // A block for `size` bytes, or null. O(1).
  void* pop(size_t size) {
    size_t block_size = Back::size_to_block_size(size);
    if (block_size > block_size_max) return nullptr;
    FreeNode*& first = lists_[block_size / config.alignment];
    FreeNode* node = first;
    if (!node) return nullptr;
    // Whoever wrote to the block before could have had it lead anywhere.
    if (!is_marked_freed(node)) mote_trap_corrupted_heap();
    first = node->next;
    bytes_ -= block_size;
    node->back = 0;
    return node;
  }

  // Keeps a block in use; false when it is too large, or when there are enough:
  // then `is_full`. O(1).
  bool push(Header* block, bool& is_full) {
    size_t block_size = Back::size_of(block);
    FreeNode* node = Back::node_of(block);
    if (is_marked_freed(node)) mote_trap_double_free();
    if (block_size > block_size_max) return false;
    is_full = bytes_ + block_size > config.thread_cache_bytes;
    if (is_full) return false;
    mark_freed(node);
    node->next = lists_[block_size / config.alignment];
    lists_[block_size / config.alignment] = node;
    bytes_ += block_size;
    return true;
  }

  // Frees all, under the heap's lock. O(sizes).
  void release(Back& back) {
    if (!bytes_) return;
    for (FreeNode*& first : lists_) {
      for (FreeNode* node = first; node;) {
        FreeNode* next = node->next;
        if (!is_marked_freed(node)) mote_trap_corrupted_heap();
        back.give(Back::block_of(node));
        node = next;
      }
      first = nullptr;
    }
    bytes_ = 0;
  }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t block_size_max = config.cached_block_size_max;

  FreeNode* lists_[block_size_max / config.alignment + 1];
  size_t bytes_;
};

}  // namespace mote
