// What the rows with threads stand on: tables that are not the allocator's,
// threads, queues between them.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <condition_variable>
#include <mutex>

#include "../workloads/bench.hpp"
#include "../workloads/process.hpp"

namespace bench {

inline constexpr int thread_count_max = 16;

// A row does the same work whatever the number of threads.
struct Row {
  const char* name;
  void (*run)(unsigned thread_count);
};

// Zeroed memory of the system, resident from the start, so that it weighs the
// same in the peak of every allocator.
template <class T>
class Table {
 public:
  explicit Table(size_t count) : count_(count) {
    void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) fail(Failure::out_of_memory);
    items_ = static_cast<T*>(memory);
  }
  ~Table() { munmap(static_cast<void*>(items_), count_ * sizeof(T)); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  T& operator[](size_t index) { return items_[index]; }
  T* begin() { return items_; }
  T* end() { return items_ + count_; }
  size_t size() const { return count_; }

 private:
  T* items_;
  size_t count_;
};

// pthread_create rather than std::thread: what is allocated for a thread is
// then the C library's alone. `Work` is called with `argument` on a thread.
template <class Work>
pthread_t start(Work& work) {
  pthread_t thread;
  const auto call = [](void* argument) -> void* {
    (*static_cast<Work*>(argument))();
    return nullptr;
  };
  if (pthread_create(&thread, nullptr, call, &work) != 0)
    stop("cannot start", "a thread");
  return thread;
}

// Calls `work(index)` on `count` threads, for each index below `count`, and
// waits for all.
template <class Work>
void run_threads(unsigned count, Work work) {
  struct Member {
    Work* work;
    unsigned index;
    pthread_t thread;
    void operator()() { (*work)(index); }
  };
  Table<Member> members(count);
  for (unsigned i = 0; i < count; ++i) {
    members[i].work = &work;
    members[i].index = i;
    members[i].thread = start(members[i]);
  }
  for (Member& member : members) pthread_join(member.thread, nullptr);
}

// The part of `total` that thread `index` of `count` does.
inline uint32_t share(uint32_t total, unsigned index, unsigned count) {
  const auto before = [=](unsigned i) {
    return static_cast<uint32_t>(uint64_t{total} * i / count);
  };
  return before(index + 1) - before(index);
}

// Bounded, so that what is under way is: whoever is ahead waits.
template <class T, size_t capacity>
class Queue {
 public:
  void put(T item) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [&] { return count_ < capacity; });
    items_[(first_ + count_++) % capacity] = item;
    has_items_.notify_one();
  }

  T take() {
    std::unique_lock lock(mutex_);
    has_items_.wait(lock, [&] { return count_ > 0; });
    T item = items_[first_];
    first_ = (first_ + 1) % capacity;
    --count_;
    has_room_.notify_one();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::condition_variable has_items_;
  T items_[capacity];
  size_t first_ = 0;
  size_t count_ = 0;
};

inline void drop(Block& block) {
  if (block.ptr) give(block.ptr, block.size);
  block.ptr = nullptr;
}

inline Block make(uint32_t size) { return {take(size), size}; }

}  // namespace bench
