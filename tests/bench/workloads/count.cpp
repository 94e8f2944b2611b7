// The counting build's bookkeeping: what a row asks for, whoever serves it.
#include "bench.hpp"

namespace {

struct Peak {
  uint64_t live = 0;
  uint64_t peak = 0;

  void change(uint64_t removed, uint64_t added) {
    live = live - removed + added;
    if (live > peak) peak = live;
  }
};

// A block of size 0 is a block: it needs an address of its own.
uint64_t round_up(uint64_t size, uint64_t align) {
  if (size == 0) size = 1;
  return (size + align - 1) / align * align;
}

uint64_t operation_count;
Peak block_count;
Peak requested;      // the sum of the sizes asked for
Peak headerless[2];  // each size rounded up to 8, to 16
Peak headers[2];     // each size plus 4, rounded up to 8, to 16

}  // namespace

void bench::count(size_t removed_size, size_t added_size, bool removed,
                  bool added) {
  ++operation_count;
  block_count.change(removed, added);
  requested.change(removed_size, added_size);
  for (int i = 0; i < 2; ++i) {
    uint64_t align = 8u << i;
    headerless[i].change(removed ? round_up(removed_size, align) : 0,
                         added ? round_up(added_size, align) : 0);
    headers[i].change(removed ? round_up(removed_size + 4, align) : 0,
                      added ? round_up(added_size + 4, align) : 0);
  }
}

// As doubles: exact far beyond what a 32-bit memory can hold.
BENCH_EXPORT(counted) double counted(uint32_t what) {
  const uint64_t values[] = {
      operation_count,    block_count.peak, requested.peak,  headerless[0].peak,
      headerless[1].peak, headers[0].peak,  headers[1].peak, requested.live};
  return static_cast<double>(values[what]);
}
