// Lists of free blocks, linked through the blocks themselves. The bins of the
// back heap and the size classes share this code (and its bytes).
//
//   list            node             node
//   +------+        +------+------+  +------+------+
//   | next | -----> | next | back |  | next | back |
//   +------+        +------+------+  +------+------+
//                     |               ^
//                     +---------------+
//
// F1: `back` is one less than the address of the pointer to this node, be it
//     the list's or another node's `next`. So unlinking needs no list.
// F2: The first node of a list that was popped may have a stale `back`;
//     `repair_first` sets it right. So a pop touches one node only.
// F3: `back` of a node that left its list is 0. A program that copies words
//     which it never wrote, as of a union, would else pass on what looks like a
//     link. Not in the tiny profile, where nothing looks for one.
//
// F1 is asked before a link is followed to a write (safe unlinking, of
// glibc 2.3.4, by Ulrich Drepper): so a link that was overwritten stops the
// program, and never has the heap write where it leads. The tiny profile leaves
// the question out.
//
// One less, because nodes and lists are aligned: a word that ends in ones is
// unlikely in a block that is in use, and that tells a double free at the cost
// of one mask. On wasm the displacement folds into the access.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "check.hpp"

namespace mote {

// may_alias: the same bytes are a user's when the block is in use.
struct [[gnu::may_alias]] FreeNode {
  FreeNode* next;
  size_t back;
};

struct [[gnu::may_alias]] FreeList {
  FreeNode* first;
};

// `static`: the one-file build must define nothing but its exported names.

static inline FreeNode* node_before(const FreeNode* node) {
  return reinterpret_cast<FreeNode*>(node->back + 1);
}

static inline size_t back_to(const void* list_or_node) {
  return reinterpret_cast<size_t>(list_or_node) - 1;
}

// Always inlined, as `unlink` is: a slab's birth and death run them for each
// block, and V8 before 13 calls what the compiler left as a call.
[[gnu::always_inline]] static inline void push(FreeList* list, FreeNode* node) {
  FreeNode* first = list->first;
  node->next = first;
  node->back = back_to(list);
  if (first) first->back = back_to(node);
  list->first = node;
}

// The list as the node that its first one follows.
[[maybe_unused]] static inline FreeNode* as_node(FreeList* list) {
  return reinterpret_cast<FreeNode*>(list);
}

[[maybe_unused]] static inline void join(FreeNode* node, FreeNode* next) {
  node->next = next;
  if (next) next->back = back_to(node);
}

template <bool checks_links>
[[gnu::always_inline]] static inline void unlink(FreeNode* node) {
  FreeNode* before = node_before(node);
  FreeNode* next = node->next;
  if (checks_links && before->next != node) mote_trap_corrupted_heap();
  if (next) {
    if (checks_links && next->back != back_to(node)) mote_trap_corrupted_heap();
    next->back = node->back;
  }
  before->next = next;
  if constexpr (checks_links) node->back = 0;
}

// What a block that its user freed has in the place of a back link while it is
// on no list of its owner's (in a batch, in a cache): a second free sees it. It
// ends in ones, as a back link does, and is nothing that programs keep: on wasm
// of the fewest bytes, elsewhere of one instruction.
static inline size_t mark_of(const FreeNode* node) {
  size_t address = reinterpret_cast<size_t>(node);
  return sizeof(size_t) == 4 ? ~address : address + 0x5a7e'5a7f;
}
[[maybe_unused]] static inline void mark_freed(FreeNode* node) {
  node->back = mark_of(node);
}
[[maybe_unused]] static inline bool is_marked_freed(const FreeNode* node) {
  return node->back == mark_of(node);
}

[[maybe_unused]] static inline void repair_first(FreeList* list) {
  list->first->back = back_to(list);
}

}  // namespace mote
