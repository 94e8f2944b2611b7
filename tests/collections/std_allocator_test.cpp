// The standard collections on mote::allocator.
#include "std_allocator.hpp"

#include <gtest/gtest.h>
#include <stdint.h>

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

#include "support/collections.hpp"

namespace mote {
namespace {

template <class Over>
class std_allocator : public testing::Test {
 protected:
  using Inner = decltype(std::declval<Over>().allocator());
  template <class T>
  using Of = allocator<T, Inner>;
  template <class T>
  Of<T> of() {
    return Of<T>(over_.allocator());
  }
  using String = std::basic_string<char, std::char_traits<char>, Of<char>>;

  String text(int number) {
    String text("a text that is too long for the inside of a string, number ",
                of<char>());
    text += std::to_string(number).c_str();
    return text;
  }

  // Something was taken from the allocator by then.
  ~std_allocator() override { EXPECT_GT(over_.counts().requested_bytes, 0u); }

  Over over_;
};

using Overs = testing::Types<OverHeap, OverArena, OverFallback, OverMalloc>;
TYPED_TEST_SUITE(std_allocator, Overs);

#define OF(T) typename TestFixture::template Of<T>
#define ALLOCATOR(T) this->template of<T>()

TYPED_TEST(std_allocator, vector) {
  std::vector<int, OF(int)> numbers(ALLOCATOR(int));
  for (int i = 0; i < 10'000; ++i) numbers.push_back(i);
  EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), 0), 49'995'000);
  numbers.erase(numbers.begin(), numbers.begin() + 5000);
  numbers.shrink_to_fit();
  numbers.insert(numbers.begin(), 3000, -1);
  EXPECT_EQ(numbers.size(), 8000u);
  EXPECT_EQ(numbers[3000], 5000);
}

TYPED_TEST(std_allocator, vector_of_over_aligned_objects) {
  struct alignas(64) Line {
    int number;
  };
  std::vector<Line, OF(Line)> lines(ALLOCATOR(Line));
  for (int i = 0; i < 100; ++i) lines.push_back({i});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(reinterpret_cast<uintptr_t>(&lines[i]) % 64, 0u);
    ASSERT_EQ(lines[i].number, i);
  }
}

TYPED_TEST(std_allocator, list) {
  std::list<int, OF(int)> numbers(ALLOCATOR(int));
  for (int i = 0; i < 1000; ++i) numbers.push_front(i);
  numbers.remove_if([](int number) { return number % 2 == 0; });
  numbers.sort();
  EXPECT_EQ(numbers.size(), 500u);
  EXPECT_EQ(numbers.front(), 1);
  std::list<int, OF(int)> others(ALLOCATOR(int));
  others.splice(others.begin(), numbers);
  EXPECT_EQ(others.size(), 500u);
}

