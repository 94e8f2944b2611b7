// Every order in which threads can execute the atomic operations of the list,
// one after the other: each test runs its threads again and again, as fibers,
// until there is no order left. (That memory orders are strong enough, the
// sanitized stress test sees; here all is sequentially consistent.)
#ifdef __linux__
#include <features.h>  // says whether this is glibc
#endif
#ifdef __GLIBC__

#include "returned_list.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <ucontext.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace mote {
namespace {

// Runs threads in every order, a step at a time; a step ends where a thread
// calls `pause`. Depth first: a run replays the choices of the one before up to
// the last that had an alternative.
class Explorer {
 public:
  using Thread = std::function<void()>;

  // `start` makes the threads of a run, `check` looks at what they left.
  // Returns how many orders there were.
  static size_t run_all(const std::function<std::vector<Thread>()>& start,
                        const std::function<void()>& check) {
    size_t run_count = 0;
    std::vector<Choice> choices;
    do {
      run_one(start(), choices);
      check();
      ++run_count;
      while (!choices.empty() && ++choices.back().taken == choices.back().of) {
        choices.pop_back();
      }
    } while (!choices.empty() && !testing::Test::HasFailure());
    return run_count;
  }

  static void pause() { swapcontext(&running->context, &scheduler); }

 private:
  struct Choice {
    size_t taken;
    size_t of;
  };
  struct Fiber {
    Thread body;
    ucontext_t context;
    bool is_over = false;
  };
  static constexpr size_t thread_count_max = 4;
  static constexpr size_t stack_bytes = 64 * 1024;

  static inline char stacks[thread_count_max][stack_bytes];

  static inline ucontext_t scheduler;
  static inline Fiber* running;

  static void run_one(std::vector<Thread> threads,
                      std::vector<Choice>& choices) {
    std::vector<Fiber> fibers(threads.size());
    for (size_t i = 0; i < fibers.size(); ++i) {
      start(fibers[i], threads[i], stacks[i]);
    }
    // What comes before the first pause is no other thread's business.
    for (Fiber& fiber : fibers) resume(fiber);
    for (size_t step = 0;; ++step) {
      std::vector<Fiber*> ready;
      for (Fiber& fiber : fibers) {
        if (!fiber.is_over) ready.push_back(&fiber);
      }
      if (ready.empty()) return;
      if (step == choices.size()) choices.push_back({0, ready.size()});
      resume(*ready[choices[step].taken]);
    }
  }

  static void resume(Fiber& fiber) {
    running = &fiber;
    swapcontext(&scheduler, &fiber.context);
  }

  static void start(Fiber& fiber, Thread& body, char* stack) {
    fiber.body = std::move(body);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stack;
    fiber.context.uc_stack.ss_size = stack_bytes;
    fiber.context.uc_link = &scheduler;
    makecontext(&fiber.context, run_body, 0);
  }

  static void run_body() {
    running->body();
    running->is_over = true;
  }
};

// Other threads may come in before every operation on shared memory.
struct PausingAtomics {
  template <class T>
  static T load(const T* from) {
    Explorer::pause();
    return *from;
  }
  template <class T>
  static bool replace(T* at, T* expected, T value) {
    Explorer::pause();
    if (*at != *expected) {
      *expected = *at;
      return false;
    }
    *at = value;
    return true;
  }
  template <class T>
  static T exchange(T* at, T value) {
    Explorer::pause();
    return std::exchange(*at, value);
  }
};

// What a list must not be built from: it writes without looking.
struct CarelessAtomics : PausingAtomics {
  template <class T>
  static bool replace(T* at, T*, T value) {
    Explorer::pause();
    *at = value;
    return true;
  }
};

// Adders with chains of one and two nodes, and an owner who takes a few times.
template <class Atomics>
class World {
 public:
  // Chains of each adder; how often the owner takes.
  World(std::vector<std::vector<size_t>> chains, int take_count)
      : chains_(std::move(chains)), take_count_(take_count) {}

  size_t run_all() {
    return Explorer::run_all([this] { return start(); }, [this] { check(); });
  }
  size_t lost_or_doubled() const { return wrong_count_; }

 private:
  std::vector<Explorer::Thread> start() {
    list_ = {};
    nodes_.clear();
    taken_.clear();
    std::vector<Explorer::Thread> threads;
    for (const std::vector<size_t>& lengths : chains_) {
      threads.push_back([this, &lengths] {
        for (const size_t length : lengths) add_chain(length);
      });
    }
    threads.push_back([this] {
      for (int i = 0; i < take_count_; ++i) take();
    });
    return threads;
  }

  void add_chain(size_t length) {
    FreeNode* first = nullptr;
    FreeNode* last = nullptr;
    for (size_t i = 0; i < length; ++i) {
      nodes_.push_back(std::make_unique<FreeNode>(FreeNode{first, 0}));
      first = nodes_.back().get();
      if (last == nullptr) last = first;
    }
    list_.add(first, last);
  }

  void take() {
    for (FreeNode* node = list_.take(); node != nullptr; node = node->next) {
      taken_.push_back(node);
      if (taken_.size() > nodes_.size()) return;  // in a circle
    }
  }

  void check() {
    // What the owner left, with nobody else at work.
    Explorer::run_all(
        [this] { return std::vector<Explorer::Thread>{[this] { take(); }}; },
        [] {});
    std::vector<FreeNode*> expected;
    for (const auto& node : nodes_) expected.push_back(node.get());
    std::sort(expected.begin(), expected.end());
    std::sort(taken_.begin(), taken_.end());
    wrong_count_ += taken_ != expected;
  }

  std::vector<std::vector<size_t>> chains_;
  int take_count_;
  ReturnedList<Atomics> list_;
  std::vector<std::unique_ptr<FreeNode>> nodes_;
  std::vector<FreeNode*> taken_;
  size_t wrong_count_ = 0;
};

TEST(returned_list, R1_of_two_threads_loses_and_doubles_nothing) {
  World<PausingAtomics> world({{1, 2, 1}}, 3);
  EXPECT_GT(world.run_all(), 100u);
  EXPECT_EQ(world.lost_or_doubled(), 0u);
}

TEST(returned_list, R1_of_three_threads_loses_and_doubles_nothing) {
  World<PausingAtomics> world({{1, 2}, {2}}, 2);
  EXPECT_GT(world.run_all(), 3'000u);
  EXPECT_EQ(world.lost_or_doubled(), 0u);
}

TEST(returned_list, R1_of_three_adders_and_an_owner_holds_too) {
  World<PausingAtomics> world({{1}, {2}, {1}}, 1);
  EXPECT_GT(world.run_all(), 1'000u);
  EXPECT_EQ(world.lost_or_doubled(), 0u);
}

TEST(returned_list, the_explorer_finds_what_a_careless_list_loses) {
  World<CarelessAtomics> world({{1}, {1}}, 1);
  world.run_all();
  EXPECT_GT(world.lost_or_doubled(), 0u);
}

}  // namespace
}  // namespace mote

#elif defined(__linux__)

#include <gtest/gtest.h>

TEST(returned_list, every_order) { GTEST_SKIP() << "musl has no swapcontext"; }

#endif
