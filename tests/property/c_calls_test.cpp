// Random programs of every call of the C library and of mote.h, against the
// model and with verify() after every step. The same calls by their real names,
// in the program's own heap: tests/names/programs_test.cpp.
#include "support/c_calls.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/programs.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

// A template argument must be an object of the program's: so each program gets
// what is made anew in the place of the heap before.
template <Config config, class Source>
ProgramHeap<config, Source> one_heap;

template <Config config, class Source, class Prepare>
Outcome run(const Program& program, Prepare prepare) {
  auto& heap = one_heap<config, Source>;
  std::destroy_at(&heap);
  std::construct_at(&heap);
  prepare(heap.source());
  Outcome outcome;
  outcome.problem = guarded([&]() -> const char* {
    using Calls = CCalls<Rules<one_heap<config, Source>>>;
    Calls calls(config.alignment);
    Model<Calls, config.alignment, 24> model(calls);
    return run_steps(model, program, outcome, [&]() -> const char* {
      if (outcome.step_count % 8 == 0)
        if (const char* problem = calls.refuse_nonsense(outcome.step_count))
          return problem;
      if (const char* problem = calls.problem()) return problem;
      const char* problem = model.check_contents();
      return problem ? problem : heap.verify();
    });
  });
  return outcome;
}

template <class C>
class c_calls : public testing::Test {
 protected:
  template <class Source, class Prepare>
  static void check(size_t size_max, Prepare prepare) {
    for (unsigned i = 0; i < rounds(24); ++i) {
      const Program program =
          random_program(seed() * 1000 + i, length, size_max);
      const auto run_one = [&](const Program& any) {
        return run<C::config, Source>(any, prepare);
      };
      if (run_one(program).problem != nullptr) {
        FAIL() << "seed " << seed() << ", program " << i << ": "
               << explain(program, run_one);
      }
    }
  }

  static constexpr size_t length = 300;
};

// Of each profile, and of threads.
using CallChoices =
    Joined<ProfileChoices, testing::Types<Choice<small_segments>>>;
TYPED_TEST_SUITE(c_calls, CallChoices, ChoiceNames);

TYPED_TEST(c_calls, with_memory_that_grows) {
  this->template check<FakePages>(20'000, [](FakePages& pages) {
    pages.arena_bytes = size_t{8} << 20;
    pages.page_size_bytes = 4096;
    pages.foreign_bytes = 64;
  });
}

TYPED_TEST(c_calls, with_memory_that_is_given_back) {
  this->template check<ReleasingFakePages>(5000, [](ReleasingFakePages& pages) {
    pages.arena_bytes = size_t{8} << 20;
    pages.page_size_bytes = 1;
  });
}

TYPED_TEST(c_calls, with_too_little_memory) {
  this->template check<FakePages>(5000, [](FakePages& pages) {
    pages.page_size_bytes = 1024;
    pages.budget_bytes = 24 * 1024;
  });
}

TYPED_TEST(c_calls, in_a_static_array) {
  this->template check<StaticArray<16 * 1024>>(3000,
                                               [](StaticArray<16 * 1024>&) {});
}

}  // namespace
}  // namespace mote
