// The collections of std::pmr on mote::memory_resource.
#include <gtest/gtest.h>

#if __has_include(<memory_resource>)

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "failing.hpp"
#include "limited.hpp"
#include "memory_resource.hpp"
#include "support/collections.hpp"

namespace mote {
namespace {

const char long_text[] = "a text that is too long for the inside of a string";

template <class Over>
class memory_resource_over : public testing::Test {
 protected:
  // All comes from the resource, also what is inside the elements.
  memory_resource_over() {
    std::pmr::set_default_resource(std::pmr::null_memory_resource());
  }
  ~memory_resource_over() override {
    std::pmr::set_default_resource(nullptr);
    EXPECT_GT(over_.counts().requested_bytes, 0u);
  }

  Over over_;
  memory_resource<decltype(over_.allocator())> resource_{over_.allocator()};
};

using Overs = testing::Types<OverHeap, OverArena, OverFallback, OverMalloc>;
TYPED_TEST_SUITE(memory_resource_over, Overs);

TYPED_TEST(memory_resource_over, vector) {
  std::pmr::vector<int> numbers(&this->resource_);
  for (int i = 0; i < 10'000; ++i) numbers.push_back(i);
  EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), 0), 49'995'000);
}

TYPED_TEST(memory_resource_over, vector_of_over_aligned_objects) {
  struct alignas(64) Line {
    int number;
  };
  std::pmr::vector<Line> lines(&this->resource_);
  for (int i = 0; i < 100; ++i) lines.push_back({i});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(reinterpret_cast<uintptr_t>(&lines[i]) % 64, 0u);
    ASSERT_EQ(lines[i].number, i);
  }
}

TYPED_TEST(memory_resource_over, list) {
  std::pmr::list<std::pmr::string> texts(&this->resource_);
  for (int i = 0; i < 1000; ++i) texts.emplace_front(long_text);
  texts.pop_back();
  EXPECT_EQ(texts.size(), 999u);
  EXPECT_EQ(texts.back(), long_text);
  EXPECT_EQ(texts.back().get_allocator().resource(), &this->resource_);
}

