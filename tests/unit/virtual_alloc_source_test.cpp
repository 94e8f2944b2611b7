#ifdef _WIN32

#include "native/virtual_alloc.hpp"

#include <gtest/gtest.h>

#include "page_source_test.hpp"

namespace mote {
namespace {

constinit VirtualAllocPages usable_before_main;
const Span taken_before_main = usable_before_main.acquire(1);

INSTANTIATE_TYPED_TEST_SUITE_P(virtual_alloc, PageSourceTest,
                               FreshSource<VirtualAllocPages>);

DWORD state_of(const void* address) {
  MEMORY_BASIC_INFORMATION info = {};
  return VirtualQuery(address, &info, sizeof info) == sizeof info ? info.State
                                                                  : 0;
}

TEST(virtual_alloc_source, works_before_main) {
  EXPECT_NE(taken_before_main.begin, nullptr);
}

TEST(virtual_alloc_source, release_decommits) {
  VirtualAllocPages source;
  const Span span = source.acquire(size_t{1} << 20);
  ASSERT_NE(span.begin, nullptr);
  EXPECT_EQ(state_of(span.begin), DWORD{MEM_COMMIT});
  EXPECT_EQ(state_of(span.begin + span.size_bytes), DWORD{MEM_RESERVE});
  span.begin[4096] = 1;
  EXPECT_EQ(static_cast<void*>(source.release(span.begin + 1)),
            span.begin + 4096);
  EXPECT_EQ(state_of(span.begin), DWORD{MEM_COMMIT});
  EXPECT_EQ(state_of(span.begin + 4096), DWORD{MEM_RESERVE});
  const Span again = source.acquire(1);
  EXPECT_EQ(static_cast<void*>(again.begin), span.begin + 4096);
  EXPECT_TRUE(is_filled_with(again, 0));
}

TEST(virtual_alloc_source, more_than_the_machine_has_is_refused) {
  VirtualAllocPages source;
  const Span first = source.acquire(1);
  EXPECT_EQ(source.acquire(SIZE_MAX / 8).begin, nullptr);
  const Span next = source.acquire(1);
  EXPECT_EQ(static_cast<void*>(next.begin), first.begin + first.size_bytes);
}

}  // namespace
}  // namespace mote

#endif
