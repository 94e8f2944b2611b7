// A block that tells what it must hold: its size, a mark, and behind them words
// that count up from the mark. So it is seen when a byte was overwritten, when
// a block holds another's bytes, and when bytes were moved to another place.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "split_mix.hpp"

namespace mote {

struct FilledBlock {
  uint32_t size;
  uint32_t mark;

  static constexpr size_t size_min = 2 * sizeof(uint32_t);

  static FilledBlock* write(void* ptr, size_t size, uint32_t mark) {
    auto* block = static_cast<FilledBlock*>(ptr);
    *block = {static_cast<uint32_t>(size), mark};
    block->for_each_value(size, [](unsigned char* bytes, auto value) {
      __builtin_memcpy(bytes, &value, sizeof(value));
    });
    return block;
  }

  // Whether the first `up_to` bytes are those that were written: after a
  // reallocation to less, the rest is gone.
  bool is_whole(size_t up_to) {
    uint64_t differing = 0;
    for_each_value(up_to, [&](unsigned char* bytes, auto value) {
      auto found = value;
      __builtin_memcpy(&found, bytes, sizeof(found));
      differing |= found ^ value;
    });
    return differing == 0;
  }
  bool is_whole() { return is_whole(size); }

 private:
  // Words, then the bytes of a last one: no memory.copy, which V8 refuses for a
  // moment in memory that another thread has just grown.
  template <class Action>
  void for_each_value(size_t size_bytes, Action action) {
    auto* bytes = reinterpret_cast<unsigned char*>(this + 1);
    const size_t count = size_bytes - size_min;
    uint64_t word = split_mix(mark);
    size_t at = 0;
    for (; at + sizeof(word) <= count; at += sizeof(word)) {
      action(bytes + at, word);
      word += split_mix_step;
    }
    const auto* last = reinterpret_cast<const unsigned char*>(&word);
    for (; at < count; ++at) action(bytes + at, *last++);
  }
};
static_assert(sizeof(FilledBlock) == FilledBlock::size_min);

}  // namespace mote