TYPED_TEST(memory_resource_over, deque) {
  std::pmr::deque<int> numbers(&this->resource_);
  for (int i = 0; i < 5000; ++i) {
    numbers.push_back(i);
    numbers.push_front(-i);
    if (i % 3 == 0) numbers.pop_front();
  }
  EXPECT_EQ(numbers.size(), 10'000u - 1667);
}

TYPED_TEST(memory_resource_over, map) {
  std::pmr::map<int, std::pmr::string> texts(&this->resource_);
  for (int i = 0; i < 1000; ++i) texts.emplace(i * 7 % 1000, long_text);
  for (int i = 0; i < 1000; i += 2) texts.erase(i);
  EXPECT_EQ(texts.size(), 500u);
  EXPECT_EQ(texts.at(7), long_text);
}

TYPED_TEST(memory_resource_over, unordered_map) {
  std::pmr::unordered_map<int, std::pmr::string> texts(&this->resource_);
  for (int i = 0; i < 1000; ++i) texts.emplace(i, long_text);
  texts.rehash(5000);
  for (int i = 0; i < 1000; i += 2) texts.erase(i);
  EXPECT_EQ(texts.size(), 500u);
  EXPECT_EQ(texts.at(7), long_text);
}

TYPED_TEST(memory_resource_over, string) {
  std::pmr::string text(&this->resource_);
  for (int i = 0; i < 1000; ++i) text += "abc";
  EXPECT_EQ(text.size(), 3000u);
  text.replace(0, 2990, "d");
  EXPECT_EQ(text, "dcabcabcabc");
}

TYPED_TEST(memory_resource_over, shared_ptr) {
  const std::pmr::polymorphic_allocator<int> allocator(&this->resource_);
  const auto number = std::allocate_shared<int>(allocator, 5);
  EXPECT_EQ(*number, 5);
}

// std::function takes no allocator since C++17: see std_allocator_test.cpp.
TYPED_TEST(memory_resource_over, function) {
  const std::pmr::polymorphic_allocator<> allocator(&this->resource_);
  const auto texts =
      std::allocate_shared<std::pmr::vector<std::pmr::string>>(allocator);
  std::function<size_t(const char*)> add = [texts](const char* text) {
    texts->emplace_back(text);
    return texts->size();
  };
  EXPECT_EQ(add(long_text), 1u);
  EXPECT_EQ(add(long_text), 2u);
}

TEST(memory_resources, are_equal_when_what_one_allocates_the_other_may_free) {
  OverHeap first;
  OverHeap second;
  const memory_resource a(first.allocator());
  const memory_resource b(first.allocator());
  const memory_resource c(second.allocator());
  EXPECT_TRUE(a.is_equal(a));
#ifdef __cpp_rtti
  EXPECT_TRUE(a.is_equal(b));
  EXPECT_TRUE(memory_resource<CMalloc>().is_equal(memory_resource<CMalloc>()));
#endif
  EXPECT_FALSE(a.is_equal(c));
  EXPECT_FALSE(a.is_equal(*std::pmr::new_delete_resource()));
  EXPECT_FALSE(std::pmr::new_delete_resource()->is_equal(a));
  const memory_resource<Counting<CMalloc>> own;
  const memory_resource<Counting<CMalloc>> other;
  EXPECT_TRUE(own.is_equal(own));
  EXPECT_FALSE(own.is_equal(other));
}

TEST(memory_resources, a_copy_of_a_collection_does_not_take_the_resource) {
  OverHeap over;
  memory_resource resource(over.allocator());
  std::pmr::vector<int> numbers(100, 1, &resource);
  const std::pmr::vector<int> copy(numbers);
  EXPECT_EQ(copy.get_allocator().resource(), std::pmr::get_default_resource());
  std::pmr::vector<int> assigned(std::pmr::new_delete_resource());
  assigned = std::move(numbers);
  EXPECT_EQ(assigned.get_allocator().resource(),
            std::pmr::new_delete_resource());
  EXPECT_EQ(assigned.size(), 100u);
}

TEST(memory_resources, behind_a_buffer_comes_an_upstream) {
  OverHeap over;
  char buffer[1000];
  {
    Arena<NullAllocator> arena(buffer, sizeof buffer);
    memory_resource heap(over.allocator());
    ResourceAllocator upstream(&heap);
    Fallback fallback(arena, upstream);
    memory_resource resource(fallback);
    std::pmr::vector<int> numbers(&resource);
    numbers.assign(100, 1);
    EXPECT_EQ(over.counts().requested_bytes, 0u);
    numbers.assign(10'000, 1);
    EXPECT_GE(over.counts().requested_bytes, 10'000 * sizeof(int));
  }
  EXPECT_EQ(over.counts().live_bytes, 0);
}

TEST(memory_resources, are_an_upstream_for_arenas) {
  OverHeap over;
  {
    memory_resource heap(over.allocator());
    ResourceAllocator upstream(&heap);
    Arena arena(upstream);
    for (int i = 0; i < 1000; ++i) ASSERT_NE(arena.allocate(100, 1), nullptr);
    EXPECT_EQ(static_cast<uint64_t>(over.counts().live_bytes),
              arena.chunk_bytes());
  }
  EXPECT_EQ(over.counts().live_bytes, 0);
  ResourceAllocator standard;
  void* ptr = standard.allocate(10, 1);
  ptr = standard.reallocate(ptr, 10, 1, 1000);
  EXPECT_NE(ptr, nullptr);
  standard.free(ptr, 1000, 1);
  standard.free(nullptr, 0, 1);
}

#if defined(__cpp_exceptions) && !defined(__wasm__)
TEST(memory_resources, throw_when_memory_is_refused) {
  OverHeap over;
  Limited limited(over.allocator(), 1000);
  memory_resource resource(limited);
  EXPECT_THROW((void)resource.allocate(1001), std::bad_alloc);
  std::pmr::vector<int> numbers(&resource);
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) numbers.push_back(i);
      },
      std::bad_alloc);
  EXPECT_GT(numbers.size(), 50u);
  EXPECT_EQ(numbers.size(), static_cast<size_t>(numbers.back()) + 1);
}

TEST(memory_resources, that_throw_are_allocators_that_refuse) {
  ResourceAllocator none(std::pmr::null_memory_resource());
  EXPECT_EQ(none.allocate(1, 1), nullptr);
  EXPECT_EQ(none.reallocate(nullptr, 0, 1, 1), nullptr);
}
#endif

}  // namespace
}  // namespace mote

#else

TEST(memory_resource, is_tested_where_the_library_has_it) {
  GTEST_SKIP() << "this C++ library has no <memory_resource>";
}

#endif
