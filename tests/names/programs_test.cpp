// Random programs of every call by its real name, in the heap that the program
// itself uses: against the model, and with a walk that must find every block.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "mote/inspect.h"
#include "mote/mote.h"
#include "names/declared.hpp"
#include "native/allocated.hpp"
#include "profile.hpp"
#include "support/c_calls.hpp"
#include "support/pieces.hpp"
#include "support/programs.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

struct Names {
  static void* malloc(size_t size) { return opaque(::malloc(opaque(size))); }
  static void* calloc(size_t count, size_t size) {
    return opaque(::calloc(opaque(count), opaque(size)));
  }
  static void* realloc(void* ptr, size_t size) {
    return opaque(::realloc(opaque(ptr), opaque(size)));
  }
  static void* aligned_alloc(size_t align, size_t size) {
    return opaque(::aligned_alloc(opaque(align), opaque(size)));
  }
  static int posix_memalign(void** result, size_t align, size_t size) {
    return opaque(::posix_memalign(result, opaque(align), opaque(size)));
  }
  static size_t malloc_usable_size(void* ptr) {
    return ::malloc_usable_size(opaque(ptr));
  }
  static void free(void* ptr) { ::free(opaque(ptr)); }
  static void free_sized(void* ptr, size_t size) { ::free_sized(ptr, size); }
  static void free_aligned_sized(void* ptr, size_t align, size_t size) {
    ::free_aligned_sized(ptr, align, size);
  }
  static void* alloc(size_t size, size_t align) {
    return mote_alloc(size, align);
  }
  static void* zalloc(size_t size, size_t align) {
    return mote_zalloc(size, align);
  }
  static void mote_free_sized(void* ptr, size_t size, size_t align) {
    ::mote_free_sized(ptr, size, align);
  }
  static void* realloc_sized(void* ptr, size_t old_size, size_t align,
                             size_t size) {
    return mote_realloc_sized(ptr, old_size, align, size);
  }
  static bool try_expand(void* ptr, size_t size) {
    const int result = mote_try_expand(ptr, size);
    EXPECT_TRUE(result == 0 || result == 1);
    return result != 0;
  }
  static size_t usable_size(const void* ptr) { return mote_usable_size(ptr); }
};

constexpr size_t piece_count_max = size_t{1} << 16;
mote_piece pieces[piece_count_max];

// They are in order, and every live block is one in use.
template <class AnyModel>
const char* check_walk(const AnyModel& model) {
  const size_t count = mote_walk(pieces, piece_count_max);
  if (count > piece_count_max) return "too many pieces for this test";
  const char* problem = check_pieces<MOTE_ALIGNMENT>(pieces, count);
  model.for_each_live([&](const void* ptr, size_t usable_bytes) {
    for (size_t i = 0; i < count; ++i) {
      const bool has_size = profile.is_hardened
                                ? pieces[i].size_bytes >= usable_bytes
                                : pieces[i].size_bytes == usable_bytes;
      if (pieces[i].address == ptr && pieces[i].kind == mote_piece_used &&
          has_size)
        return;
    }
    problem = "the walk does not find a live block";
  });
  return problem;
}

Outcome run(const Program& program) {
  using Calls = CCalls<Names>;
  Outcome outcome;
  outcome.problem = guarded([&]() -> const char* {
    Calls calls(MOTE_ALIGNMENT);
    Model<Calls, MOTE_ALIGNMENT> model(calls);
    return run_steps(model, program, outcome, [&]() -> const char* {
      if (const char* problem = calls.problem()) return problem;
      if (outcome.step_count % 16 != 0) return nullptr;
      if (const char* problem = calls.refuse_nonsense(outcome.step_count))
        return problem;
      return check_walk(model);
    });
  });
  return outcome;
}

TEST(name_programs, keep_the_models_rules) {
  for (unsigned i = 0; i < rounds(40); ++i) {
    const Program program = random_program(seed() * 1000 + i, 1000, 40'000);
    if (run(program).problem != nullptr) {
      FAIL() << "seed " << seed() << ", program " << i << ": "
             << explain(program, run);
    }
  }
}

}  // namespace
}  // namespace mote
