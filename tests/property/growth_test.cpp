// What a heap asks its source for when it grows. In a linear memory it asks for
// less by what is free at its end, without a look whether that is enough
// already: then it would ask for nothing, or for nearly all addresses.
#include <gtest/gtest.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "back_heap.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

// Says what it was asked for at most.
struct LinearPages : LinearFakePages {
  size_t asked_bytes = 0;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    asked_bytes = std::max(asked_bytes, size_bytes);
    return FakePages::acquire(size_bytes);
  }
};

// A back heap alone, and a random program on it: blocks of all alignments come,
// go, and are reallocated, more often than others the last one.
template <Config config>
class RandomGrowth {
 public:
  explicit RandomGrowth(uint64_t seed) : random_(seed) {
    constexpr size_t page_sizes[] = {1, 48, 1024, 65536};
    constexpr size_t size_limits[] = {64, 700, 5000, 40'000};
    pages().arena_bytes = size_t{1} << 20;
    pages().page_size_bytes = page_sizes[random_.below(4)];
    size_limit_ = size_limits[random_.below(4)];
    align_limit_ = random_.one_in(2) ? 1 : 14;
    is_shared_ = random_.one_in(2);
    births_in_six_ = random_.between(2, 4);
  }

  // What is wrong, or null.
  const char* run() {
    for (int step = 0; step < 400 && !problem_; ++step) {
      pages().foreign_bytes =
          is_shared_ && random_.one_in(3) ? random_.between(1, 5000) : 0;
      const size_t size = random_.below(size_limit_);
      const size_t align = size_t{1} << random_.below(align_limit_);
      if (blocks_.empty() || random_.below(6) < births_in_six_) {
        add(allocate(size, align, back_.no_block()), size);
      } else {
        const Block block = take_some();
        Header* const header = back_.block_in_use(block.ptr);
        if (random_.one_in(2)) {
          reallocate(block, header, size, align);
        } else {
          back_.give(header);
        }
      }
    }
    return problem_;
  }

 private:
  using Back = BackHeap<config, LinearPages>;
  struct Block {
    char* ptr;
    size_t size;
  };

  LinearPages& pages() { return back_.source(); }

  void* allocate(size_t size, size_t align, Header* moving) {
    // A header, what rounds up, and what memory from elsewhere needs.
    constexpr size_t beside = 256;
    void* const ptr = back_.allocate(size, align, moving);
    if (pages().asked_bytes > size + align + beside)
      problem_ = "asked for more than a block needs";
    pages().asked_bytes = 0;
    return ptr;
  }

  void reallocate(const Block& block, Header* header, size_t size,
                  size_t align) {
    void* const moved = allocate(size, align, header);
    if (moved == nullptr) return add(block.ptr, block.size);
    if (moved != block.ptr) {
      if (!is_intact(block.ptr, block.size)) problem_ = "an old block changed";
      memcpy(moved, block.ptr, std::min(size, block.size));
      back_.give(header);
    }
    if (!is_intact(moved, std::min(size, block.size)))
      problem_ = "a moved block changed";
    add(moved, size);
  }

  void add(void* ptr, size_t size) {
    if (ptr == nullptr) return;
    memset(ptr, mark, size);
    blocks_.push_back({static_cast<char*>(ptr), size});
  }

  // The one that lies last, half of the time.
  Block take_some() {
    auto taken =
        blocks_.begin() + static_cast<ptrdiff_t>(random_.below(blocks_.size()));
    if (random_.one_in(2)) {
      taken = std::max_element(
          blocks_.begin(), blocks_.end(),
          [](const Block& a, const Block& b) { return a.ptr < b.ptr; });
    }
    const Block block = *taken;
    blocks_.erase(taken);
    if (!is_intact(block.ptr, block.size)) problem_ = "a block changed";
    return block;
  }

  static constexpr char mark = 0x5A;
  static bool is_intact(const void* ptr, size_t size) {
    const auto* const bytes = static_cast<const char*>(ptr);
    return std::all_of(bytes, bytes + size, [](char c) { return c == mark; });
  }

  Random random_;
  size_t size_limit_;
  size_t align_limit_;  // of its logarithm
  bool is_shared_;      // whether somebody else takes memory, too
  size_t births_in_six_;
  Back back_;
  std::vector<Block> blocks_;
  const char* problem_ = nullptr;
};

template <class C>
class growth : public testing::Test {};
using GrowthChoices =
    testing::Types<Choice<Config{.alignment = 8}>,
                   Choice<Config{.alignment = 16}>,
                   Choice<Config{.alignment = 8, .has_slabs = false}>,
                   Choice<Config{.alignment = 16, .has_slabs = false}>,
                   Choice<Config{.alignment = 8, .is_hardened = true}>,
                   Choice<Config{.alignment = 16, .is_hardened = true}>>;
TYPED_TEST_SUITE(growth, GrowthChoices, ChoiceNames);

TYPED_TEST(growth, asks_for_no_more_than_a_block_needs_and_never_for_nothing) {
  for (unsigned i = 0; i < rounds(600); ++i) {
    RandomGrowth<TypeParam::config> program(seed() * 10'000 + i);
    ASSERT_STREQ(program.run(), nullptr)
        << "seed " << seed() << ", program " << i;
  }
}

}  // namespace
}  // namespace mote
