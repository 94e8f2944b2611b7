// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014): number n of a sequence is `split_mix(seed + n *
// split_mix_step)`. Any seed is a good one, and the state is one number to add
// to, which threads can share. Not for secrets.
#pragma once

#include <stdint.h>

namespace mote {

inline constexpr uint64_t split_mix_step = 0x9E3779B97F4A7C15;

constexpr uint64_t split_mix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return state ^ (state >> 31);
}

}  // namespace mote
