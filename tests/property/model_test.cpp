// The tests' own tools: a model that finds nothing proves nothing.
#include "support/model.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <string>

#include "support/programs.hpp"

namespace mote {
namespace {

enum class Fault {
  none,
  overlaps,
  misaligns,
  is_short,
  forgets_to_clear,
  loses_contents,
  writes_into_others,
};

// Hands out an array from low to high; does one thing wrong when a block of
// 1000 bytes or more is asked for.
class BumpHeap {
 public:
  void start_again(Fault fault) {
    fault_ = fault;
    used_ = 0;
    last_ = 16;
    memset(bytes_, 0xDD, sizeof bytes_);
  }

  void* allocate(size_t size, size_t align) {
    const bool fails = size >= 1000;
    size_t begin = align_up(used_, align < 16 ? 16 : align) + 16;
    begin = align_up(begin, align < 16 ? 16 : align);
    if (fails && fault_ == Fault::misaligns) begin += 4;
    if (fails && fault_ == Fault::overlaps) begin = last_;
    if (begin + size > sizeof bytes_) return nullptr;
    char* const ptr = bytes_ + begin;
    if (fails && fault_ == Fault::writes_into_others) bytes_[last_] ^= 1;
    const size_t told = fails && fault_ == Fault::is_short ? size - 1 : size;
    memcpy(ptr - sizeof told, &told, sizeof told);
    last_ = begin;
    used_ = begin + size;
    return ptr;
  }
  void* allocate_zeroed(size_t size, size_t align) {
    void* const ptr = allocate(size, align);
    if (ptr == nullptr) return nullptr;
    const bool fails = size >= 1000 && fault_ == Fault::forgets_to_clear;
    return memset(ptr, 0, fails ? size - 1 : size);
  }
  void* reallocate(void* ptr, size_t, size_t align, size_t size) {
    void* const moved = allocate(size, align);
    if (moved == nullptr || ptr == nullptr) return moved;
    size_t kept = usable_size(ptr) < size ? usable_size(ptr) : size;
    if (size >= 1000 && fault_ == Fault::loses_contents && kept) --kept;
    return memcpy(moved, ptr, kept);
  }
  static bool try_expand(void*, size_t) { return false; }
  static void free(void*, size_t, size_t) {}
  static size_t usable_size(const void* ptr) {
    size_t told = 0;
    if (ptr != nullptr) {
      memcpy(&told, static_cast<const char*>(ptr) - sizeof told, sizeof told);
    }
    return told;
  }

