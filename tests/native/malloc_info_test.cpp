// glibc's statistics of a Unix program that is linked with mote, and a walk of
// its heap while other threads allocate.
#ifndef _WIN32

#include <errno.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "mote/inspect.h"
#include "native/allocated.hpp"
#include "native/undeclared.h"
#include "profile.hpp"

namespace mote {
namespace {

// More than an int holds, where there are addresses for that.
constexpr size_t large_bytes =
    SIZE_MAX > UINT32_MAX ? size_t{3} << 30 : size_t{1} << 28;

TEST(malloc_info, mallinfo2_follows_an_allocation) {
  const struct mallinfo2 before = mallinfo2();
  void* const ptr = opaque(malloc(opaque(large_bytes)));
  ASSERT_NE(ptr, nullptr);
  const struct mallinfo2 after = mallinfo2();
  EXPECT_EQ(after.uordblks - before.uordblks, malloc_usable_size(ptr));
  EXPECT_GE(after.arena, after.uordblks + after.fordblks);
  EXPECT_GT(after.arena, before.arena);
  free(ptr);
  EXPECT_EQ(mallinfo2().uordblks, before.uordblks);
  // Guarded pages are gone with their block.
  if (profile.is_hardened) return;
  EXPECT_GE(mallinfo2().keepcost, large_bytes);
  EXPECT_GT(mallinfo2().ordblks, 0u);
  malloc_trim(0);
  EXPECT_LT(mallinfo2().keepcost, size_t{1} << 20);
}

TEST(malloc_info, mallinfo_holds_what_an_int_can) {
  if (large_bytes < INT32_MAX) GTEST_SKIP() << "there are not so many bytes";
  void* const ptr = opaque(malloc(opaque(large_bytes)));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const struct mallinfo info = mallinfo();
#pragma GCC diagnostic pop
  EXPECT_EQ(info.uordblks, INT32_MAX);
  EXPECT_GT(info.ordblks, 0);
  free(ptr);
  malloc_trim(0);
}

std::string malloc_info_text() {
  char* text = nullptr;
  size_t size = 0;
  FILE* const file = open_memstream(&text, &size);
  EXPECT_EQ(malloc_info(0, file), 0);
  fclose(file);
  std::string result(text, size);
  free(text);
  return result;
}

// The number behind the first `before` in the text.
size_t number_after(const std::string& text, const char* before) {
  const size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return strtoull(text.c_str() + at + strlen(before), nullptr, 10);
}

TEST(malloc_info, prints_xml_that_adds_up) {
  std::vector<void*> blocks;
  for (size_t size = 1; size < 3000; ++size) {
    blocks.push_back(opaque(malloc(opaque(size))));
  }
  for (size_t i = 0; i < blocks.size(); i += 2) free(blocks[i]);
  const std::string text = malloc_info_text();
  EXPECT_EQ(text.rfind("<malloc version=\"1\">\n", 0), 0u);
  EXPECT_NE(text.find("</malloc>\n"), std::string::npos);
  const size_t used = number_after(text, "<total type=\"used\" count=\"");
  size_t sum = 0;
  for (size_t at = text.find(" used=\""); at != std::string::npos;
       at = text.find(" used=\"", at + 1)) {
    sum += number_after(text.substr(at), " used=\"");
  }
  EXPECT_GE(used, blocks.size() / 2);
  EXPECT_EQ(sum, used);
  EXPECT_GT(number_after(text, "<system type=\"current\" size=\""),
            3000u * 500);
  for (size_t i = 1; i < blocks.size(); i += 2) free(blocks[i]);
}

TEST(malloc_info, refuses_options_and_tells_a_write_error) {
  EXPECT_EQ(malloc_info(1, stdout), EINVAL);
  FILE* const full = fopen("/dev/full", "w");
  if (full == nullptr) GTEST_SKIP() << "no /dev/full";
  setvbuf(full, nullptr, _IONBF, 0);
  EXPECT_EQ(malloc_info(0, full), -1);
  fclose(full);
}

TEST(malloc_info, malloc_stats_prints_to_stderr) {
  testing::internal::CaptureStderr();
  malloc_stats();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_GT(number_after(text, "in use bytes     = "), 0u);
}

TEST(inspect, a_walk_while_others_allocate_sees_a_whole_heap) {
  std::atomic<bool> is_over = false;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([t, &is_over] {
      void* blocks[64] = {};
      for (size_t i = t; !is_over; i = i * 1103515245 + 12345) {
        void*& block = blocks[i / 65536 % 64];
        free(block);
        block = malloc(i / 4096 % (i % 7 == 0 ? 20000 : 500) + 1);
      }
      for (void* block : blocks) free(block);
    });
  }
  std::vector<mote_piece> pieces(1'000'000);
  for (int i = 0; i < 200; ++i) {
    const size_t count = mote_walk(pieces.data(), pieces.size());
    ASSERT_LE(count, pieces.size());
    ASSERT_GT(count, 0u);
    for (size_t p = 1; p < count; ++p) {
      // A region may lie anywhere.
      if (pieces[p].kind == mote_piece_region) continue;
      ASSERT_GE(pieces[p].address, pieces[p - 1].address);
    }
    mote_statistics s;
    mote_stats(&s);
    ASSERT_GE(s.footprint_bytes, s.used_bytes + s.free_bytes);
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace mote

#endif
