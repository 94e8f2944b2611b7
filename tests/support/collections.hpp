// What collections are tried on: `allocator()` is what they are given, and
// `counts()` what they took from it. In the end all of it is back.
#pragma once

#include <gtest/gtest.h>
#include <stddef.h>

#include "arena.hpp"
#include "c_malloc.hpp"
#include "counting.hpp"
#include "fallback.hpp"
#include "heap.hpp"
#include "support/fake_pages.hpp"

namespace mote {

template <class A>
class Counted {
 public:
  template <class... Arguments>
  explicit Counted(Arguments&... arguments) : counting_(arguments...) {}
  ~Counted() { EXPECT_EQ(counts().live_bytes, 0); }

  Counting<A>& allocator() { return counting_; }
  Counts counts() const { return counting_.counts(); }

 private:
  Counting<A> counting_;
};

struct FakeHeap {
  FakeHeap() { heap.source().arena_bytes = size_t{8} << 20; }
  Heap<standard_profile, FakePages> heap;
};

struct OverHeap : private FakeHeap, public Counted<decltype((FakeHeap::heap))> {
  OverHeap() : Counted(heap) {}
};

struct HeapArena : FakeHeap {
  Arena<decltype((heap))> arena{heap};
};

struct OverArena : private HeapArena,
                   public Counted<decltype((HeapArena::arena))> {
  OverArena() : Counted(arena) {}
};

struct BufferThenMalloc {
  char buffer[2000];
  Arena<NullAllocator> in_buffer{buffer, sizeof buffer};
  CMalloc malloc;
  Fallback<decltype((in_buffer)), CMalloc&> fallback{in_buffer, malloc};
};

struct OverFallback : private BufferThenMalloc,
                      public Counted<decltype((BufferThenMalloc::fallback))> {
  OverFallback() : Counted(fallback) {}
};

using OverMalloc = Counted<CMalloc>;

}  // namespace mote
