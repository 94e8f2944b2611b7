// The calls of mote/inspect.h on the program's own heap, which GoogleTest uses
// too: what is asserted holds whatever else is allocated.
#include "mote/inspect.h"

#include <gtest/gtest.h>
#include <stdint.h>
#include <stdlib.h>

#include <map>
#include <vector>

#include "mote/mote.h"
#include "profile.hpp"

namespace mote {
namespace {

mote_statistics ask() {
  mote_statistics s;
  mote_stats(&s);
  return s;
}

// Room that is not of the heap: listing it changes nothing in it.
mote_piece pieces[100'000];

TEST(inspect, the_walk_finds_every_block_in_use) {
  std::vector<void*> blocks;
  for (size_t size = 1; size < 5000; size += 37) blocks.push_back(malloc(size));
  for (size_t i = 0; i < blocks.size(); i += 3) free(blocks[i]);
  std::map<const void*, mote_piece> found;
  const size_t count = mote_walk(pieces, 100'000);
  ASSERT_LE(count, 100'000u);
  for (size_t i = 0; i < count; ++i) {
    if (pieces[i].kind != mote_piece_used) continue;
    found[pieces[i].address] = pieces[i];
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_EQ(found.count(blocks[i]), i % 3 == 0 ? 0u : 1u) << i;
    if (i % 3 == 0) continue;
    ASSERT_GE(found[blocks[i]].size_bytes, mote_usable_size(blocks[i]));
    ASSERT_TRUE(profile.is_hardened ||
                found[blocks[i]].size_bytes == mote_usable_size(blocks[i]));
    free(blocks[i]);
  }
}

TEST(inspect, the_figures_follow_an_allocation) {
  const mote_statistics before = ask();
  void* const ptr = malloc(100'000);
  const mote_statistics after = ask();
  const size_t size = mote_usable_size(ptr);
  // A seal is in the block, and in none between guard pages.
  EXPECT_GE(after.used_bytes, before.used_bytes + size);
  EXPECT_LE(after.used_bytes,
            before.used_bytes + size + (profile.is_hardened ? 32 : 0));
  EXPECT_EQ(after.used_count, before.used_count + 1);
  EXPECT_GE(after.footprint_bytes, after.used_bytes + after.free_bytes);
  EXPECT_GE(after.peak_footprint_bytes, after.footprint_bytes);
  EXPECT_LE(after.largest_free_bytes, after.free_bytes);
  free(ptr);
  EXPECT_EQ(ask().used_bytes, before.used_bytes);
  // Guarded pages are gone with their block.
  EXPECT_TRUE(profile.is_hardened || ask().largest_free_bytes >= size);
}

TEST(inspect, the_layout_tells_its_version_first) {
  const auto* words = static_cast<const size_t*>(mote_layout());
  if (words == nullptr) GTEST_SKIP() << "slabs lie in segments";
  EXPECT_EQ(words[0], 2u);
  EXPECT_NE(words[1], 0u);
  EXPECT_EQ(words[2], size_t{MOTE_ALIGNMENT});
}

}  // namespace
}  // namespace mote
