// Memory refused at any moment: the n-th request for every n, all requests from
// some moment on, and everything beyond a budget. Nothing may be lost by it,
// and the heap must go on as if nothing had happened once memory is back.
#include <gtest/gtest.h>
#include <string.h>

#include <memory>
#include <string>
#include <vector>

#include "hardened_heap.hpp"
#include "native/static_array.hpp"
#include "support/choices.hpp"
#include "support/fake_pages.hpp"
#include "support/heap_access.hpp"
#include "support/programs.hpp"
#include "support/refusing_once.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

#if defined(_WIN32)
#include "native/virtual_alloc.hpp"
#elif defined(__EMSCRIPTEN__)
#include "wasm/emscripten/resize_heap.hpp"
#elif defined(__unix__) && !defined(__wasm__)
#include "native/hardened_mmap.hpp"
#include "native/mmap.hpp"
#endif
#ifdef __GLIBC__
#include "native/sbrk.hpp"
#endif

namespace mote {
namespace {

// The whims of a source, one by one.
template <class Source>
std::vector<void (*)(Source&)> whims() {
  return {
      [](Source&) {},
      [](Source& pages) { pages.page_size_bytes = 1; },
      [](Source& pages) { pages.page_size_bytes = 4096; },
      [](Source& pages) {
        pages.page_size_bytes = 48;
        pages.first_offset_bytes = 112;
      },
      [](Source& pages) {
        pages.page_size_bytes = 1024;
        pages.foreign_bytes = 16;
      },
      [](Source& pages) {
        pages.page_size_bytes = 1024;
        pages.descending = true;
      },
      [](Source& pages) {
        pages.page_size_bytes = 1;
        pages.foreign_bytes = 64;
        pages.descending = true;
      },
  };
}

template <class C>
class refusal : public testing::Test {
 protected:
  static constexpr Config config = C::config;
  template <class Source>
  using TestedHeap = HeapOf<config, Source, OneThread>;

  // Runs the program with its n-th request refused, and what was refused then
  // tried again. Returns whether there was an n-th request.
  template <class Source, class Prepare>
  static bool survives(const Program& program, Prepare prepare, size_t n) {
    const auto owner = std::make_unique<TestedHeap<Source>>();
    TestedHeap<Source>& heap = *owner;
    prepare(heap.source());
    heap.source().refuse_at = n;
    Model<TestedHeap<Source>, config.alignment> model(heap);
    for (const Operation& operation : program) {
      EXPECT_STREQ(model.apply(operation), nullptr);
      EXPECT_STREQ(verify(heap), nullptr);
      if (model.refused_count() != 0) break;
    }
    const bool was_asked = heap.source().acquire_count >= n;
    heap.source().refuse_at = 0;
    for (const Operation& operation : program) {
      const size_t refused_count = model.refused_count();
      EXPECT_STREQ(model.apply(operation), nullptr);
      EXPECT_STREQ(verify(heap), nullptr);
      EXPECT_EQ(model.refused_count(), refused_count) << "memory was back";
    }
    EXPECT_STREQ(model.check_contents(), nullptr);
    EXPECT_STREQ(model.free_all(), nullptr);
    EXPECT_STREQ(verify(heap), nullptr);
    return was_asked;
  }

