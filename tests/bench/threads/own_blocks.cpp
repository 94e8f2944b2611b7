// Rows in which each thread frees what it allocated itself.
#include "rows.hpp"

namespace {

using bench::Block;
using bench::Random;
using bench::Table;

// Replaces blocks at random, `count` of them, in a table of the thread's own.
template <class Size>
void replace(Table<Block>& blocks, uint32_t count, Random& random, Size size) {
  for (uint32_t i = 0; i < count; ++i) {
    Block& block = blocks[random.below(static_cast<uint32_t>(blocks.size()))];
    bench::drop(block);
    block = bench::make(size());
  }
}

void drop_all(Table<Block>& blocks) {
  for (Block& block : blocks) bench::drop(block);
}

// A page that nobody touches is not resident, whoever has it.
void touch_pages(const Block& block) {
  for (uint32_t at = 4096; at + 4 < block.size; at += 4096) block.ptr[at] = 1;
}

}  // namespace

// No second thread ever: what a program pays that has none.
void churn(unsigned) {
  const uint32_t count = 3'000'000;
  Table<Block> blocks(5000);
  Random random(1);
  replace(blocks, count, random, [&] { return random.between(16, 256); });
  drop_all(blocks);
}

// After threadtest of Hoard (Berger et al., 2000): allocate many, free them
// all, again and again.
void scaling(unsigned thread_count) {
  const uint32_t round_count = 240, block_count = 10'000;
  bench::run_threads(thread_count, [=](unsigned index) {
    Table<Block> blocks(block_count);
    for (uint32_t round = bench::share(round_count, index, thread_count); round;
         --round) {
      for (uint32_t i = 0; i < block_count; ++i)
        blocks[i] = bench::make(8 + i % 8 * 8);
      drop_all(blocks);
    }
  });
}

// 64 bytes to 64 KiB, as many between 2^k and 2^(k+1) for every k.
void medium(unsigned thread_count) {
  const uint32_t count = 120'000;
  bench::run_threads(thread_count, [=](unsigned index) {
    Table<Block> blocks(256);
    Random random(index + 1);
    for (uint32_t i = bench::share(count, index, thread_count); i; --i) {
      Block& block = blocks[random.below(256)];
      bench::drop(block);
      block = bench::make(random.log_uniform(6, 16));
      touch_pages(block);
    }
    drop_all(blocks);
  });
}

// Eight buffers at a time grow by half until they have 96 KiB.
void realloc_growth(unsigned thread_count) {
  const uint32_t count = 96, side_by_side = 8;
  bench::run_threads(thread_count, [=](unsigned index) {
    for (uint32_t i = bench::share(count, index, thread_count); i; --i) {
      Block blocks[side_by_side];
      for (Block& block : blocks) block = bench::make(16);
      for (uint32_t size = 24; size < 98'304; size += size / 2) {
        for (Block& block : blocks) {
          block.ptr = bench::resize(block.ptr, block.size, size);
          block.size = size;
          touch_pages(block);
        }
      }
      for (Block& block : blocks) bench::drop(block);
    }
  });
}
