// Patterns made to find a walk whose length grows with the heap: each sets up
// `scale` times the same trap, then times what would walk through it. Doubling
// the trap must leave the time per operation alone.
//
// The host calls scaling_set_up(pattern, size, count), times
// scaling_run(count of operations), and calls scaling_tear_down().
#include "bench.hpp"

using namespace bench;

namespace {

enum Pattern : uint32_t {
  // Free blocks a little too small for what is asked: the same bin, no fit.
  too_small,
  // Free blocks large enough, none of them aligned well enough.
  misaligned,
  // Freeing next to a long row of free blocks of the same bin.
  free_into_bin,
  // Many slabs of one class with one free block each.
  sparse_slabs,
  // Growing a block in place beside many free ones.
  grow,
};

constexpr uint32_t capacity = 1 << 18;
Block blocks[capacity];

Pattern pattern;
uint32_t size;
uint32_t block_count;

void make(uint32_t index, uint32_t of_size) {
  blocks[index] = {take(of_size), of_size};
}

void drop(uint32_t index) {
  give(blocks[index].ptr, blocks[index].size);
  blocks[index] = {};
}

}  // namespace

BENCH_EXPORT(scaling_capacity) uint32_t scaling_capacity() { return capacity; }

// Leaves `count` free blocks of `of_size` bytes, each between two live ones.
BENCH_EXPORT(scaling_set_up)
void scaling_set_up(uint32_t what, uint32_t of_size, uint32_t count) {
  pattern = Pattern(what);
  size = of_size;
  block_count = count * 2;
  require(block_count <= capacity);
  for (uint32_t i = 0; i < block_count; ++i) make(i, i % 2 ? 24 : size);
  for (uint32_t i = 0; i < block_count; i += 2) drop(i);
}

BENCH_EXPORT(scaling_run) void scaling_run(uint32_t operation_count) {
  Random random(13);
  for (uint32_t i = 0; i < operation_count; ++i) {
    switch (pattern) {
      case too_small: {
        char* ptr = take(size + size / 16 + 16);
        give(ptr, size + size / 16 + 16);
        break;
      }
      case misaligned: {
        char* ptr = take_aligned(4096, size - size / 4);
        give(ptr, size - size / 4, 4096);
        break;
      }
      case free_into_bin:
      case sparse_slabs: {
        uint32_t index = random.below(block_count / 2) * 2;
        if (pattern == sparse_slabs) index += 1;
        if (blocks[index].ptr) drop(index);
        make(index, pattern == sparse_slabs ? 24 : size);
        if (pattern == free_into_bin) drop(index);
        break;
      }
      case grow: {
        char* ptr = take(size);
        ptr = resize(ptr, size, size + 64);
        give(ptr, size + 64);
        break;
      }
    }
  }
}

BENCH_EXPORT(scaling_tear_down) void scaling_tear_down() {
  for (uint32_t i = 0; i < block_count; ++i) {
    if (blocks[i].ptr) drop(i);
  }
}
