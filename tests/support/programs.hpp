// Random programs for a heap: made from a seed, run against the model with
// verify() after every step, shrunk when they fail, and printed so that the
// minimal one can be pasted into a test.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "guarded.hpp"
#include "hardened_heap.hpp"
#include "model.hpp"
#include "poisoned.hpp"
#include "random.hpp"
#include "threading.hpp"

namespace mote {

// The heap that a program runs on; one of threads, of which the program is the
// only one, where the configuration is for such.
struct OnlySlot {
  static inline void* value = nullptr;
  static void* get() { return value; }
  static void set(void* to) { value = to; }
};
template <Config config>
using ProgramThreads =
    typename Either<config.segment_size != 0, PerThread<NoLock, OnlySlot>,
                    OneThread>::Type;
template <Config config, class Source>
struct ProgramHeap : Poisoned<HeapOf<config, Source, ProgramThreads<config>>> {
  ProgramHeap() { OnlySlot::set(nullptr); }
};
// Slabs, segments and what a thread keeps so small that they come and go.
inline constexpr Config small_segments = {.class_count = 4,
                                          .slab_size = 512,
                                          .segment_size = 1024,
                                          .thread_cache_bytes = 2048};

using Program = std::vector<Operation>;

inline Program random_program(uint64_t seed, size_t length, size_t size_max) {
  Random random(seed);
  Program program;
  for (size_t i = 0; i < length; ++i) {
    program.push_back(random_operation(random, size_max));
  }
  return program;
}

// What went wrong, and after how many operations. A null problem: nothing.
struct Outcome {
  const char* problem = nullptr;
  size_t step_count = 0;
  size_t refused_count = 0;
};

// Runs a program on what the model holds to its rules, and asks `check()` after
// every step what else is wrong.
template <class AnyModel, class Check>
const char* run_steps(AnyModel& model, const Program& program, Outcome& outcome,
                      Check check) {
  for (const Operation& operation : program) {
    ++outcome.step_count;
    const char* problem = model.apply(operation);
    if (problem == nullptr) problem = check();
    if (problem != nullptr) return problem;
  }
  outcome.refused_count = model.refused_count();
  const char* problem = model.check_contents();
  if (problem == nullptr) problem = model.free_all();
  return problem != nullptr ? problem : check();
}

// The same on a new heap that `prepare(heap.source())` has set up.
template <Config config, class Source, class Prepare>
Outcome run_program(const Program& program, Prepare prepare) {
  Outcome outcome;
  outcome.problem = guarded([&]() -> const char* {
    ProgramHeap<config, Source> heap;
    prepare(heap.source());
    Model<decltype(heap), config.alignment> model(heap);
    return run_steps(model, program, outcome, [&] { return heap.verify(); });
  });
  return outcome;
}

inline void drop(Program& program, size_t begin, size_t end) {
  const auto first = program.begin();
  program.erase(first + static_cast<ptrdiff_t>(begin),
                first + static_cast<ptrdiff_t>(end));
}

// Drops operations, then makes them plainer, as long as `fails`, a
// function of a program, says yes. What is left fails, and each of its
// operations is needed for that.
template <class Fails>
Program shrunk(Program program, Fails fails) {
  const auto replace_if_it_fails = [&](const Program& smaller) {
    if (!fails(smaller)) return false;
    program = smaller;
    return true;
  };
  for (size_t length = program.size() / 2; length > 0;) {
    bool has_dropped = false;
    for (size_t begin = 0; begin + length <= program.size();) {
      Program smaller = program;
      drop(smaller, begin, begin + length);
      if (replace_if_it_fails(smaller)) {
        has_dropped = true;
      } else {
        begin += length;
      }
    }
    if (length > 1) {
      length /= 2;
    } else if (!has_dropped) {
      break;
    }
  }
  for (size_t i = 0; i < program.size(); ++i) {
    Program simpler = program;
    simpler[i].align = 1;
    if (program[i].align != 1) replace_if_it_fails(simpler);
    simpler = program;
    simpler[i].writes = true;
    if (!program[i].writes) replace_if_it_fails(simpler);
    for (size_t step = program[i].size / 2; step > 0; step /= 2) {
      simpler = program;
      do {
        if (simpler[i].size < step) break;
        simpler[i].size -= step;
      } while (replace_if_it_fails(simpler));
    }
  }
  return program;
}

inline std::string to_text(const Program& program) {
  static const char* const names[action_count] = {
      "allocate", "allocate_zeroed", "reallocate", "try_expand", "free",
      "trim"};
  std::string text;
  for (const Operation& operation : program) {
    text += "  {Action::";
    text += names[static_cast<size_t>(operation.action)];
    text += ", " + std::to_string(operation.place) + ", " +
            std::to_string(operation.size) + ", " +
            std::to_string(operation.align) +
            (operation.writes ? "},\n" : ", false},\n");
  }
  return text;
}

// What goes wrong with a program that fails, and its minimal form.
// `run(program)` tells the outcome.
template <class Run>
std::string explain(Program program, Run run) {
  const Outcome outcome = run(program);
  drop(program, outcome.step_count, program.size());
  const Program minimal = shrunk(program, [&](const Program& smaller) {
    return run(smaller).problem != nullptr;
  });
  const Outcome last = run(minimal);
  return std::string(outcome.problem) + " at step " +
         std::to_string(outcome.step_count) + "; the minimal program (" +
         (last.problem != nullptr ? last.problem : "passes") + "):\n" +
         to_text(minimal);
}

template <Config config, class Source, class Prepare>
std::string explain_failure(const Program& program, Prepare prepare) {
  return explain(program, [&](const Program& smaller) {
    return run_program<config, Source>(smaller, prepare);
  });
}

}  // namespace mote