 private:
  Fault fault_;
  size_t used_;
  size_t last_;  // where the last block begins
  alignas(4096) char bytes_[1 << 20];
};

const char* run(const Program& program, Fault fault) {
  static BumpHeap heap;
  heap.start_again(fault);
  Model<BumpHeap, 16> model(heap);
  for (const Operation& operation : program) {
    const char* const problem = model.apply(operation);
    if (problem != nullptr) return problem;
  }
  const char* const problem = model.check_contents();
  return problem != nullptr ? problem : model.free_all();
}

std::string first_problem(Fault fault) {
  const char* const problem = run(random_program(1, 800, 3000), fault);
  return problem != nullptr ? problem : "";
}

TEST(model, says_nothing_about_a_heap_that_is_right) {
  EXPECT_EQ(first_problem(Fault::none), "");
}

TEST(model, finds_what_is_wrong) {
  EXPECT_EQ(first_problem(Fault::overlaps), "overlaps another block");
  EXPECT_EQ(first_problem(Fault::misaligns), "misaligned");
  EXPECT_EQ(first_problem(Fault::is_short), "smaller than asked for");
  EXPECT_EQ(first_problem(Fault::forgets_to_clear), "not zeroed");
  EXPECT_EQ(first_problem(Fault::loses_contents), "reallocation lost contents");
  EXPECT_NE(first_problem(Fault::writes_into_others), "");
}

TEST(model, leaves_what_it_does_not_write_as_it_was) {
  static BumpHeap heap;
  heap.start_again(Fault::none);
  Model<BumpHeap, 16> model(heap);
  const auto bytes_of_the_only_block = [&] {
    std::string bytes;
    model.for_each_live([&](const unsigned char* ptr, size_t usable) {
      bytes.assign(ptr, ptr + usable);
    });
    return bytes;
  };
  EXPECT_STREQ(model.apply({Action::allocate, 0, 3, 1, false}), nullptr);
  EXPECT_EQ(bytes_of_the_only_block(), "\xDD\xDD\xDD");
  EXPECT_STREQ(model.apply({Action::reallocate, 0, 4, 1}), nullptr);
  const std::string written = bytes_of_the_only_block();
  EXPECT_STREQ(model.apply({Action::reallocate, 0, 5, 1, false}), nullptr);
  EXPECT_EQ(bytes_of_the_only_block(), written + '\xDD');
  EXPECT_STREQ(model.free_all(), nullptr);
}

TEST(model, holds_the_heap_to_what_nobody_wrote_to) {
  static BumpHeap heap;
  heap.start_again(Fault::writes_into_others);
  Model<BumpHeap, 16> model(heap);
  EXPECT_STREQ(model.apply({Action::allocate_zeroed, 0, 3, 1, false}), nullptr);
  EXPECT_STREQ(model.apply({Action::allocate, 1, 1000, 1, false}), nullptr);
  EXPECT_STREQ(model.check_contents(), "contents changed");
}

TEST(programs, leave_some_blocks_unwritten) {
  const Program program = random_program(1, 800, 3000);
  const auto written =
      std::count_if(program.begin(), program.end(),
                    [](const Operation& o) { return o.writes; });
  EXPECT_NEAR(static_cast<double>(written), 600, 50);
}

TEST(programs, the_same_seed_gives_the_same_program) {
  EXPECT_EQ(to_text(random_program(7, 50, 1000)),
            to_text(random_program(7, 50, 1000)));
  EXPECT_NE(to_text(random_program(7, 50, 1000)),
            to_text(random_program(8, 50, 1000)));
}

TEST(programs, shrinking_leaves_what_is_needed) {
  const auto fails = [](const Program& program) {
    return run(program, Fault::forgets_to_clear) != nullptr;
  };
  const Program program = random_program(1, 200, 3000);
  ASSERT_TRUE(fails(program));
  const Program minimal = shrunk(program, fails);
  ASSERT_EQ(minimal.size(), 1u) << to_text(minimal);
  EXPECT_EQ(minimal[0].action, Action::allocate_zeroed);
  EXPECT_EQ(minimal[0].size, 1000u);
  EXPECT_EQ(minimal[0].align, 1u);
  EXPECT_TRUE(minimal[0].writes);

  const auto overlaps = [](const Program& smaller) {
    return run(smaller, Fault::overlaps) != nullptr;
  };
  const Program two = shrunk(program, overlaps);
  EXPECT_EQ(two.size(), 2u);
  for (const Operation& operation : two)
    EXPECT_LE(operation.size, 1000u) << to_text(two);
}

TEST(programs, are_printed_as_they_are_written) {
  EXPECT_EQ(to_text({{Action::allocate_zeroed, 3, 100, 16}}),
            "  {Action::allocate_zeroed, 3, 100, 16},\n");
  EXPECT_EQ(to_text({{Action::free, 3, 100, 1, false}}),
            "  {Action::free, 3, 100, 1, false},\n");
}

#ifdef MOTE_HAS_GUARD
TEST(guarded, turns_traps_and_wild_accesses_into_problems) {
  EXPECT_STREQ(guarded([]() -> const char* { return nullptr; }), nullptr);
  EXPECT_STREQ(guarded([]() -> const char* { return "a problem"; }),
               "a problem");
  EXPECT_STREQ(guarded([]() -> const char* { mote_trap_double_free(); }),
               "trapped");
  EXPECT_STREQ(guarded([]() -> const char* {
                 int* volatile wild = reinterpret_cast<int*>(size_t{64});
                 *wild = 1;
                 return nullptr;
               }),
               "wild access");
}
#endif

}  // namespace
}  // namespace mote
