// A number that wrappers count with. Its type is the threading policy:
// `AtomicCounter` where allocations come from several threads, `PlainCounter`
// where there is one. Nothing is ordered by it (relaxed): a counter tells how
// many, never that memory is ready. Modules without threads pay nothing for the
// atomic one, clang turns it into the plain one there.
//
// 64 bits everywhere: a program asks for 4 GiB in all within seconds.
#pragma once

#include <stdint.h>

namespace mote {

class PlainCounter {
 public:
  constexpr PlainCounter() = default;
  explicit constexpr PlainCounter(uint64_t value) : value_(value) {}

  uint64_t load() const { return value_; }
  void store(uint64_t value) { value_ = value; }

  // The value after it. To add 2^64 - n is to subtract n.
  uint64_t add(uint64_t amount) { return value_ += amount; }

  // Adds it unless the value would be above the limit; whether it did.
  bool add_within(uint64_t amount, uint64_t limit) {
    if (amount > limit || value_ > limit - amount) return false;
    value_ += amount;
    return true;
  }

  void raise_to(uint64_t value) {
    if (value_ < value) value_ = value;
  }

 private:
  uint64_t value_ = 0;
};

// The same, for any number of threads.
class AtomicCounter {
 public:
  constexpr AtomicCounter() = default;
  explicit constexpr AtomicCounter(uint64_t value) : value_(value) {}

  uint64_t load() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  void store(uint64_t value) {
    __atomic_store_n(&value_, value, __ATOMIC_RELAXED);
  }

  uint64_t add(uint64_t amount) {
    return __atomic_add_fetch(&value_, amount, __ATOMIC_RELAXED);
  }

  bool add_within(uint64_t amount, uint64_t limit) {
    uint64_t value = load();
    do {
      if (amount > limit || value > limit - amount) return false;
    } while (!replace(value, value + amount));
    return true;
  }

  void raise_to(uint64_t value) {
    uint64_t old_value = load();
    while (old_value < value && !replace(old_value, value)) {
    }
  }

 private:
  // False, and `expected` is what it is now, when another thread was first.
  bool replace(uint64_t& expected, uint64_t value) {
    return __atomic_compare_exchange_n(&value_, &expected, value, true,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }

  uint64_t value_ = 0;
};

}  // namespace mote
