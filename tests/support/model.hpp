// What a heap must look like from outside: every live block is aligned, apart
// from all others, and keeps its bytes, whether its user ever writes to it or
// not. Needs no C library, so that it holds a freestanding module to the same
// rules.
//
// A program is a list of operations on numbered places. Each operation makes
// sense whatever came before it (to allocate at a place frees what is there),
// so a failing program stays one when operations are dropped from it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "random.hpp"

namespace mote {

enum class Action : uint8_t {
  allocate,
  allocate_zeroed,
  reallocate,
  try_expand,
  free,
  trim,
};
inline constexpr size_t action_count = 6;

struct Operation {
  Action action;
  unsigned place;
  size_t size;
  size_t align;
  bool writes = true;  // to what it got; else what lay there before stays
};

template <class Heap, size_t alignment, unsigned place_count = 64>
class Model {
 public:
  constexpr explicit Model(Heap& heap) : heap_(heap) {}

  // Does it; returns what is wrong then, or null. To be refused memory is not
  // wrong (see `refused_count`), as long as nothing else changed.
  const char* apply(const Operation& operation) {
    Block& block = blocks_[operation.place % place_count];
    switch (operation.action) {
      case Action::allocate:
      case Action::allocate_zeroed:
        return allocate(block, operation);
      case Action::reallocate:
        return reallocate(block, operation);
      case Action::try_expand:
        return try_expand(block, operation);
      case Action::free:
        return free(block);
      case Action::trim:
        if constexpr (requires { heap_.trim(); }) heap_.trim();
        return nullptr;
    }
    return "an unknown action";
  }

  // Whether all live blocks still have their bytes.
  const char* check_contents() const {
    for (const Block& block : blocks_) {
      if (!is_intact(block)) return "contents changed";
    }
    return nullptr;
  }

  // Calls `visit(ptr, usable_bytes)` for every live block.
  template <class Visit>
  void for_each_live(Visit visit) const {
    for (const Block& block : blocks_) {
      if (block.ptr != nullptr) visit(block.ptr, block.usable);
    }
  }

  const char* free_all() {
    for (Block& block : blocks_) {
      if (const char* problem = free(block)) return problem;
    }
    return nullptr;
  }

  size_t refused_count() const { return refused_count_; }

 private:
  struct Block {
    unsigned char* ptr = nullptr;
    size_t size = 0;
    size_t usable = 0;
    size_t known = 0;  // its first bytes, which are all `fill`
    size_t align = 1;
    unsigned char fill = 0;
  };

  const char* allocate(Block& block, const Operation& operation) {
    if (const char* problem = free(block)) return problem;
    const bool zeroed = operation.action == Action::allocate_zeroed;
    const size_t size = operation.size;
    void* const ptr = zeroed ? heap_.allocate_zeroed(size, operation.align)
                             : heap_.allocate(size, operation.align);
    if (ptr == nullptr) return refused();
    block.align = operation.align;
    if (const char* problem = settle(block, ptr, size)) return problem;
    return use(block, zeroed ? size : 0, operation.writes) ? nullptr
                                                           : "not zeroed";
  }

  const char* reallocate(Block& block, const Operation& operation) {
    if (block.ptr == nullptr) block.align = operation.align;
    const size_t kept = kept_bytes(block, operation.size);
    void* const ptr =
        heap_.reallocate(block.ptr, block.size, block.align, operation.size);
    if (ptr == nullptr) {
      if (!is_intact(block)) return "a refused reallocation changed contents";
      return refused();
    }
    const char* const problem = settle(block, ptr, operation.size);
    if (problem != nullptr) return problem;
    return use(block, kept, operation.writes) ? nullptr
                                              : "reallocation lost contents";
  }

