// What an operating system does to a program while it allocates: limits,
// signals, children that replace themselves, threads that end in every way, and
// very many of them.
#if defined(__unix__) && !defined(__wasm__)

#include <gtest/gtest.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "mote/inspect.h"
#include "native/allocated.hpp"

extern char** environ;

namespace mote {
namespace {

// Apart: the child runs on this frame.
[[gnu::noinline]] int status_of_vfork(const char* name,
                                      char* const* arguments) {
  const pid_t child = vfork();
  if (child == 0) {
    execvp(name, arguments);
    _exit(1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

size_t footprint() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.footprint_bytes;
}

// What a thread leaves behind: blocks of each kind, filled.
struct Left {
  char* blocks[3];

  static constexpr size_t sizes[] = {40, 700, 6000};

  bool allocate(int fill) {
    for (size_t i = 0; i < 3; ++i) {
      blocks[i] = static_cast<char*>(opaque(malloc(sizes[i])));
      if (blocks[i] == nullptr) return false;
      memset(blocks[i], fill, sizes[i]);
    }
    return true;
  }
  bool free_all(int fill) {
    bool is_intact = true;
    for (size_t i = 0; i < 3; ++i) {
      for (size_t at = 0; at < sizes[i]; ++at)
        is_intact = is_intact && blocks[i][at] == static_cast<char>(fill);
      free(blocks[i]);
    }
    return is_intact;
  }
};

std::atomic<int> signals_seen = 0;

TEST(process, signals_may_come_at_any_instruction) {
  struct sigaction handler = {};
  struct sigaction before;
  handler.sa_handler = [](int) { ++signals_seen; };
  sigaction(SIGALRM, &handler, &before);
  const itimerval often = {{0, 50}, {0, 50}};  // microseconds
  setitimer(ITIMER_REAL, &often, nullptr);
  while (signals_seen < 2000) {
    Left left;
    ASSERT_TRUE(left.allocate(signals_seen & 127 ? 7 : 9));
    const char fill = left.blocks[0][0];
    ASSERT_TRUE(left.free_all(fill));
  }
  const itimerval never = {};
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
}

TEST(process, children_that_become_other_programs) {
  std::atomic<bool> stops = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&] {
      while (!stops) {
        Left left;
        if (left.allocate(3)) left.free_all(3);
      }
    });
  }
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  for (int i = 0; i < 100; ++i) {
    pid_t child = 0;
    ASSERT_EQ(posix_spawnp(&child, name, nullptr, nullptr, arguments, environ),
              0);
    int status = 1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_EQ(status_of_vfork(name, arguments), 0);
  }
  stops = true;
  for (std::thread& thread : busy) thread.join();
}

// Returned from, ended by pthread_exit, cancelled while it waits; detached or
// not. Each leaves blocks to this thread.
TEST(process, threads_that_end_in_every_way_leave_usable_blocks) {
  enum class End { returns, exits, is_cancelled };
  struct Task {
    End end;
    Left left;
    std::atomic<int> state = 0;
  };
  const auto body = [](void* given) -> void* {
    Task& task = *static_cast<Task*>(given);
    task.state = task.left.allocate(5) ? 1 : 2;
    if (task.end == End::exits) pthread_exit(nullptr);
    if (task.end == End::is_cancelled)
      for (;;) pause();
    return nullptr;
  };
  for (int round = 0; round < 60; ++round) {
    Task task = {.end = static_cast<End>(round % 3), .left = {}};
    const bool is_detached = round % 2 == 0 && task.end != End::is_cancelled;
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, body, &task), 0);
    while (task.state == 0) usleep(100);
    ASSERT_EQ(task.state, 1);
    if (task.end == End::is_cancelled) {
      ASSERT_EQ(pthread_cancel(thread), 0);
    }
    if (is_detached) {
      ASSERT_EQ(pthread_detach(thread), 0);
    } else {
      ASSERT_EQ(pthread_join(thread, nullptr), 0);
    }
    ASSERT_TRUE(task.left.free_all(5));
    if (is_detached) usleep(1000);  // it still uses `task` to its end
  }
}

// Each leaves live blocks, which others free.
TEST(process, a_hundred_thousand_threads_need_no_more_than_a_thousand) {
  constexpr int warm = 1000;
  constexpr int count = 100'000;
  size_t footprint_warm = 0;
  Left left;
  for (int i = 0; i < count; ++i) {
    if (i == warm) footprint_warm = footprint();
    bool is_good = true;
    Left next;
    std::thread([&] {
      is_good =
          next.allocate(i & 127) && (i == 0 || left.free_all((i - 1) & 127));
    }).join();
    ASSERT_TRUE(is_good) << i;
    left = next;
  }
  left.free_all((count - 1) & 127);
  EXPECT_LE(footprint(), footprint_warm + 65536);
}

jmp_buf out_of_new;

TEST(process, a_new_handler_may_jump_out) {
  std::set_new_handler([] { longjmp(out_of_new, 1); });
  for (int i = 0; i < 10; ++i) {
    if (setjmp(out_of_new) == 0) {
      opaque(::operator new(opaque(SIZE_MAX / 2)));
      ADD_FAILURE() << "so much was to be had";
    }
    Left left;
    ASSERT_TRUE(left.allocate(i));
    ASSERT_TRUE(left.free_all(i));
  }
  std::set_new_handler(nullptr);
}

}  // namespace
}  // namespace mote
#endif