TYPED_TEST(std_allocator, deque) {
  std::deque<int, OF(int)> numbers(ALLOCATOR(int));
  for (int i = 0; i < 5000; ++i) {
    numbers.push_back(i);
    numbers.push_front(-i);
    if (i % 3 == 0) numbers.pop_front();
  }
  EXPECT_EQ(numbers.size(), 10'000u - 1667);
  EXPECT_EQ(numbers.back(), 4999);
}

TYPED_TEST(std_allocator, map) {
  using Pair = std::pair<const int, typename TestFixture::String>;
  std::map<int, typename TestFixture::String, std::less<int>, OF(Pair)> texts(
      ALLOCATOR(Pair));
  for (int i = 0; i < 1000; ++i) texts.emplace(i * 7 % 1000, this->text(i));
  for (int i = 0; i < 1000; i += 2) texts.erase(i);
  EXPECT_EQ(texts.size(), 500u);
  EXPECT_EQ(texts.at(7), this->text(1));
}

TYPED_TEST(std_allocator, unordered_map) {
  using Pair = std::pair<const int, typename TestFixture::String>;
  std::unordered_map<int, typename TestFixture::String, std::hash<int>,
                     std::equal_to<int>, OF(Pair)>
      texts(ALLOCATOR(Pair));
  for (int i = 0; i < 1000; ++i) texts.emplace(i, this->text(i));
  texts.rehash(5000);
  for (int i = 0; i < 1000; i += 2) texts.erase(i);
  EXPECT_EQ(texts.size(), 500u);
  EXPECT_EQ(texts.at(7), this->text(7));
}

TYPED_TEST(std_allocator, string) {
  typename TestFixture::String text(ALLOCATOR(char));
  for (int i = 0; i < 1000; ++i) text += "abc";
  EXPECT_EQ(text.size(), 3000u);
  EXPECT_EQ(text.compare(2997, 3, "abc"), 0);
  text.replace(0, 2990, "d");
  text.shrink_to_fit();
  EXPECT_EQ(text, "dcabcabcabc");
}

TYPED_TEST(std_allocator, shared_ptr) {
  struct alignas(64) Line {
    explicit Line(int n) : number(n) {}
    int number;
  };
  std::weak_ptr<Line> weak;
  {
    const auto made = std::allocate_shared<Line>(ALLOCATOR(Line), 5);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(made.get()) % 64, 0u);
    EXPECT_EQ(made->number, 5);
    weak = made;
    const int64_t live = this->over_.counts().live_count();
    int deleted = 0;
    int object = 0;
    std::shared_ptr<int> given(
        &object, [&](int*) { ++deleted; }, ALLOCATOR(int));
    EXPECT_GE(this->over_.counts().live_count(), live);
    given.reset();
    EXPECT_EQ(deleted, 1);
  }
  EXPECT_TRUE(weak.expired());
}

// std::function takes no allocator since C++17. What it calls can be in one's
// memory: then only a pointer is left for the function to hold.
TYPED_TEST(std_allocator, function) {
  struct Sum {
    int numbers[100] = {};
    int operator()(int number) { return numbers[0] += number; }
  };
  const auto sum = std::allocate_shared<Sum>(ALLOCATOR(Sum));
  std::function<int(int)> add = std::ref(*sum);
  std::function<int(int)> same = [sum](int number) { return (*sum)(number); };
  EXPECT_EQ(add(3), 3);
  EXPECT_EQ(same(4), 7);
}

#undef OF
#undef ALLOCATOR

// What a collection does with its allocator.

template <class T>
using HeapAllocator =
    allocator<T, decltype(std::declval<OverHeap>().allocator())>;
template <class T>
using Vector = std::vector<T, HeapAllocator<T>>;

TEST(allocators, are_equal_when_they_refer_to_the_same) {
  OverHeap first;
  OverHeap second;
  const auto a = allocator_over<int>(first.allocator());
  const auto b = allocator_over<int>(first.allocator());
  const auto c = allocator_over<int>(second.allocator());
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a != c);
  EXPECT_TRUE(HeapAllocator<char>(a) == b);
  EXPECT_TRUE((allocator<int, CMalloc>() == allocator<char, CMalloc>()));
}

TEST(allocators, have_the_traits_that_go_with_it) {
  using Referring = std::allocator_traits<HeapAllocator<int>>;
  static_assert(!Referring::is_always_equal::value);
  static_assert(!Referring::propagate_on_container_copy_assignment::value);
  static_assert(!Referring::propagate_on_container_move_assignment::value);
  static_assert(Referring::propagate_on_container_swap::value);
  using Stateless = std::allocator_traits<allocator<int, CMalloc>>;
  static_assert(Stateless::is_always_equal::value);
  static_assert(
      std::is_same_v<Referring::rebind_alloc<char>, HeapAllocator<char>>);
  static_assert(!std::is_default_constructible_v<HeapAllocator<int>>);
  static_assert(std::is_nothrow_copy_constructible_v<HeapAllocator<int>>);
  // A collection without state in its allocator is no larger for it.
  static_assert(sizeof(std::vector<int, allocator<int, CMalloc>>) ==
                sizeof(std::vector<int>));
}

