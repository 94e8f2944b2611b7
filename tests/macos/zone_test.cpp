// macOS's sources without macOS: over a stand-in for the system's list of
// zones, with the C library's malloc as what the system's own zones give.
#if defined(__unix__) && !defined(__wasm__)

#include <gtest/gtest.h>
#include <malloc/malloc.h>
#include <string.h>
#include <sys/wait.h>

#include <thread>
#include <vector>

// Its table, in no section of its own: GNU's assembler takes no such name.
#define section(name) used
#include "native/macos_interpose.cpp"
#undef section

namespace {

// Before main comes the constructor that registers mote's zone.
constinit malloc_zone_t first = {};
constinit malloc_zone_t purgeable = {};
constinit malloc_zone_t* zones[8] = {&first};
constinit unsigned zone_count = 1;
constinit bool has_purgeable = false;

}  // namespace

extern "C" {

// As libmalloc: at the end of the list, and the last takes the place of who
// goes.
void malloc_zone_register(malloc_zone_t* zone) { zones[zone_count++] = zone; }
void malloc_zone_unregister(malloc_zone_t* zone) {
  for (malloc_zone_t*& other : zones) {
    if (other != zone) continue;
    other = zones[--zone_count];
    zones[zone_count] = nullptr;
    return;
  }
}
malloc_zone_t* malloc_default_purgeable_zone() {
  if (!has_purgeable) malloc_zone_register(&purgeable);
  has_purgeable = true;
  return &purgeable;
}
kern_return_t malloc_get_all_zones(task_t, memory_reader_t,
                                   vm_address_t** result, unsigned* count) {
  *result = reinterpret_cast<vm_address_t*>(zones);
  *count = zone_count;
  return KERN_SUCCESS;
}
// BSD's: frees what it cannot enlarge.
void* reallocf(void* ptr, size_t size) {
  void* const resized = realloc(ptr, size);
  if (resized == nullptr) free(ptr);
  return resized;
}
}

namespace {

malloc_zone_t* mote() { return zones[0]; }

TEST(macos_zone, is_the_default_one_and_the_others_are_kept) {
  ASSERT_EQ(zone_count, 3u);
  EXPECT_STREQ(mote()->zone_name, "mote");
  EXPECT_TRUE(zones[1] == &first || zones[2] == &first);
  EXPECT_TRUE(zones[1] == &purgeable || zones[2] == &purgeable);
}

TEST(macos_zone, knows_its_blocks_from_others) {
  for (const size_t size : {1, 100, 5000, 300000}) {
    void* const ours = mote()->malloc(mote(), size);
    void* const others = malloc(size);
    EXPECT_GE(mote()->size(mote(), ours), size);
    EXPECT_EQ(mote()->size(mote(), others), 0u);
    EXPECT_TRUE(mote()->claimed_address(mote(), ours));
    EXPECT_FALSE(mote()->claimed_address(mote(), others));
    mote()->free_definite_size(mote(), ours, mote()->size(mote(), ours));
    free(others);
  }
  EXPECT_EQ(mote()->size(mote(), nullptr), 0u);
}

TEST(macos_zone, has_the_calls_of_a_zone) {
  auto* const block = static_cast<char*>(mote()->calloc(mote(), 10, 10));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(block[i], 0);
  memset(block, 7, 100);
  auto* const grown =
      static_cast<char*>(mote()->realloc(mote(), block, 100'000));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(grown[i], 7);
  mote()->free(mote(), grown);
  void* const page = mote()->valloc(mote(), 10);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(page) % 4096, 0u);
  mote()->free(mote(), page);
  void* const aligned = mote()->memalign(mote(), 1024, 10);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned) % 1024, 0u);
  mote()->free(mote(), aligned);
  EXPECT_EQ(mote()->memalign(mote(), 3, 10), nullptr);
}

TEST(macos_zone, counts_what_is_in_use) {
  malloc_statistics_t before;
  malloc_statistics_t after;
  mote()->introspect->statistics(mote(), &before);
  void* const block = mote()->malloc(mote(), 10'000);
  mote()->introspect->statistics(mote(), &after);
  EXPECT_EQ(after.blocks_in_use, before.blocks_in_use + 1);
  EXPECT_GE(after.size_in_use, before.size_in_use + 10'000);
  EXPECT_GE(after.size_allocated, after.size_in_use);
  mote()->free(mote(), block);
  EXPECT_EQ(mote()->introspect->good_size(mote(), 17), 32u);
  EXPECT_GT(mote()->pressure_relief(mote(), 0), 0u);
}

// As libmalloc's own fork handlers call it, while another thread allocates.
TEST(macos_zone, children_find_it_whole) {
  bool is_over = false;
  std::thread busy([&] {
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
      mote()->free(mote(), mote()->malloc(mote(), 100));
    }
  });
  int status = 0;
  for (int i = 0; i < 50 && status == 0; ++i) {
    mote()->introspect->force_lock(mote());
    void* const between = mote()->malloc(mote(), 10);
    const pid_t child = fork();
    if (child == 0) {
      mote()->introspect->reinit_lock(mote());
      alarm(10);
      // With a second thread, lest the lock is left out.
      std::thread([&] { mote()->free(mote(), between); }).join();
      _exit(0);
    }
    mote()->introspect->force_unlock(mote());
    mote()->free(mote(), between);
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << i;
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  busy.join();
}

// What replaces free and realloc: blocks of others go back to them.
TEST(macos_interpose, each_block_goes_where_it_came_from) {
  for (const size_t size : {10, 1000, 300'000}) {
    auto* others = static_cast<char*>(malloc(size));
    memset(others, 5, size);
    others = static_cast<char*>(resize(others, size * 2));
    EXPECT_FALSE(mote::is_ours(others));
    EXPECT_EQ(others[size - 1], 5);
    release(others);
    auto* ours = static_cast<char*>(mote_c_malloc(size));
    memset(ours, 5, size);
    ours = static_cast<char*>(resize(ours, size * 2));
    EXPECT_TRUE(mote::is_ours(ours));
    EXPECT_EQ(ours[size - 1], 5);
    release(ours);
  }
  release(nullptr);
  void* const fresh = resize(nullptr, 10);
  EXPECT_TRUE(mote::is_ours(fresh));
  EXPECT_EQ(resize_or_free(fresh, SIZE_MAX / 2), nullptr);
  EXPECT_EQ(mote::is_ours(nullptr), false);
}

TEST(macos_interpose, has_a_replacement_for_each_name) {
  ASSERT_EQ(sizeof table / sizeof *table, 8u);
  EXPECT_EQ(table[0].original, reinterpret_cast<const void*>(&malloc));
  EXPECT_EQ(table[1].original, reinterpret_cast<const void*>(&free));
  EXPECT_EQ(table[0].replacement,
            reinterpret_cast<const void*>(&mote_c_malloc));
  EXPECT_EQ(table[1].replacement, reinterpret_cast<const void*>(&release));
}

}  // namespace

#endif
