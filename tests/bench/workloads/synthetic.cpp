// The fourteen synthetic rows. Each leaves the heap empty, so that a second run
// in the same instance starts from an allocator that is warm but owns nothing.
#include "bench.hpp"

using namespace bench;

namespace {

// Shared by the rows that need a table; none of them keeps it between runs.
// Static, so that the table is not part of the heap that is measured.
Block table[1 << 18];

void replace(Block& block, uint32_t size) {
  if (block.ptr) give(block.ptr, block.size);
  block = {take(size), size};
}

void drop(Block& block) {
  if (block.ptr) give(block.ptr, block.size);
  block = {};
}

void drop_all(uint32_t block_count) {
  for (uint32_t i = 0; i < block_count; ++i) drop(table[i]);
}

}  // namespace

// Short-lived small objects replacing each other in random order.
ROW(small_churn) {
  constexpr uint32_t live_count = 2000;
  Random random(1);
  for (uint32_t i = 0; i < 400000; ++i) {
    replace(table[random.below(live_count)], random.between(8, 128));
  }
  drop_all(live_count);
}

// Deep call trees: everything is freed in the reverse order.
ROW(lifo) {
  constexpr uint32_t depth = 1000;
  Random random(2);
  for (uint32_t round = 0; round < 400; ++round) {
    for (uint32_t i = 0; i < depth; ++i) {
      uint32_t size = random.between(16, 64);
      table[i] = {take(size), size};
    }
    for (uint32_t i = depth; i-- > 0;) drop(table[i]);
  }
}

// Messages in a queue: freed in the order they were made.
ROW(fifo) {
  constexpr uint32_t length = 8192;
  Random random(3);
  for (uint32_t i = 0; i < 400000; ++i) {
    replace(table[i % length], random.between(16, 256));
  }
  drop_all(length);
}

// Every size from 8 bytes to 64 KiB, as many in each octave.
ROW(mixed) {
  constexpr uint32_t live_count = 700;
  Random random(4);
  for (uint32_t i = 0; i < 200000; ++i) {
    replace(table[random.below(live_count)], random.log_uniform(3, 16));
  }
  drop_all(live_count);
}

// Buffers of 64 KiB to 1 MiB.
ROW(large) {
  constexpr uint32_t live_count = 32;
  Random random(5);
  for (uint32_t i = 0; i < 20000; ++i) {
    replace(table[random.below(live_count)], random.between(64 << 10, 1 << 20));
  }
  drop_all(live_count);
}

// Vectors that double, eight of them growing by turns.
ROW(realloc_double) {
  constexpr uint32_t vector_count = 8;
  Random random(6);
  for (uint32_t round = 0; round < 400; ++round) {
    for (uint32_t i = 0; i < vector_count; ++i) replace(table[i], 16);
    for (uint32_t step = 0; step < 14 * vector_count; ++step) {
      Block& vector = table[random.below(vector_count)];
      if (vector.size >= 256 << 10) continue;
      vector.ptr = resize(vector.ptr, vector.size, vector.size * 2);
      vector.size *= 2;
    }
  }
  drop_all(vector_count);
}

// Strings that grow by a few dozen bytes, sixteen of them by turns.
ROW(realloc_inc) {
  constexpr uint32_t string_count = 16;
  Random random(7);
  for (uint32_t i = 0; i < string_count; ++i) replace(table[i], 16);
  for (uint32_t i = 0; i < 100000; ++i) {
    Block& string = table[random.below(string_count)];
    if (string.size > 4096) {
      replace(string, 16);
    } else {
      uint32_t size = string.size + random.between(8, 64);
      string.ptr = resize(string.ptr, string.size, size);
      string.size = size;
    }
  }
  drop_all(string_count);
}

// One buffer that grows by 16 bytes at a time to 64 KiB: the best case of
// growing in place.
ROW(realloc_one) {
  for (uint32_t round = 0; round < 50; ++round) {
    uint32_t size = 16;
    char* buffer = take(size);
    for (; size < 65536; size += 16) buffer = resize(buffer, size, size + 16);
    give(buffer, size);
  }
}

// Holes: two thirds of a crowd of blocks die, then larger ones arrive.
ROW(frag) {
  constexpr uint32_t block_count = 40000;
  Random random(8);
  for (uint32_t wave = 0; wave < 4; ++wave) {
    for (uint32_t i = 0; i < block_count; ++i) {
      if (!table[i].ptr)
        replace(table[i], random.between(16, 256) + wave * 100);
    }
    for (uint32_t i = 0; i < block_count; ++i) {
      if (random.below(3) != 0) drop(table[i]);
    }
  }
  drop_all(block_count);
}

// 200,000 live objects, churning.
ROW(killer_live) {
  constexpr uint32_t live_count = 200000;
  Random random(9);
  for (uint32_t i = 0; i < live_count; ++i) {
    replace(table[i], random.between(8, 64));
  }
  for (uint32_t i = 0; i < 200000; ++i) {
    replace(table[random.below(live_count)], random.between(8, 64));
  }
  drop_all(live_count);
}

// Allocate a lot of one size, free all, go on with a larger size: memory must
// find its way from one size class to the next.
ROW(killer_cycles) {
  constexpr uint32_t total_size = 4 << 20;
  for (uint32_t size = 16; size <= 512; size += size / 4) {
    uint32_t block_count = total_size / size;
    for (uint32_t i = 0; i < block_count; ++i) replace(table[i], size);
    drop_all(block_count);
  }
}

// Aligned blocks of 16 to 4096 bytes' alignment among ordinary ones.
ROW(aligned) {
  constexpr uint32_t live_count = 2000;
  static uint8_t align_bits[live_count];
  Random random(10);
  for (uint32_t i = 0; i < 200000; ++i) {
    uint32_t index = random.below(live_count);
    Block& block = table[index];
    if (block.ptr) give(block.ptr, block.size, size_t{1} << align_bits[index]);
    uint32_t size = random.between(16, 1024);
    align_bits[index] =
        static_cast<uint8_t>(random.between(4, random.between(4, 12)));
    block = {take_aligned(size_t{1} << align_bits[index], size), size};
  }
  for (uint32_t i = 0; i < live_count; ++i) {
    if (table[i].ptr) {
      give(table[i].ptr, table[i].size, size_t{1} << align_bits[i]);
    }
    table[i] = {};
  }
}
