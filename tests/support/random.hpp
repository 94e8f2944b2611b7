// The same numbers on every platform, which the distributions of <random> do
// not promise. SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
// number generators", 2014): any seed is a good one.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mote {

class Random {
 public:
  constexpr explicit Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t next() {
    uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

  constexpr size_t below(size_t limit) {
    return static_cast<size_t>(next() % limit);
  }

  constexpr size_t between(size_t first, size_t last) {
    return first + below(last - first + 1);
  }

  constexpr bool one_in(size_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace mote
