// What was freed goes back to the system after a while, without a thread for
// it.
#ifdef __linux__

#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vector>

#include "allocated.hpp"
#include "profile.hpp"

namespace mote {
namespace {

size_t resident_bytes() {
  size_t all = 0;
  size_t resident = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (fscanf(file, "%zu %zu", &all, &resident) != 2) resident = 0;
  fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(memory_back, small_blocks_that_were_freed_leave_the_resident_set) {
  if (profile.is_hardened) GTEST_SKIP() << "nothing is discarded there";
  constexpr size_t block_bytes = 100;
  constexpr size_t total_bytes = size_t{64} << 20;
  std::vector<void*> blocks(total_bytes / block_bytes);
  for (void*& block : blocks) {
    block = opaque(malloc(block_bytes));
    ASSERT_NE(block, nullptr);
    memset(block, 1, block_bytes);
  }
  const size_t full = resident_bytes();
  if (full == 0) GTEST_SKIP() << "no /proc/self/statm";
  for (void* block : blocks) free(block);
  usleep(500'000);  // twice the delay
  for (void*& block : blocks) {
    block = &block - blocks.data() < 2000 ? opaque(malloc(40)) : nullptr;
  }
  EXPECT_LT(resident_bytes() + total_bytes / 2, full);
  for (void* block : blocks) free(block);
}

}  // namespace
}  // namespace mote

#endif
