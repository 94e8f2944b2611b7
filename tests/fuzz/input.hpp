// What a fuzzer's bytes mean: numbers, and a program for a heap. Every input
// means something, a longer one more.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <memory>

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
        return value % 96;
      case 1:
        return value % 512;
      case 2:
        return value % 16 * 24;
      default:
        return value & 0x2000 ? (value & 0x1fff) * 8 : value & 0x1fff;
    }
  }

  Program program() {
    constexpr size_t length_max = 200;
    constexpr size_t aligns[] = {32, 512, 4096, 32768};
    Program program;
    while (!is_over() && program.size() < length_max) {
      Operation operation = {};
      const size_t action = byte();
      operation.action = static_cast<Action>(action % action_count);
      operation.writes = action < 192;
      const size_t place = byte();
      operation.place = static_cast<unsigned>(place % 16);
      operation.align = place < 192 ? 1 : aligns[(place - 192) / 16];
      operation.size = size();
      program.push_back(operation);
    }
    return program;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

// An object of the program's, made anew.
template <class T>
T& anew(T& object) {
  std::destroy_at(&object);
  return *std::construct_at(&object);
}

// Runs a program on what the model holds to its rules, and asks `check()` after
// every step what else is wrong; stops the fuzzer if anything is.
template <size_t alignment, class AnyHeap, class Check>
void run_by_model(AnyHeap& heap, const Program& program, Check check) {
  Model<AnyHeap, alignment, 16> model(heap);
  Outcome outcome;
  const char* const problem = run_steps(model, program, outcome, check);
  if (problem == nullptr) return;
  fprintf(stderr, "mote: %s at step %zu of\n%s", problem, outcome.step_count,
          to_text(program).c_str());
  abort();
}

}  // namespace mote
