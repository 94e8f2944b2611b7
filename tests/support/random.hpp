// The same numbers on every platform, which the distributions of <random> do
// not promise. Any seed is a good one.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "split_mix.hpp"

namespace mote {

class Random {
 public:
  constexpr explicit Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t next() { return split_mix(state_ += split_mix_step); }

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