  const char* try_expand(Block& block, const Operation& operation) {
    if (block.ptr == nullptr) return nullptr;
    if (!heap_.try_expand(block.ptr, operation.size)) {
      if (heap_.usable_size(block.ptr) != block.usable) {
        return "a refused expansion changed the size";
      }
      return is_intact(block) ? nullptr
                              : "a refused expansion changed contents";
    }
    const size_t kept = kept_bytes(block, operation.size);
    const char* const problem = settle(block, block.ptr, operation.size);
    if (problem != nullptr) return problem;
    return use(block, kept, operation.writes) ? nullptr
                                              : "expansion lost contents";
  }

  const char* free(Block& block) {
    if (!is_intact(block)) return "contents changed";
    heap_.free(block.ptr, block.size, block.align);
    block = {};
    return nullptr;
  }

  const char* refused() {
    ++refused_count_;
    return nullptr;
  }

  // The place's block is now the one at `ptr`.
  const char* settle(Block& block, void* ptr, size_t size) {
    block.ptr = static_cast<unsigned char*>(ptr);
    block.size = size;
    block.usable = heap_.usable_size(ptr);
    if (block.usable < size) return "smaller than asked for";
    if (address_of(ptr) % alignment != 0) return "misaligned";
    if (block.align > 1 && address_of(ptr) % block.align != 0) {
      return "not aligned as asked for";
    }
    for (const Block& other : blocks_) {
      if (other.ptr == nullptr || &other == &block) continue;
      if (block.ptr < other.ptr + other.usable &&
          other.ptr < block.ptr + block.usable) {
        return "overlaps another block";
      }
    }
    return nullptr;
  }

  // The user has a block whose first `known` bytes must be its fill, and writes
  // to all of it or to none; whether they are.
  bool use(Block& block, size_t known, bool writes) {
    block.known = known;
    if (!is_intact(block)) return false;
    if (!writes) return true;
    block.fill = static_cast<unsigned char>(++fill_);
    block.known = block.usable;
    for (size_t i = 0; i < block.known; ++i) block.ptr[i] = block.fill;
    return true;
  }

  static bool is_intact(const Block& block) {
    for (size_t i = 0; i < block.known; ++i) {
      if (block.ptr[i] != block.fill) return false;
    }
    return true;
  }
  // Of those that are known, what a block of another size has as well.
  static size_t kept_bytes(const Block& block, size_t size) {
    return min(min(block.known, block.size), size);
  }
  static size_t min(size_t a, size_t b) { return a < b ? a : b; }

  Heap& heap_;
  Block blocks_[place_count];
  unsigned fill_ = 0;
  size_t refused_count_ = 0;
};

// Sizes as programs have them: most small, few large, some at the edges where
// size classes and bins change.
inline size_t random_size(Random& random, size_t size_max) {
  switch (random.below(16)) {
    case 0:
      return 0;
    case 1: {
      const size_t power = size_t{1} << random.below(14);
      return (power + random.below(33) - 16) % (size_max + 1);
    }
    case 2:
      return random.below(size_max + 1);
    case 3:
    case 4:
      return random.below(size_max / 10 + 1);
    case 5:
    case 6:
    case 7:
      return random.below(1500);
    default:
      return random.below(300);
  }
}

inline Operation random_operation(Random& random, size_t size_max) {
  constexpr Action actions[] = {
      Action::allocate,   Action::allocate,   Action::allocate,
      Action::allocate,   Action::allocate,   Action::allocate_zeroed,
      Action::reallocate, Action::reallocate, Action::try_expand,
      Action::free,       Action::free,       Action::free,
      Action::free,       Action::free,       Action::trim,
  };
  Operation operation = {};
  operation.action = actions[random.below(sizeof actions / sizeof *actions)];
  operation.place = static_cast<unsigned>(random.below(64));
  operation.size = random_size(random, size_max);
  operation.align =
      random.one_in(8) ? size_t{1} << random.below(13) : size_t{1};
  operation.writes = !random.one_in(4);
  return operation;
}

}  // namespace mote
