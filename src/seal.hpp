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
// Inlined where it is asked: a member that is called is given the seal's
// address, for which wasm needs memory and a stack frame (370 bytes in all).
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

    static Facts of(Use use, size_t align) {
      return {align_index_of(align) << align_shift | static_cast<size_t>(use)
                                                         << use_shift};
    }

    bool is_seal() const { return !(word & ~(facts_mask << use_shift)); }
    bool is_unused(Use use) const { return word == of(use, 1).word; }
    Use use() const { return static_cast<Use>(word >> use_shift & use_mask); }
    size_t align_index() const { return word >> align_shift & align_mask; }
    size_t slack() const { return word >> slack_shift; }
    bool is_in_use() const { return use() > Use::freed; }
    Facts with_slack(size_t bytes) const {
      return {word % (1 << slack_shift) | bytes << slack_shift};
    }
  };

  // Alignments up to the heap's own are 0; those a factor of 2^16 apart are
  // alike.
  static constexpr size_t align_index_of(size_t align) {
    return (leading_zeros(align | config.alignment) ^
            leading_zeros(config.alignment)) &
           align_mask;
  }

  // That of a block, there or not.
  Seal(const Source& source, const void* block, size_t block_size)
      : at_(const_cast<char*>(static_cast<const char*>(block)) + block_size -
            size),
        secret_(source) {}

  size_t block_size(const void* block) const {
    return address_of(at_) - address_of(block) + size;
  }
  // Of the block's bytes, those that were asked for.
  size_t size_of(const void* block, Facts facts) const {
    return address_of(at_) - address_of(block) - facts.slack();
  }

  // For a block in use of so many bytes, whatever slack the facts are of.
  [[gnu::always_inline]] void set(void* block, size_t block_bytes,
                                  Facts facts) {
    char* slack = static_cast<char*>(block) + block_bytes;
    if (slack != at_) *slack = static_cast<char>(key());
    put(at_, facts.with_slack(static_cast<size_t>(at_ - slack)).word ^ key());
  }
  // For one that is not in use.
  void set_unused(Use use) { put(at_, Facts::of(use, 1).word ^ key()); }

  Facts facts() const { return {get(at_) ^ key()}; }

  // Whether the slack of a block in use begins as it did.
  [[gnu::always_inline]] bool has_known_slack(Facts facts) const {
    return !facts.slack() || *(at_ - facts.slack()) == static_cast<char>(key());
  }

  // Traps when there is no seal.
  [[gnu::always_inline]] Facts checked_facts() const {
    Facts facts = this->facts();
    if (!facts.is_seal()) mote_trap_out_of_bounds();
    return facts;
  }
  // And when the block is not in use, or was written over.
  [[gnu::always_inline]] void check_in_use() const {
    Facts facts = checked_facts();
    if (!facts.is_in_use()) mote_trap_double_free();
    if (!has_known_slack(facts)) mote_trap_out_of_bounds();
  }

  // Clears the payload of a freed block. Eight bytes at a time as long as that
  // is quicker than what an engine does for `memory.fill`.
  void clear(void* block) const {
    char* at = static_cast<char*>(block);
    if (at_ - at > 256) {
      __builtin_memset(at, 0, static_cast<size_t>(at_ - at));
      return;
    }
    for (; at_ - at >= 8; at += 8) *reinterpret_cast<Payload*>(at) = 0;
    if constexpr (size < 8)
      if (at != at_) put(at, 0);
  }
  // Whether it is so still, from its `begin`th byte on.
  [[gnu::always_inline]] bool is_clear(const void* block, size_t begin) const {
    return are_zero(static_cast<const char*>(block) + begin, at_);
  }
  [[gnu::always_inline]] void check_clear(const void* block,
                                          size_t begin) const {
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

  // Atomic where threads are: a block's neighbour is looked at, too. In a
  // linear memory, where words cannot tear, by plain accesses: V8 may stop an
  // atomic one in memory that another thread has just grown (page_map.hpp).
  static size_t get(const char* at) {
    if constexpr (Source::is_near_zero)
      return reinterpret_cast<const volatile Word*>(at)->value;
    return __atomic_load_n(&reinterpret_cast<const Word*>(at)->value,
                           __ATOMIC_RELAXED);
  }
  static void put(char* at, size_t value) {
    if constexpr (Source::is_near_zero) {
      reinterpret_cast<volatile Word*>(at)->value = value;
      return;
    }
    __atomic_store_n(&reinterpret_cast<Word*>(at)->value, value,
                     __ATOMIC_RELAXED);
  }

  // Its user's alone. Volatile, for a compiler makes `memory.fill` of a loop.
  using Payload [[gnu::may_alias]] = volatile uint64_t;

  static bool are_zero(const char* at, const char* end) {
    uint64_t bits = 0;
    for (; end - at >= 8; at += 8)
      bits |= *reinterpret_cast<const Payload*>(at);
    if constexpr (size < 8)
      if (at != end) bits |= get(at);
    return !bits;
  }

  struct NoSecret {
    explicit NoSecret(const Source&) {}
    static constexpr size_t value = 0;
  };
  struct Secret {
    explicit Secret(const Source& source) : value(source.secret()) {}
    size_t value;
  };
  static constexpr bool has_secret =
      requires(const Source& source) { source.secret(); };

  // Odd, so that no known byte is 0, which overruns write most often.
  size_t key() const {
    size_t mixed = (address_of(at_) ^ secret_.value) *
                   static_cast<size_t>(0x9E3779B97F4A7C15);  // 2^64 / phi
    return mixed | 1;
  }

  char* at_;
  [[no_unique_address]]
  typename Either<has_secret, Secret, NoSecret>::Type secret_;
};

}  // namespace mote
