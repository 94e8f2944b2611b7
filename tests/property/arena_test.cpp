// An arena against a model: a stack of the blocks that are alive, in the order
// in which they were made. Whatever is done, they are aligned, apart, inside
// the chunks that the arena tells of, and keep their bytes; the arena has from
// its inner allocator exactly what it says, and in the end nothing.
#include "arena.hpp"

#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

#include "c_malloc.hpp"
#include "counting.hpp"
#include "failing.hpp"
#include "heap.hpp"
#include "page_chunks.hpp"
#include "support/fake_pages.hpp"
#include "support/random.hpp"
#include "support/seed.hpp"

namespace mote {
namespace {

template <class A>
struct MinAlignOf;
template <class A, size_t min_align>
struct MinAlignOf<Arena<A, min_align>> {
  static constexpr size_t value = min_align;
};

template <class TestedArena>
class ArenaModel {
 public:
  ArenaModel(TestedArena& arena, uint64_t seed)
      : arena_(arena), random_(seed) {}

  // One random step; what is wrong afterwards, or null.
  const char* step() {
    switch (random_.below(40)) {
      case 0:
        return reset();
      case 1:
      case 2:
        return rewind();
      case 3:
      case 4:
      case 5:
        return take_checkpoint();
      case 6:
      case 7:
        return set_limit();
      case 8:
      case 9:
      case 10:
      case 11:
      case 12:
      case 13:
        return free();
      case 14:
      case 15:
      case 16:
      case 17:
      case 18:
      case 19:
        return reallocate();
      default:
        return allocate();
    }
  }

  const char* check() const {
    std::vector<Span> chunks;
    size_t allocated_bytes = 0;
    for (const Span chunk : arena_.chunks()) {
      chunks.push_back(chunk);
      allocated_bytes += chunk.size_bytes;
    }
    if (allocated_bytes != arena_.allocated_bytes()) return "sum of chunks";
    std::vector<Block> sorted = blocks_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Block& a, const Block& b) { return a.ptr < b.ptr; });
    for (size_t i = 0; i < sorted.size(); ++i) {
      const Block& block = sorted[i];
      if (i && sorted[i - 1].ptr + sorted[i - 1].size > block.ptr)
        return "overlaps another block";
      for (size_t n = 0; n < block.size; ++n) {
        if (block.ptr[n] != block.fill) return "contents changed";
      }
      if (std::none_of(chunks.begin(), chunks.end(), [&](const Span& chunk) {
            return block.ptr >= bytes(chunk) &&
                   block.ptr + block.size <= bytes(chunk) + chunk.size_bytes;
          })) {
        return "outside the chunks";
      }
    }
    return nullptr;
  }

  size_t refused_count() const { return refused_count_; }

 private:
  struct Block {
    unsigned char* ptr;
    size_t size;
    size_t align;
    unsigned char fill;
  };
  struct Point {
    typename TestedArena::Checkpoint checkpoint;
    std::vector<Block> blocks;
  };

  static unsigned char* bytes(const Span& span) {
    return reinterpret_cast<unsigned char*>(span.begin);
  }

