// Several heaps at once, of several kinds and on several sources: none notices
// the others.
#include <gtest/gtest.h>

#include "heap.hpp"
#include "native/static_array.hpp"
#include "support/fake_pages.hpp"
#include "support/model.hpp"
#include "support/seed.hpp"
#include "verify.hpp"

namespace mote {
namespace {

template <Config config, class Source>
class Modelled {
 public:
  const char* step(Random& random) {
    const char* const problem = model_.apply(random_operation(random, 5000));
    return problem != nullptr ? problem : verify(heap_);
  }
  const char* finish() {
    const char* const problem = model_.free_all();
    return problem != nullptr ? problem : verify(heap_);
  }
  Source& source() { return heap_.source(); }

 private:
  Heap<config, Source> heap_;
  Model<Heap<config, Source>, config.alignment> model_{heap_};
};

TEST(independent_heaps, do_not_notice_each_other) {
  static Modelled<standard_profile, FakePages> standard;
  static Modelled<standard_profile, FakePages> another;
  static Modelled<Config{.alignment = 8, .has_slabs = false},
                  ReleasingFakePages>
      tiny;
  static Modelled<Config{.alignment = 8}, StaticArray<65536>> fixed;
  another.source().foreign_bytes = 128;
  another.source().page_size_bytes = 1024;
  tiny.source().page_size_bytes = 1;
  Random random(seed());
  for (unsigned i = 0; i < rounds(8000); ++i) {
    ASSERT_STREQ(standard.step(random), nullptr) << "seed " << seed();
    ASSERT_STREQ(another.step(random), nullptr) << "seed " << seed();
    ASSERT_STREQ(tiny.step(random), nullptr) << "seed " << seed();
    ASSERT_STREQ(fixed.step(random), nullptr) << "seed " << seed();
  }
  EXPECT_STREQ(standard.finish(), nullptr);
  EXPECT_STREQ(another.finish(), nullptr);
  EXPECT_STREQ(tiny.finish(), nullptr);
  EXPECT_STREQ(fixed.finish(), nullptr);
}

// The memory of one heap may be a block of another.
TEST(independent_heaps, may_lie_in_each_other) {
  constexpr size_t inner_bytes = 16'384;
  Heap<standard_profile, FakePages> outer;
  void* const memory = outer.allocate_zeroed(inner_bytes, 16);
  ASSERT_NE(memory, nullptr);
  {
    Heap<tiny_profile, GivenMemory> inner(
        GivenMemory(static_cast<char*>(memory), inner_bytes));
    Model<decltype(inner), tiny_profile.alignment> model(inner);
    Random random(seed());
    for (unsigned i = 0; i < rounds(2000); ++i) {
      ASSERT_STREQ(model.apply(random_operation(random, 3000)), nullptr);
      ASSERT_STREQ(verify(inner), nullptr);
    }
    ASSERT_STREQ(verify(outer), nullptr);
    ASSERT_STREQ(model.free_all(), nullptr);
  }
  outer.free(memory);
  EXPECT_STREQ(verify(outer), nullptr);
}

}  // namespace
}  // namespace mote
