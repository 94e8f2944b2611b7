// What the hardened profile writes behind each block, to see at the block's end
// what happened to it: its seal.
//
//   block (as the heap below gave it)                        block_size
//   +---------------------------------+------------+---------+
//   | payload: the bytes asked for    | slack      | seal    |
//   +---------------------------------+------------+---------+
//                                      known byte   one word
//
//   seal = key ^ facts       facts:  0 ... | slack | align | use | 0 (8 bits)
//
// The key comes from the block's address and the heap's secret. Whatever is
// written over a seal gives, but for one time in 2^check_bits, facts that no
// seal has. Its first byte and its last hold nothing but key: so a write of one
// byte too many, or of one before the next block, is seen unless it happens to
// write what was there. Of the slack, only the first byte is known: whatever
// runs over the end writes it.
//
// H1: The last word of every block in a slab is a seal, whatever its use.
// H2: The slack of a block in use begins with its known byte.
// H3: The payload of a freed block in a slab is 0, but for the two words that
//     link it while it is on a list.
//
// 0, not a pattern: nothing of what was there is left to read, as
// hardened_malloc (GrapheneOS) has it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "check.hpp"
#include "config.hpp"
#include "free_list.hpp"
#include "page_source.hpp"
#include "use.hpp"

namespace mote {

template <Config config, PageSource Source>
class Seal {
 public:
  static constexpr size_t size = sizeof(size_t);
  // What the heap below writes into a free block stays before the seal.
  static constexpr size_t block_size_min = sizeof(FreeNode) + size;

  // What a seal tells, if it is one.
  struct Facts {
    size_t word;

    bool is_seal() const { return !(word & ~(facts_mask << use_shift)); }
    Use use() const { return static_cast<Use>(word >> use_shift & use_mask); }
    size_t align_index() const { return word >> align_shift & align_mask; }
    size_t slack() const { return word >> slack_shift; }
    bool is_in_use() const { return use() > Use::freed; }
    Facts without_align() const {
      return {word & ~(align_mask << align_shift)};
    }
  };

  // Alignments up to the heap's own are 0; those beyond 2^14 of it are alike.
  static constexpr size_t align_index_of(size_t align) {
    if (align <= config.alignment) return 0;
    size_t index = log2(align) - log2(config.alignment);
    return index < align_mask ? index : align_mask;
  }

  // That of a block, there or not.
  Seal(const Source& source, const void* block, size_t block_size)
      : at_(const_cast<char*>(static_cast<const char*>(block)) + block_size -
            size),
        key_(key_of(source, at_)) {}

  size_t block_size(const void* block) const {
    return address_of(at_) - address_of(block) + size;
  }
  // Of the block's bytes, those that were asked for.
  size_t size_of(const void* block, Facts facts) const {
    return address_of(at_) - address_of(block) - facts.slack();
  }

  // For a block in use of so many bytes.
  void set(void* block, size_t block_bytes, Use use, size_t align) {
    set(block, block_bytes,
        {align_index_of(align) << align_shift | static_cast<size_t>(use)
                                                    << use_shift});
  }
  // The same with the facts it had, but the size.
  void set(void* block, size_t block_bytes, Facts facts) {
    char* slack = static_cast<char*>(block) + block_bytes;
    size_t word = facts.word % (1 << slack_shift) |
                  static_cast<size_t>(at_ - slack) << slack_shift;
    if (slack != at_) *slack = static_cast<char>(key_);
    put(at_, word ^ key_);
  }
  // For one that is not in use.
  void set_unused(Use use) {
    put(at_, static_cast<size_t>(use) << use_shift ^ key_);
  }

  Facts facts_or_none() const { return {get(at_) ^ key_}; }

  // Traps when there are none.
  Facts facts() const {
    Facts facts = facts_or_none();
    if (!facts.is_seal()) mote_trap_out_of_bounds();
    return facts;
  }

  // Whether the slack of a block in use begins as it did.
  bool has_known_slack(Facts facts) const {
    return !facts.slack() || *(at_ - facts.slack()) == static_cast<char>(key_);
  }

  // Traps when the block is not in use, or was written over.
  Facts of_block_in_use() const {
    Facts facts = this->facts();
    if (!facts.is_in_use()) mote_trap_double_free();
    if (!has_known_slack(facts)) mote_trap_out_of_bounds();
    return facts;
  }

  // Clears the payload of a freed block. Word by word as long as that is
  // quicker than what an engine does for `memory.fill`.
  void clear(void* block) const {
    char* at = static_cast<char*>(block);
    if (at_ - at > 256) {
      __builtin_memset(at, 0, static_cast<size_t>(at_ - at));
      return;
    }
    for (; at != at_; at += size) put(at, 0);
  }
  // Whether it is so still, from its `begin`th byte on.
  bool is_clear(const void* block, size_t begin) const {
    size_t bits = 0;
    for (const char* at = static_cast<const char*>(block) + begin; at != at_;
         at += size)
      bits |= get(at);
    return !bits;
  }
  void check_clear(const void* block, size_t begin) const {
    if (!is_clear(block, begin)) mote_trap_use_after_free();
  }
  // The two words that link it while it is on a list.
  static void check_clear_words(const void* block) {
    const char* at = static_cast<const char*>(block);
    if (get(at) | get(at + size)) mote_trap_use_after_free();
  }

 private:
  // A wasm32 word has 8 + 16 + 8 bits.
  static constexpr unsigned use_shift = 8;
  static constexpr unsigned align_shift = use_shift + 3;
  static constexpr unsigned slack_shift = align_shift + 4;
  static constexpr size_t use_mask = 7;
  static constexpr size_t align_mask = 15;
  static constexpr size_t facts_mask = 0xFFFF;
  static constexpr size_t slack_max = facts_mask >> (slack_shift - use_shift);
  static_assert(config.small_size_max() <= slack_max + size,
                "an aligned block may have as much slack");

  struct [[gnu::may_alias]] Word {
    size_t value;
  };

  // Atomic where threads are: a block's neighbour is looked at, too.
  static size_t get(const char* at) {
    return __atomic_load_n(&reinterpret_cast<const Word*>(at)->value,
                           __ATOMIC_RELAXED);
  }
  static void put(char* at, size_t value) {
    __atomic_store_n(&reinterpret_cast<Word*>(at)->value, value,
                     __ATOMIC_RELAXED);
  }

  // Odd, so that no known byte is 0, which overruns write most often.
  static size_t key_of(const Source& source, const char* at) {
    size_t key = address_of(at);
    if constexpr (requires { source.secret(); }) key ^= source.secret();
    return key * static_cast<size_t>(0x9E3779B97F4A7C15) | 1;  // 2^64 / phi
  }

  char* at_;
  size_t key_;
};

}  // namespace mote