TEST(allocators, a_collection_stays_with_its_own) {
  OverHeap first;
  OverHeap second;
  Vector<int> from(100, 1, allocator_over<int>(first.allocator()));
  Vector<int> to(10, 2, allocator_over<int>(second.allocator()));
  to = from;
  EXPECT_EQ(to.get_allocator(), allocator_over<int>(second.allocator()));
  EXPECT_EQ(to.size(), 100u);
  Vector<int> copy(from);
  EXPECT_EQ(copy.get_allocator(), from.get_allocator());

  const uint64_t requested = second.counts().requested_bytes;
  Vector<int> longer(1000, 3, allocator_over<int>(first.allocator()));
  to = std::move(longer);
  EXPECT_EQ(to.get_allocator(), allocator_over<int>(second.allocator()));
  EXPECT_GE(second.counts().requested_bytes - requested, 4000u);
  EXPECT_EQ(to[999], 3);
}

TEST(allocators, a_move_between_equal_ones_copies_nothing) {
  OverHeap over;
  Vector<int> from(100, 1, allocator_over<int>(over.allocator()));
  Vector<int> to(allocator_over<int>(over.allocator()));
  const int* const place = from.data();
  const uint64_t requested = over.counts().requested_bytes;
  to = std::move(from);
  Vector<int> last(std::move(to));
  EXPECT_EQ(last.data(), place);
  EXPECT_EQ(over.counts().requested_bytes, requested);
}

TEST(allocators, swapping_collections_swaps_them_too) {
  OverHeap first;
  OverHeap second;
  {
    Vector<int> a(100, 1, allocator_over<int>(first.allocator()));
    Vector<int> b(10, 2, allocator_over<int>(second.allocator()));
    std::swap(a, b);
    EXPECT_EQ(a.get_allocator(), allocator_over<int>(second.allocator()));
    EXPECT_EQ(a.size(), 10u);
    EXPECT_EQ(b[99], 1);
  }
  EXPECT_EQ(first.counts().live_bytes, 0);
  EXPECT_EQ(second.counts().live_bytes, 0);
}

TEST(or_throw, passes_what_is_there) {
  int number = 5;
  EXPECT_EQ(or_throw(&number), &number);
}

#if defined(__cpp_exceptions) && !defined(__wasm__)
TEST(or_throw, throws_on_null) {
  EXPECT_THROW(or_throw<int>(nullptr), std::bad_alloc);
}

TEST(allocators, throw_when_memory_is_refused) {
  NullAllocator null;
  auto refused = allocator_over<int>(null);
  EXPECT_THROW((void)refused.allocate(1), std::bad_alloc);
  std::vector<int, decltype(refused)> numbers(refused);
  EXPECT_THROW(numbers.push_back(1), std::bad_alloc);
  EXPECT_TRUE(numbers.empty());
  EXPECT_THROW(std::allocate_shared<int>(refused, 1), std::bad_alloc);
}

TEST(allocators, throw_for_a_count_that_has_no_size) {
  OverHeap over;
  auto ints = allocator_over<int>(over.allocator());
  EXPECT_THROW((void)ints.allocate(SIZE_MAX / 2), std::bad_array_new_length);
  EXPECT_THROW((void)ints.allocate(SIZE_MAX / 4), std::bad_alloc);
}

TEST(allocators, a_collection_that_was_refused_is_as_it_was) {
  char buffer[1000];
  Arena<NullAllocator> arena(buffer, sizeof buffer);
  auto in_buffer = allocator_over<int>(arena);
  std::vector<int, decltype(in_buffer)> numbers(in_buffer);
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) numbers.push_back(i);
      },
      std::bad_alloc);
  EXPECT_GT(numbers.size(), 50u);
  for (size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_EQ(numbers[i], static_cast<int>(i));
  }
}
#endif

}  // namespace
}  // namespace mote
