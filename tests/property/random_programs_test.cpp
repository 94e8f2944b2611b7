// Random programs, with verify() after every step, for each configuration and
// each whim of a page source.
#include <gtest/gtest.h>

#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/programs.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

using ProgramChoices = testing::Types<
    Choice<Config{.alignment = 16}>, Choice<Config{.alignment = 8}>,
    Choice<Config{.alignment = 16, .has_slabs = false}>,
    Choice<Config{.alignment = 8, .has_slabs = false}>,
    Choice<Config{.class_count = 4, .slab_size = 512}>, Choice<small_segments>,
    Choice<Config{.alignment = 16, .is_hardened = true}>,
    Choice<Config{.alignment = 8, .is_hardened = true}>>;

template <class C>
class random_programs : public testing::Test {
 protected:
  template <class Source, class Prepare>
  static void check(Prepare prepare, size_t size_max, bool may_refuse) {
    constexpr size_t length = 1000;
    for (unsigned i = 0; i < rounds(12); ++i) {
      const uint64_t program_seed = seed() * 1000 + i;
      const Program program = random_program(program_seed, length, size_max);
      const Outcome outcome = run_program<C::config, Source>(program, prepare);
      if (outcome.problem != nullptr) {
        FAIL() << "seed " << seed() << ", program " << i << ": "
               << explain_failure<C::config, Source>(program, prepare);
      }
      ASSERT_TRUE(may_refuse || outcome.refused_count == 0)
          << "seed " << seed() << ", program " << i << ": refused memory";
    }
  }

  static constexpr size_t arena_bytes = size_t{8} << 20;
  // Slabs below the map's origin would take a map of all addresses. It must not
  // fit, else verify() walks it at every step.
  static constexpr size_t descending_arena_bytes =
      sizeof(void*) == 4 ? size_t{1} << 20 : arena_bytes;
  static constexpr size_t size_max = 40'000;
};

TYPED_TEST_SUITE(random_programs, ProgramChoices, ChoiceNames);

TYPED_TEST(random_programs, with_memory_that_grows_in_place) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
  };
  this->template check<FakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_pages_of_one_byte) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 1;
    pages.first_offset_bytes = 48;
  };
  this->template check<FakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_foreign_growth_upwards) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 4096;
    pages.foreign_bytes = 4096;
  };
  this->template check<FakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_small_gaps_of_foreign_growth) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 1;
    pages.foreign_bytes = 16;
  };
  this->template check<FakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_foreign_growth_downwards) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::descending_arena_bytes;
    pages.page_size_bytes = 4096;
    pages.foreign_bytes = 48;
    pages.descending = true;
  };
  this->template check<FakePages>(prepare, this->size_max, true);
}

TYPED_TEST(random_programs, with_adjacent_spans_downwards) {
  const auto prepare = [](FakePages& pages) {
    pages.arena_bytes = TestFixture::descending_arena_bytes;
    pages.page_size_bytes = 4096;
    pages.descending = true;
  };
  this->template check<FakePages>(prepare, this->size_max, true);
}

TYPED_TEST(random_programs, with_a_tail_that_is_given_back) {
  const auto prepare = [](ReleasingFakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 4096;
  };
  this->template check<ReleasingFakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_a_tail_given_back_to_the_byte) {
  const auto prepare = [](ReleasingFakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 1;
  };
  this->template check<ReleasingFakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_a_tail_that_foreign_growth_holds) {
  const auto prepare = [](ReleasingFakePages& pages) {
    pages.arena_bytes = TestFixture::arena_bytes;
    pages.page_size_bytes = 4096;
    pages.foreign_bytes = 4096;
  };
  this->template check<ReleasingFakePages>(prepare, this->size_max, false);
}

TYPED_TEST(random_programs, with_too_little_memory) {
  const auto prepare = [](FakePages& pages) {
    pages.page_size_bytes = 1024;
    pages.budget_bytes = 64 * 1024;
  };
  this->template check<FakePages>(prepare, 10'000, true);
}

TYPED_TEST(random_programs, in_a_static_array) {
  const auto prepare = [](StaticArray<32 * 1024>&) {};
  this->template check<StaticArray<32 * 1024>>(prepare, 5000, true);
}

}  // namespace
}  // namespace mote
