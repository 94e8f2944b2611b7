// What every workload stands on: the allocator under test behind four names,
// blocks whose ends are written and verified, and repeatable random numbers.
//
// The four names are the benchmark's ABI (see README.md). They carry sizes and
// alignments so that an allocator that needs them to free (Zig, Rust style) can
// be measured beside those that do not.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../abi/names.hpp"

#ifdef __wasm__
#define BENCH_EXPORT(name) extern "C" [[clang::export_name(#name)]]
#define BENCH_IMPORT(module, name) \
  extern "C" [[clang::import_module(module), clang::import_name(name)]]
#else
#define BENCH_EXPORT(name) extern "C"
#define BENCH_IMPORT(module, name) extern "C"
#endif

// A row of the tables: a function that leaves nothing allocated behind.
#define ROW(name) BENCH_EXPORT(run_##name) void run_##name()

namespace bench {

// The counting build computes what belongs to the workload alone (operations,
// peak live bytes, limits), so that the timed build spends nothing on it.
#ifdef BENCH_COUNT
void count(size_t removed_size, size_t added_size, bool removed, bool added);
#else
inline void count(size_t, size_t, bool, bool) {}
#endif

// A failed row traps, after noting why: its figures would mean nothing.
enum class Failure : uint32_t { none, out_of_memory, wrong_contents };
inline Failure failure;

[[noreturn, gnu::noinline, gnu::cold]] inline void fail(Failure why) {
  failure = why;
  __builtin_trap();
}

inline void require(bool condition) {
  if (!condition) fail(Failure::wrong_contents);
}

inline void require_memory(const void* ptr) {
  if (!ptr) fail(Failure::out_of_memory);
}

inline uint32_t load(const char* at) {
  uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}

inline void store(char* at, uint32_t word) {
  __builtin_memcpy(at, &word, sizeof word);
}

// One byte repeated, so that the two words agree where they overlap.
inline void write_ends(char* ptr, size_t size, uint8_t tag) {
  if (size >= 4) {
    uint32_t word = tag * 0x01010101u;
    store(ptr, word);
    store(ptr + size - 4, word);
  } else if (size > 0) {
    ptr[0] = ptr[size - 1] = static_cast<char>(tag);
  }
}

inline void check_ends(const char* ptr, size_t size, uint8_t tag) {
  if (size >= 4) {
    uint32_t word = tag * 0x01010101u;
    require(load(ptr) == word && load(ptr + size - 4) == word);
  } else if (size > 0) {
    require(static_cast<uint8_t>(ptr[0]) == tag &&
            static_cast<uint8_t>(ptr[size - 1]) == tag);
  }
}

inline uint8_t tag_of(size_t size) {
  return static_cast<uint8_t>(size * 37 + 11);
}

// Blocks as bare memory, for workloads that put their own tags in both ends.
inline void* allocate(size_t size) {
  count(0, size, false, true);
  void* ptr = bench_malloc(size);
  require_memory(ptr);
  return ptr;
}

inline void release(void* ptr, size_t size, size_t align = 0) {
  count(size, 0, true, false);
  bench_free(ptr, size, align);
}

// Blocks with their ends written at birth and verified at death.
inline char* take(size_t size) {
  char* ptr = static_cast<char*>(allocate(size));
  write_ends(ptr, size, tag_of(size));
  return ptr;
}

inline char* take_aligned(size_t align, size_t size) {
  count(0, size, false, true);
  char* ptr = static_cast<char*>(bench_aligned_alloc(align, size));
  require_memory(ptr);
  require(reinterpret_cast<uintptr_t>(ptr) % align == 0);
  write_ends(ptr, size, tag_of(size));
  return ptr;
}

inline void give(char* ptr, size_t size, size_t align = 0) {
  check_ends(ptr, size, tag_of(size));
  release(ptr, size, align);
}

inline char* resize(char* ptr, size_t old_size, size_t new_size,
                    size_t align = 0) {
  check_ends(ptr, old_size, tag_of(old_size));
  count(old_size, new_size, true, true);
  ptr = static_cast<char*>(bench_realloc(ptr, old_size, align, new_size));
  require_memory(ptr);
  if (new_size >= old_size) {
    check_ends(ptr, old_size, tag_of(old_size));
  } else if (new_size >= 4) {
    require(load(ptr) == tag_of(old_size) * 0x01010101u);
  }
  write_ends(ptr, new_size, tag_of(new_size));
  return ptr;
}

// xorshift32 (Marsaglia, "Xorshift RNGs", 2003): the same numbers everywhere.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed) {}

  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }

  // Below `bound`; the bias of the multiplication does not matter here.
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>((uint64_t{next()} * bound) >> 32);
  }

  uint32_t between(uint32_t low, uint32_t high) {
    return low + below(high - low + 1);
  }

  // As many sizes between 2^k and 2^(k+1) for every k.
  uint32_t log_uniform(uint32_t low_bit, uint32_t high_bit) {
    uint32_t base = 1u << between(low_bit, high_bit - 1);
    return base + below(base);
  }

 private:
  uint32_t state_;
};

struct Block {
  char* ptr;
  uint32_t size;
};

}  // namespace bench
