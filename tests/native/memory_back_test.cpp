// What was freed goes back to the system after a while, without a thread for
// it.
#ifdef __linux__

#include <gtest/gtest.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "allocated.hpp"
#include "mote/mote.h"
#include "native/undeclared.h"
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

// Fills 64 MiB with small blocks, frees them, waits, calls malloc and free
// often enough that somebody looks at the clock: how much of it is resident no
// more.
size_t bytes_given_back(useconds_t wait_microseconds) {
  constexpr size_t block_bytes = 100;
  constexpr size_t total_bytes = size_t{64} << 20;
  std::vector<void*> blocks(total_bytes / block_bytes);
  for (void*& block : blocks) {
    block = opaque(malloc(block_bytes));
    memset(block, 1, block_bytes);
  }
  const size_t full = resident_bytes();
  for (void* block : blocks) free(block);
  usleep(wait_microseconds);
  for (void*& block : blocks) {
    block = &block - blocks.data() < 2000 ? opaque(malloc(40)) : nullptr;
  }
  const size_t left = resident_bytes();
  for (void* block : blocks) free(block);
  return full > left ? full - left : 0;
}
constexpr size_t most = size_t{32} << 20;

TEST(memory_back, small_blocks_that_were_freed_leave_the_resident_set) {
  if (profile.is_hardened) GTEST_SKIP() << "nothing is discarded there";
  if (resident_bytes() == 0) GTEST_SKIP() << "no /proc/self/statm";
  EXPECT_GT(bytes_given_back(500'000), most) << "twice the delay";
}

TEST(memory_back, the_delay_can_be_set) {
  if (profile.is_hardened) GTEST_SKIP() << "nothing is discarded there";
  if (resident_bytes() == 0) GTEST_SKIP() << "no /proc/self/statm";
  EXPECT_EQ(mallopt(MOTE_DISCARD_DELAY, -1), 1);
  EXPECT_LT(bytes_given_back(500'000), most);
  EXPECT_EQ(mallopt(MOTE_DISCARD_DELAY, 0), 1);
  EXPECT_GT(bytes_given_back(0), most);
  EXPECT_EQ(mallopt(MOTE_DISCARD_DELAY, 250), 1);
}

TEST(memory_back, large_blocks_leave_the_resident_set_at_once) {
  if (profile.is_hardened) GTEST_SKIP() << "such blocks are mapped apart there";
  if (resident_bytes() == 0) GTEST_SKIP() << "no /proc/self/statm";
  constexpr size_t size = size_t{64} << 20;
  void* const block = opaque(malloc(size));
  ASSERT_NE(block, nullptr);
  memset(block, 1, size);
  void* const behind = opaque(malloc(100'000));
  const size_t full = resident_bytes();
  free(block);
  EXPECT_LT(resident_bytes() + size - size / 8, full);
  free(behind);
}

TEST(memory_back, calloc_does_not_touch_fresh_pages) {
  if (profile.is_hardened) GTEST_SKIP() << "every block is written to there";
  if (resident_bytes() == 0) GTEST_SKIP() << "no /proc/self/statm";
  constexpr size_t size = size_t{512} << 20;
  malloc_trim(0);  // what others had is cleared
  const size_t before = resident_bytes();
  auto* const block = static_cast<char*>(opaque(calloc(size, 1)));
  ASSERT_NE(block, nullptr);
  EXPECT_LT(resident_bytes(), before + most);
  for (size_t at = 0; at < size; at += 4096) ASSERT_EQ(block[at], 0);
  free(block);
}

long page_faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Whether the kernel can, which tells it by other memory.
bool system_moves_pages() {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const from = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const to = static_cast<char*>(from) + page;
  return mremap(from, page, page, MREMAP_MAYMOVE | MREMAP_FIXED | 4, to) == to;
}

TEST(memory_back, realloc_of_large_blocks_moves_pages) {
  if (profile.is_hardened) GTEST_SKIP() << "such blocks have guard pages there";
  constexpr size_t size = size_t{48} << 20;
  auto* block = static_cast<char*>(opaque(realloc(nullptr, size)));
  ASSERT_NE(block, nullptr);
  for (size_t at = 0; at < size; ++at) block[at] = static_cast<char>(at / 999);
  void* const behind = opaque(malloc(size_t{70} << 20));  // so it must move
  const long before = page_faults();
  auto* const moved = static_cast<char*>(opaque(realloc(block, 2 * size)));
  ASSERT_NE(moved, nullptr);
  ASSERT_NE(moved, block);
  if (system_moves_pages()) {
    EXPECT_LT(page_faults() - before, 2000);
  }
  for (size_t at = 0; at < size; ++at)
    ASSERT_EQ(moved[at], static_cast<char>(at / 999)) << at;
  memset(moved, 1, 2 * size);
  // Where it was is memory as any other.
  block = static_cast<char*>(opaque(malloc(size)));
  memset(block, 2, size);
  EXPECT_EQ(moved[0], 1);
  free(block);
  free(moved);
  free(behind);
}

TEST(memory_back, malloc_trim_gives_back_the_pages_between_blocks) {
  if (profile.is_hardened) GTEST_SKIP() << "nothing is discarded there";
  if (resident_bytes() == 0) GTEST_SKIP() << "no /proc/self/statm";
  mallopt(MOTE_DISCARD_DELAY, -1);
  std::vector<void*> blocks(600'000);
  for (void*& block : blocks) {
    block = opaque(malloc(100));
    memset(block, 1, 100);
  }
  const size_t full = resident_bytes();
  // One stays of those of ten pages.
  for (size_t i = 0; i < blocks.size(); ++i)
    if (i % 400 != 0) free(blocks[i]);
  malloc_trim(0);
  EXPECT_LT(resident_bytes() + most, full);
  for (size_t i = 0; i < blocks.size(); i += 400) {
    EXPECT_EQ(static_cast<char*>(blocks[i])[99], 1);
    free(blocks[i]);
  }
  mallopt(MOTE_DISCARD_DELAY, 250);
}

}  // namespace
}  // namespace mote

#endif
