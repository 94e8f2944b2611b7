// The seed of the random tests: 1, or what --seed=N on the command line or
// MOTE_SEED in the environment says. Printed, so that a failure can be had
// again.
#pragma once

#include <gtest/gtest.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "asan.hpp"

namespace mote {

inline uint64_t read_seed() {
  constexpr const char* option = "--seed=";
  constexpr size_t option_length = 7;
  for (const std::string& argument : testing::internal::GetArgvs()) {
    if (argument.compare(0, option_length, option) == 0) {
      return strtoull(argument.c_str() + option_length, nullptr, 0);
    }
  }
  const char* const variable = getenv("MOTE_SEED");
  return variable != nullptr ? strtoull(variable, nullptr, 0) : 1;
}

inline uint64_t seed() {
  static const uint64_t the_seed = [] {
    const uint64_t value = read_seed();
    printf("seed %llu (--seed=N or MOTE_SEED=N for another)\n",
           static_cast<unsigned long long>(value));
    return value;
  }();
  return the_seed;
}

// How much of the random work a test does. An engine or a sanitizer is several
// times slower than the machine, and the suites are to end within a minute.
inline constexpr unsigned rounds(unsigned count) {
#if defined(__wasm__) || defined(_WIN32)
  constexpr bool is_slow = true;
#else
  constexpr bool is_slow = has_asan;
#endif
  return is_slow ? (count + 3) / 4 : count;
}

}  // namespace mote
