// What a fuzzer's bytes mean: numbers, and a program for a heap. Every input
// means something, a longer one more.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/programs.hpp"

namespace mote {

class FuzzInput {
 public:
  FuzzInput(const uint8_t* bytes, size_t length)
      : at_(bytes), end_(bytes + length) {}

  bool is_over() const { return at_ == end_; }
  // 0 behind the end.
  size_t byte() { return is_over() ? 0 : *at_++; }
  size_t two_bytes() {
    const size_t low = byte();
    return low | byte() << 8;
  }

  // Sizes as random_size() has them: mostly small, some at any place.
  size_t size() {
    const size_t value = two_bytes();
    switch (value >> 14) {
      case 0:
        return value;
      case 1:
        return value % 512;
      case 2:
        return value % 16 * 24;
      default:
        return (value & 0x3fff) * 4;
    }
  }

  Program program() {
    constexpr size_t length_max = 200;
    Program program;
    while (!is_over() && program.size() < length_max) {
      Operation operation = {};
      operation.action = static_cast<Action>(byte() % action_count);
      const size_t place = byte();
      operation.place = static_cast<unsigned>(place % 16);
      operation.align = place < 192 ? 1 : size_t{1} << (place / 16 % 16);
      operation.size = size();
      program.push_back(operation);
    }
    return program;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

// Stops the fuzzer with what is wrong, if anything is.
inline void expect_nothing_wrong(const char* problem, const Program& program,
                                 size_t step_count) {
  if (problem == nullptr) return;
  fprintf(stderr, "mote: %s at step %zu of\n%s", problem, step_count,
          to_text(program).c_str());
  abort();
}

}  // namespace mote
