// A heap of the module's own over its memory, with verify() to look at it: one
// heap a module, for the source takes all of it.
#include "hardened_heap.hpp"

#include "memory_grow.hpp"
#include "names.hpp"
#include "profile.hpp"
#include "support/model.hpp"
#include "support/refusing_once.hpp"
#include "verify.hpp"

namespace {

using Pages = mote::RefusingOnce<mote::MemoryGrow>;
constinit mote::HeapOf<mote::profile, Pages, mote::OneThread> the_heap;
using TestedModel = mote::Model<decltype(the_heap), mote::profile.alignment>;
constinit TestedModel model(the_heap);

// Operations, with somebody else growing the memory every `foreign_interval`.
void run_random_program(uint64_t seed, unsigned foreign_interval,
                        bool may_refuse) {
  mote::Random random(seed);
  for (unsigned i = 1; i <= 1500; ++i) {
    const char* const problem =
        model.apply(mote::random_operation(random, 40'000));
    if (problem) mote_test_fail(problem, __FILE__, static_cast<int>(i));
    const char* const broken = mote::verify(the_heap);
    if (broken) mote_test_fail(broken, __FILE__, static_cast<int>(i));
    if (i % foreign_interval == 0) grow_by(1);
  }
  const char* const problem = model.free_all();
  if (problem) mote_test_fail(problem, __FILE__, __LINE__);
  const char* const broken = mote::verify(the_heap);
  if (broken) mote_test_fail(broken, __FILE__, __LINE__);
  MOTE_CHECK(may_refuse || model.refused_count() == 0);
}

MOTE_CASE(random_program) { run_random_program(1, 10'000, false); }
MOTE_CASE(another_random_program) { run_random_program(2, 10'000, false); }
MOTE_CASE(random_program_with_foreign_growth) {
  run_random_program(3, 7, false);
}
MOTE_CASE_MAX_PAGES(random_program_in_fixed_memory, MOTE_INITIAL_PAGES) {
  run_random_program(4, 10'000, true);
}
MOTE_CASE_MAX_PAGES(random_program_with_little_memory, 18) {
  run_random_program(5, 100, true);
}

template <size_t n>
void refuse_request() {
  the_heap.source().refuse_at = n;
  run_random_program(n, 10'000, true);
  MOTE_CHECK(the_heap.source().acquire_count >= n);
}
MOTE_CASE(first_request_refused) { refuse_request<1>(); }
MOTE_CASE(second_request_refused) { refuse_request<2>(); }
MOTE_CASE(third_request_refused) { refuse_request<3>(); }

MOTE_CASE(a_heap_is_sound_from_its_first_state_on) {
  MOTE_CHECK(mote::verify(the_heap) == nullptr);
  void* const ptr = the_heap.allocate(100, 1);
  MOTE_CHECK(ptr >= &__heap_base);
  MOTE_CHECK(mote::verify(the_heap) == nullptr);
  the_heap.free(ptr);
  MOTE_CHECK(mote::verify(the_heap) == nullptr);
}

}  // namespace
