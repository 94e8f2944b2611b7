// One heap, several threads, and fork while they allocate.
#ifndef _WIN32

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "native/allocated.hpp"

namespace mote {
namespace {

// Each block is filled with a byte of its own: two threads that got the same
// memory would see each other's.
class Churn {
 public:
  explicit Churn(unsigned seed) : state_(seed * 2654435761u + 1) {}
  ~Churn() {
    for (Block& block : blocks_) drop(block);
  }

  bool step() {
    Block& block = blocks_[next() % block_count];
    const bool is_intact = check(block);
    drop(block);
    const unsigned kind = next() % 4;
    block.size = next() % (next() % 16 == 0 ? 100000 : 600) + 1;
    if (kind == 0) {
      block.ptr = static_cast<unsigned char*>(aligned_alloc(64, block.size));
    } else if (kind == 1) {
      block.ptr = static_cast<unsigned char*>(malloc(block.size / 2));
      block.ptr = static_cast<unsigned char*>(realloc(block.ptr, block.size));
    } else {
      block.ptr = static_cast<unsigned char*>(malloc(block.size));
    }
    if (block.ptr == nullptr) return false;
    block.fill = static_cast<unsigned char>(next());
    memset(block.ptr, block.fill, block.size);
    return is_intact;
  }

 private:
  struct Block {
    unsigned char* ptr = nullptr;
    size_t size = 0;
    unsigned char fill = 0;
  };
  static constexpr size_t block_count = 200;

  uint32_t next() {  // xorshift, Marsaglia 2003
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    return state_ ^= state_ << 5;
  }
  static bool check(const Block& block) {
    for (size_t i = 0; i < block.size; ++i) {
      if (block.ptr[i] != block.fill) return false;
    }
    return true;
  }
  static void drop(Block& block) {
    free(block.ptr);
    block = {};
  }

  uint32_t state_;
  Block blocks_[block_count];
};

TEST(threads, blocks_belong_to_one_thread) {
  std::atomic<bool> all_intact = true;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([t, &all_intact] {
      Churn churn(t + 1);
      for (int i = 0; i < 50000; ++i) {
        if (!churn.step()) all_intact = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(all_intact);
}

TEST(threads, blocks_may_be_freed_by_another_thread) {
  constexpr size_t count = 20000;
  std::vector<std::atomic<void*>> mailbox(count);
  std::thread consumer([&mailbox] {
    for (std::atomic<void*>& slot : mailbox) {
      void* ptr;
      while ((ptr = slot.load()) == nullptr) std::this_thread::yield();
      free(ptr);
    }
  });
  for (size_t i = 0; i < count; ++i) {
    void* const ptr = malloc(i % 700 + 1);
    memset(ptr, 1, i % 700 + 1);
    mailbox[i].store(ptr);
  }
  consumer.join();
}

// A child that hangs is killed by its alarm, and then counts as failed.
bool allocates_in_child() {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    Churn churn(7);
    for (int i = 0; i < 200; ++i) {
      if (!churn.step()) _exit(1);
    }
    std::thread([] { free(opaque(malloc(1000))); }).join();
    _exit(0);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child &&
         WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(fork, children_of_a_busy_process_can_allocate) {
  std::atomic<bool> is_over = false;
  std::atomic<bool> all_intact = true;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([t, &is_over, &all_intact] {
      Churn churn(t + 100);
      while (!is_over) {
        if (!churn.step()) all_intact = false;
      }
    });
  }
  int failure_count = 0;
  for (int i = 0; i < 200; ++i) failure_count += !allocates_in_child();
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failure_count, 0);
  EXPECT_TRUE(all_intact);
}

TEST(fork, single_threaded_process_can_fork) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(allocates_in_child());
}

// A handler that was registered before mote's runs while mote holds its lock.
std::atomic<int> handler_calls = 0;

void allocate_in_handler() {
  free(opaque(malloc(opaque(100))));
  free(opaque(malloc(opaque(100000))));
  ++handler_calls;
}

// As early as mote's; among equals the program comes before the library.
[[gnu::constructor(101)]] void register_early_handlers() {
  pthread_atfork(allocate_in_handler, allocate_in_handler, allocate_in_handler);
}

TEST(fork, handlers_of_others_may_allocate) {
  std::atomic<bool> is_over = false;
  std::thread other([&is_over] {
    Churn churn(3);
    while (!is_over) churn.step();
  });
  handler_calls = 0;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(allocates_in_child());
  is_over = true;
  other.join();
  EXPECT_EQ(handler_calls, 40) << "two a fork in this process";
}

}  // namespace
}  // namespace mote

#endif