  template <class Source, class Prepare>
  static void refuse_each_once(Prepare prepare) {
    const Program program = random_program(seed(), 300, 20'000);
    size_t n = 1;
    while (survives<Source>(program, prepare, n) && !HasFailure()) ++n;
    ASSERT_FALSE(HasFailure()) << "request " << n << ", seed " << seed();
    EXPECT_GT(n, 1u) << "no request was refused";
  }

  template <class Source>
  static void refuse_each_once_of_fakes() {
    for (const auto whim : whims<Source>()) {
      refuse_each_once<Source>([whim](Source& pages) {
        pages.arena_bytes = size_t{2} << 20;
        whim(pages);
      });
    }
  }

  template <class Source>
  static void refuse_each_once_of() {
    refuse_each_once<RefusingOnce<Source>>([](auto&) {});
  }
};

TYPED_TEST_SUITE(refusal, ProfileChoices, ChoiceNames);

TYPED_TEST(refusal, of_each_request_once) {
  this->template refuse_each_once_of_fakes<FakePages>();
}

TYPED_TEST(refusal, of_each_request_once_with_memory_given_back) {
  this->template refuse_each_once_of_fakes<ReleasingFakePages>();
}

// tests/freestanding has it of MemoryGrow.
TYPED_TEST(refusal, of_each_request_once_by_real_sources) {
  this->template refuse_each_once_of<StaticArray<size_t{2} << 20>>();
#if defined(_WIN32)
  this->template refuse_each_once_of<VirtualAllocPages>();
#elif defined(__EMSCRIPTEN__)
  this->template refuse_each_once_of<ResizeHeap>();
#elif defined(__unix__) && !defined(__wasm__)
  this->template refuse_each_once_of<typename Either<
      TestFixture::config.is_hardened, HardenedMmap, Mmap>::Type>();
#endif
#ifdef __GLIBC__
  this->template refuse_each_once_of<Sbrk<>>();
#endif
}

TYPED_TEST(refusal, changes_nothing) {
  for (const auto whim : whims<FakePages>()) {
    typename TestFixture::template TestedHeap<FakePages> heap;
    whim(heap.source());
    std::vector<void*> blocks;
    Random random(seed());
    for (size_t i = 0; i < 200; ++i) {
      blocks.push_back(heap.allocate(random.below(600), 1));
      ASSERT_NE(blocks.back(), nullptr);
    }
    for (size_t i = 0; i < 200; i += 3) heap.free(blocks[i]);
    const size_t granted = heap.source().granted_bytes;
    heap.source().budget_bytes = 0;
    // The first refusal may collect what empty slabs keep, and what waits to be
    // used again; no later one.
    ASSERT_EQ(heap.allocate(100'000, 1), nullptr);
    const std::vector<Header> before = layout_of(heap);
    for (size_t size :
         {size_t{100'000}, size_t{200'000}, size_t{SIZE_MAX} / 4}) {
      for (size_t align : {size_t{1}, size_t{64}, size_t{65536}}) {
        ASSERT_EQ(heap.allocate(size, align), nullptr);
        ASSERT_EQ(heap.allocate_zeroed(size, align), nullptr);
        ASSERT_EQ(heap.reallocate(blocks[1], align, size), nullptr);
        ASSERT_EQ(heap.reallocate(nullptr, align, size), nullptr);
        ASSERT_FALSE(heap.try_expand(blocks[1], size));
        ASSERT_STREQ(verify(heap), nullptr);
      }
    }
    EXPECT_EQ(layout_of(heap), before);
    EXPECT_EQ(heap.source().granted_bytes, granted);
    heap.source().budget_bytes = SIZE_MAX;
    EXPECT_NE(heap.allocate(100'000, 1), nullptr);
    EXPECT_STREQ(verify(heap), nullptr);
  }
}

// From the first byte on: whatever the budget, the heap fills it, refuses, and
// can be filled with the same again.
TYPED_TEST(refusal, beyond_every_small_budget) {
  for (size_t budget = 0; budget < 12'000; budget += 16) {
    typename TestFixture::template TestedHeap<FakePages> heap;
    heap.source().page_size_bytes = 1;
    heap.source().budget_bytes = budget;
    size_t first_count = 0;
    for (int round = 0; round < 3; ++round) {
      std::vector<void*> blocks;
      for (size_t size : {size_t{1000}, size_t{100}, size_t{1}}) {
        while (void* const ptr = heap.allocate(size, 1)) {
          memset(ptr, 0xCD, heap.usable_size(ptr));
          blocks.push_back(ptr);
        }
      }
      ASSERT_STREQ(verify(heap), nullptr) << budget;
      if (round == 0) first_count = blocks.size();
      for (void* block : blocks) heap.free(block);
      ASSERT_STREQ(verify(heap), nullptr) << budget;
      // What served blocks of 1000 bytes serves them again.
      void* const ptr = heap.allocate(budget / 2, 1);
      ASSERT_TRUE(ptr != nullptr || budget < 6000) << budget;
      heap.free(ptr);
    }
    ASSERT_LE(heap.source().granted_bytes, budget);
    ASSERT_TRUE(first_count > 0 || budget < 1000) << budget;
  }
}

TYPED_TEST(refusal, at_the_end_of_memory_and_on_after_frees) {
  for (const auto whim : whims<FakePages>()) {
    typename TestFixture::template TestedHeap<FakePages> heap;
    whim(heap.source());
    heap.source().budget_bytes = 150'000;
    Random random(seed());
    for (unsigned round = 0; round < 20; ++round) {
      std::vector<void*> blocks;
      // Not up to the first refusal: regions that began small stay small, and
      // fit small requests only.
      for (int i = 0; i < 1000; ++i) {
        void* const ptr = heap.allocate(random.below(500), 1);
        if (ptr != nullptr) blocks.push_back(ptr);
      }
      ASSERT_GT(blocks.size(), 150u);
      ASSERT_STREQ(verify(heap), nullptr);
      for (size_t i = 0; i < blocks.size(); i += 2) heap.free(blocks[i]);
      void* const again = heap.allocate_zeroed(10, 1);
      ASSERT_NE(again, nullptr);
      ASSERT_STREQ(verify(heap), nullptr);
      heap.free(again);
      for (size_t i = 1; i < blocks.size(); i += 2) heap.free(blocks[i]);
      ASSERT_STREQ(verify(heap), nullptr);
    }
  }
}

}  // namespace
}  // namespace mote
