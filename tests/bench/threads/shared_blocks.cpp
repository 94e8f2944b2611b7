// Rows in which threads free what others allocated.
#include <atomic>

#include "rows.hpp"

namespace {

using bench::Block;
using bench::Queue;
using bench::Random;
using bench::Table;

// Ends where one thread waits for others that it cannot join.
class Latch {
 public:
  explicit Latch(unsigned count) : count_(count) {}
  void count_down() {
    std::lock_guard lock(mutex_);
    if (--count_ == 0) is_over_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    is_over_.wait(lock, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_over_;
  unsigned count_;
};

// Who works on a table of larson's; its successor is a new thread.
struct Shift {
  Latch* end;
  Block* blocks;
  uint32_t replacement_count;
  unsigned index;
  unsigned left;

  static constexpr uint32_t block_count = 2000;

  void operator()() {
    Random random(1 + index * 100 + left);
    for (uint32_t i = 0; i < replacement_count; ++i) {
      Block& block = blocks[random.below(block_count)];
      bench::drop(block);
      block = bench::make(random.between(8, 1000));
    }
    if (--left == 0)
      end->count_down();
    else
      pthread_detach(bench::start(*this));
  }
};

template <size_t count>
struct Batch {
  Block blocks[count];
};

using Messages = Batch<100>;

// A batch is a block too, as it would be in a program.
Messages* produce(Random& random, uint32_t low_bit, uint32_t high_bit) {
  auto* batch = static_cast<Messages*>(bench::allocate(sizeof(Messages)));
  for (Block& block : batch->blocks)
    block = bench::make(random.log_uniform(low_bit, high_bit));
  return batch;
}

void consume(Messages* batch) {
  for (Block& block : batch->blocks) bench::drop(block);
  bench::release(batch, sizeof(Messages));
}

// As many consumers as producers; a single thread is both in turn. `queue_of`
// gives the queue of a thread's pair.
template <class QueueOf>
void produce_and_consume(unsigned thread_count, uint32_t batch_count,
                         uint32_t high_bit, QueueOf queue_of) {
  const unsigned pair_count = thread_count / 2;
  bench::run_threads(thread_count, [=](unsigned index) {
    Random random(index + 1);
    if (pair_count == 0) {
      for (uint32_t i = 0; i < batch_count; ++i)
        consume(produce(random, 4, high_bit));
      return;
    }
    auto& queue = queue_of(index % pair_count);
    for (uint32_t i = bench::share(batch_count, index % pair_count, pair_count);
         i; --i) {
      if (index < pair_count)
        queue.put(produce(random, 4, high_bit));
      else
        consume(queue.take());
    }
  });
}

// One block in a hundred up to 2 KiB, one in a thousand up to 32 KiB.
uint32_t skewed_size(Random& random) {
  const uint32_t kind = random.below(1000);
  if (kind == 0) return random.log_uniform(11, 15);
  return kind < 10 ? random.log_uniform(8, 11) : random.log_uniform(3, 8);
}

}  // namespace

// After Larson and Krishnan, "Memory allocation for long-running server
// applications", ISMM 1998: each thread replaces blocks at random in a table,
// and leaves it to a successor, which frees what its predecessors allocated.
void larson(unsigned thread_count) {
  const uint32_t count = 1'600'000;
  const unsigned generation_count = 10;
  Table<Block> blocks(size_t{thread_count} * Shift::block_count);
  Table<Shift> shifts(thread_count);
  Latch end(thread_count);
  for (unsigned i = 0; i < thread_count; ++i) {
    shifts[i] = {&end, &blocks[i * Shift::block_count],
                 count / thread_count / generation_count, i, generation_count};
    pthread_detach(bench::start(shifts[i]));
  }
  end.wait();
  for (Block& block : blocks) bench::drop(block);
}

// After malloc-test of Lever and Boreham, "malloc() performance in a
// multithreaded Linux environment", USENIX 2000, and what became xmalloc:
// batches go through one queue from the threads that allocate to those that
// free.
void xmalloc(unsigned thread_count) {
  const uint32_t batch_count = 10'000;
  Queue<Messages*, 64> queue;
  produce_and_consume(thread_count, batch_count, 10,
                      [&](unsigned) -> auto& { return queue; });
}

// The same in pairs, each with a queue of its own, and small blocks only.
void producer_consumer(unsigned thread_count) {
  const uint32_t batch_count = 20'000;
  static Queue<Messages*, 64> queues[bench::thread_count_max];
  produce_and_consume(thread_count, batch_count, 8,
                      [](unsigned pair) -> auto& { return queues[pair]; });
}

// After the idea of mstress in mimalloc-bench (Leijen): threads come and go;
// they allocate, free, keep some to their end, and swap some with each other.
void mstress(unsigned thread_count) {
  const uint32_t count = 800'000;
  const unsigned phase_count = 8;
  const uint32_t kept_count = 4000;
  static std::atomic<char*> transfers[512];
  // The size is written into the block, for whoever frees it.
  const auto make = [](uint32_t size) {
    char* ptr = bench::take(size);
    bench::store(ptr, size);
    return ptr;
  };
  const auto drop = [](char* ptr) {
    if (ptr) bench::release(ptr, bench::load(ptr));
  };
  for (unsigned phase = 0; phase < phase_count; ++phase) {
    bench::run_threads(thread_count, [=](unsigned index) {
      Random random(1 + phase * 100 + index);
      Table<char*> kept(kept_count);
      for (uint32_t i = bench::share(count / phase_count, index, thread_count);
           i; --i) {
        char*& place = kept[random.below(kept_count)];
        drop(place);
        place = make(skewed_size(random));
        if (random.below(4) == 0)
          place = transfers[random.below(512)].exchange(place);
      }
      for (char* ptr : kept) drop(ptr);
    });
  }
  for (auto& transfer : transfers) drop(transfer.exchange(nullptr));
}

namespace {

// Writes to a small block of its own again and again: slow when another's
// block lies on the same cache line.
void write_own(uint32_t count) {
  const uint32_t size = 8, write_count = 1000;
  for (; count; --count) {
    Block block = bench::make(size);
    volatile char* bytes = block.ptr;
    for (uint32_t i = 0; i < write_count; ++i)
      bytes[i % size] = static_cast<char>(bytes[i % size] + 1);
    bench::release(block.ptr, size);
  }
}

}  // namespace

// After cache-scratch of Hoard (Berger et al., 2000), passive false sharing:
// each thread first frees a block that the main thread allocated beside those
// of the others.
void cache_scratch(unsigned thread_count) {
  const uint32_t count = 40'000;
  Table<Block> blocks(thread_count);
  for (Block& block : blocks) block = bench::make(8);
  bench::run_threads(thread_count, [&](unsigned index) {
    bench::drop(blocks[index]);
    write_own(bench::share(count, index, thread_count));
  });
}

// Hoard's cache-thrash, active false sharing: an allocator that cuts blocks of
// one cache line for two threads.
void cache_thrash(unsigned thread_count) {
  const uint32_t count = 40'000;
  bench::run_threads(thread_count, [=](unsigned index) {
    write_own(bench::share(count, index, thread_count));
  });
}

// Threads that live for 100 blocks, which they leave for others to free.
void thread_births(unsigned thread_count) {
  const uint32_t birth_count = 640, block_count = 100, legacy_count = 64;
  // The blocks of a legacy are linked through themselves.
  struct Leaf {
    Leaf* next;
    uint32_t size;
  };
  static std::atomic<Leaf*> legacies[legacy_count];
  const auto drop = [](Leaf* leaf) {
    while (leaf) {
      Leaf* next = leaf->next;
      bench::release(leaf, leaf->size);
      leaf = next;
    }
  };
  for (uint32_t born = 0; born < birth_count; born += thread_count) {
    bench::run_threads(thread_count, [=](unsigned index) {
      Random random(born + index + 1);
      Leaf* legacy = nullptr;
      for (uint32_t i = 0; i < block_count; ++i) {
        const uint32_t size = random.between(sizeof(Leaf), 256);
        legacy = new (bench::allocate(size)) Leaf{legacy, size};
      }
      drop(legacies[random.below(legacy_count)].exchange(legacy));
    });
  }
  for (auto& legacy : legacies) drop(legacy.exchange(nullptr));
}

// Messages go from thread to thread. They are made by the first, grow four
// times on the way, and are freed by the last.
void pipeline(unsigned thread_count) {
  const uint32_t batch_count = 1500;
  const unsigned step_count = 6;
  static Queue<Messages*, 16> queues[bench::thread_count_max];
  const auto grow = [](Messages* batch) {
    for (Block& block : batch->blocks) {
      const uint32_t size = block.size + block.size / 2;
      block.ptr = bench::resize(block.ptr, block.size, size);
      block.size = size;
    }
  };
  bench::run_threads(thread_count, [=](unsigned index) {
    Random random(1);
    const unsigned first = step_count * index / thread_count;
    const unsigned last = step_count * (index + 1) / thread_count;
    for (uint32_t i = 0; i < batch_count; ++i) {
      Messages* batch =
          index == 0 ? produce(random, 4, 7) : queues[index - 1].take();
      for (unsigned step = first; step < last; ++step)
        if (step != 0 && step != step_count - 1) grow(batch);
      if (index == thread_count - 1)
        consume(batch);
      else
        queues[index].put(batch);
    }
  });
}

// Threads in a ring: each allocates a batch and frees the one of its neighbour,
// all at the same time.
void handoff(unsigned thread_count) {
  const uint32_t count = 1'600'000, batch_size = 2000;
  Table<Block> blocks(size_t{thread_count} * batch_size);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, thread_count);
  bench::run_threads(thread_count, [&](unsigned index) {
    Random random(index + 1);
    Block* own = &blocks[index * batch_size];
    Block* other = &blocks[(index + 1) % thread_count * batch_size];
    for (uint32_t round = count / batch_size / thread_count; round; --round) {
      for (uint32_t i = 0; i < batch_size; ++i)
        own[i] = bench::make(random.log_uniform(4, 9));
      pthread_barrier_wait(&barrier);
      for (uint32_t i = 0; i < batch_size; ++i) bench::drop(other[i]);
      pthread_barrier_wait(&barrier);
    }
  });
  pthread_barrier_destroy(&barrier);
}
