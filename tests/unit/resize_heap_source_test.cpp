#ifdef __EMSCRIPTEN__

#include "wasm/emscripten/resize_heap.hpp"

#include <gtest/gtest.h>

#include "page_source_test.hpp"

namespace mote {
namespace {

// The C library's malloc moves the same break.
struct SharedBreak : FreshSource<ResizeHeap> {
  static constexpr bool is_contiguous = false;
};
INSTANTIATE_TYPED_TEST_SUITE_P(resize_heap, PageSourceTest, SharedBreak);

// No gtest macro in between: they allocate.
TEST(resize_heap_source, grows_in_place_while_alone) {
  ResizeHeap source;
  const Span first = source.acquire(1000);
  const Span second = source.acquire(100000);
  ASSERT_NE(first.begin, nullptr);
  EXPECT_EQ(static_cast<void*>(second.begin), first.begin + first.size_bytes);
}

}  // namespace
}  // namespace mote

#endif