  size_t random_size() {
    switch (random_.below(10)) {
      case 0:
        return 0;
      case 1:
        return random_.below(40'000);
      case 2:
        return random_.below(3000);
      default:
        return random_.below(100);
    }
  }

  const char* settle(void* ptr, size_t size, size_t align) {
    if (address_of(ptr) % align != 0) return "not aligned as asked for";
    if (address_of(ptr) % MinAlignOf<TestedArena>::value != 0)
      return "misaligned";
    const auto fill = static_cast<unsigned char>(++fill_);
    memset(ptr, fill, size);
    blocks_.push_back({static_cast<unsigned char*>(ptr), size, align, fill});
    return nullptr;
  }

  const char* allocate() {
    const size_t size = random_size();
    const size_t align = random_.one_in(8) ? size_t{1} << random_.below(13)
                                           : size_t{1} << random_.below(5);
    const size_t allocated_bytes = arena_.allocated_bytes();
    void* const ptr = arena_.allocate(size, align);
    if (ptr != nullptr) return settle(ptr, size, align);
    ++refused_count_;
    return arena_.allocated_bytes() == allocated_bytes
               ? nullptr
               : "a refusal changed the arena";
  }

  // Mostly the last, or its rules would not be met.
  size_t random_index() {
    return random_.one_in(3) ? random_.below(blocks_.size())
                             : blocks_.size() - 1;
  }

  // What was made later than a checkpoint may not outlive a rewind to it, nor
  // what was changed since.
  void forget(const Block& block) {
    for (Point& point : points_) {
      std::erase_if(point.blocks,
                    [&](const Block& b) { return b.ptr == block.ptr; });
    }
  }

  const char* free() {
    if (blocks_.empty()) return nullptr;
    const size_t index = random_index();
    const Block block = blocks_[index];
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
    forget(block);
    arena_.free(block.ptr, block.size, block.align);
    return nullptr;
  }

  const char* reallocate() {
    if (blocks_.empty()) return nullptr;
    const size_t index = random_index();
    const Block block = blocks_[index];
    const size_t size = random_size();
    void* const ptr =
        arena_.reallocate(block.ptr, block.size, block.align, size);
    if (ptr == nullptr) {
      ++refused_count_;
      return nullptr;
    }
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
    forget(block);
    const auto* const kept = static_cast<unsigned char*>(ptr);
    for (size_t i = 0; i < std::min(size, block.size); ++i) {
      if (kept[i] != block.fill) return "reallocation lost contents";
    }
    return settle(ptr, size, block.align);
  }

  const char* take_checkpoint() {
    points_.push_back({arena_.checkpoint(), blocks_});
    return nullptr;
  }

  const char* rewind() {
    if (points_.empty()) return nullptr;
    points_.resize(random_.below(points_.size()) + 1);
    arena_.rewind(points_.back().checkpoint);
    blocks_ = points_.back().blocks;
    return nullptr;
  }

  const char* reset() {
    blocks_.clear();
    points_.clear();
    if (random_.one_in(2)) {
      arena_.reset();
    } else {
      arena_.release();
    }
    return arena_.allocated_bytes() == 0 ? nullptr : "a reset left something";
  }

  const char* set_limit() {
    arena_.set_limit(random_.one_in(3) ? arena_.chunk_bytes() + 2000
                                       : SIZE_MAX);
    return nullptr;
  }

  TestedArena& arena_;
  Random random_;
  std::vector<Block> blocks_;
  std::vector<Point> points_;
  unsigned fill_ = 0;
  size_t refused_count_ = 0;
};

// How many requests were refused; a single program may meet none.
template <class TestedArena, class Check>
size_t run(TestedArena& arena, uint64_t program_seed, Check check_inner) {
  ArenaModel model(arena, program_seed);
  for (unsigned i = 0; i < 1000; ++i) {
    const char* problem = model.step();
    if (problem == nullptr) problem = model.check();
    if (problem == nullptr) problem = check_inner();
    if (problem != nullptr) {
      ADD_FAILURE() << "seed " << seed() << ", program seed " << program_seed
                    << ", step " << i << ": " << problem;
      break;
    }
  }
  return model.refused_count();
}

template <class A>
class arena_model : public testing::Test {};
template <size_t n>
struct Align {
  static constexpr size_t value = n;
};
using Aligns = testing::Types<Align<1>, Align<8>, Align<16>>;
TYPED_TEST_SUITE(arena_model, Aligns);

TYPED_TEST(arena_model, over_malloc_that_refuses_at_random) {
  size_t refused_count = 0;
  for (unsigned i = 0; i < rounds(12); ++i) {
    Counting<CMalloc> counting;
    {
      Failing failing(counting, RefuseAtRandom(i, 0.1));
      Arena<decltype(failing)&, TypeParam::value> arena(failing);
      refused_count += run(arena, seed() * 1000 + i, [&] {
        const bool is_right =
            static_cast<uint64_t>(counting.counts().live_bytes) ==
            arena.chunk_bytes();
        return is_right ? nullptr : "chunk_bytes is wrong";
      });
    }
    EXPECT_EQ(counting.counts().live_bytes, 0);
  }
  EXPECT_GT(refused_count, 0u);
}

TYPED_TEST(arena_model, with_a_buffer_first) {
  size_t refused_count = 0;
  for (unsigned i = 0; i < rounds(12); ++i) {
    Counting<CMalloc> counting;
    {
      std::vector<char> buffer(5000 + i);
      Arena<Counting<CMalloc>&, TypeParam::value> arena(
          counting, buffer.data() + i, 5000);
      refused_count += run(arena, seed() * 2000 + i, [&] {
        const bool is_right =
            static_cast<uint64_t>(counting.counts().live_bytes) ==
            arena.chunk_bytes();
        return is_right ? nullptr : "chunk_bytes is wrong";
      });
    }
    EXPECT_EQ(counting.counts().live_bytes, 0);
  }
  EXPECT_GT(refused_count, 0u);
}

TYPED_TEST(arena_model, over_pages) {
  size_t refused_count = 0;
  for (unsigned i = 0; i < rounds(12); ++i) {
    PageChunks<ReleasingFakePages> pages;
    pages.source().page_size_bytes = 1 + i * 1000;
    pages.source().budget_bytes = 100'000;
    Arena<decltype(pages)&, TypeParam::value> arena(pages);
    refused_count += run(arena, seed() * 3000 + i, [&] {
      const bool is_right = arena.chunk_bytes() <= pages.source().granted_bytes;
      return is_right ? nullptr : "chunks of more than was granted";
    });
  }
  EXPECT_GT(refused_count, 0u);
}

}  // namespace
}  // namespace mote
