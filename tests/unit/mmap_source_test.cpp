#if (defined(__unix__) || defined(__APPLE__)) && !defined(__wasm__)

#include "native/mmap.hpp"

#include <gtest/gtest.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "page_source_test.hpp"

namespace mote {
namespace {

constinit Mmap usable_before_main;
const Span taken_before_main = usable_before_main.acquire(1);

INSTANTIATE_TYPED_TEST_SUITE_P(mmap, PageSourceTest, FreshSource<Mmap>);

struct MemoryUse {
  size_t reserved_bytes = 0;
  size_t resident_bytes = 0;
};

MemoryUse memory_use() {
  MemoryUse use;
  FILE* file = fopen("/proc/self/statm", "r");
  const int fields =
      fscanf(file, "%zu %zu", &use.reserved_bytes, &use.resident_bytes);
  fclose(file);
  EXPECT_EQ(fields, 2);
  const auto page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return {use.reserved_bytes * page_bytes, use.resident_bytes * page_bytes};
}

size_t resident_bytes() { return memory_use().resident_bytes; }

// Leaves the process this much address space more, as `ulimit -v` does.
bool limit_address_space(size_t more_bytes) {
  const rlim_t limit_bytes = memory_use().reserved_bytes + more_bytes;
  const rlimit limit = {limit_bytes, limit_bytes};
  return setrlimit(RLIMIT_AS, &limit) == 0;
}

// Runs the check in a child: limits and odd mappings do not outlive it.
template <class Check>
bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// qemu's user mode lets a program set the limit, and heeds none.
bool limits_are_obeyed() {
  return holds_in_child([] {
    const size_t size_bytes = size_t{64} << 20;
    return limit_address_space(size_bytes / 2) &&
           ::mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1,
                  0) == MAP_FAILED;
  });
}

TEST(mmap_source, works_before_main) {
  EXPECT_NE(taken_before_main.begin, nullptr);
}

TEST(mmap_source, release_gives_memory_back_to_the_system) {
  Mmap source;
  const size_t size_bytes = size_t{64} << 20;
  const size_t before = resident_bytes();
  const Span span = source.acquire(size_bytes);
  ASSERT_NE(span.begin, nullptr);
  EXPECT_LT(resident_bytes(), before + size_bytes / 8) << "touched too early";
  memset(span.begin, 1, span.size_bytes);
  EXPECT_GT(resident_bytes(), before + size_bytes / 2);
  EXPECT_EQ(static_cast<void*>(source.release(span.begin)), span.begin);
  EXPECT_LT(resident_bytes(), before + size_bytes / 8);
  const Span again = source.acquire(size_bytes);
  EXPECT_EQ(static_cast<void*>(again.begin), span.begin);
  EXPECT_TRUE(is_filled_with(again, 0));
}

// Where there are so many addresses that the windows of all these sources,
// which give none back, leave room for more.
constexpr bool has_many_addresses = sizeof(void*) > 4;

// 64 MiB fill the first window; the next ones must continue it.
int status_of_growth_in_place() {
  Mmap source;
  const size_t step_bytes = size_t{3} << 20;
  Span last = source.acquire(step_bytes);
  for (int i = 0; i < 170; ++i) {
    const Span span = source.acquire(step_bytes);
    if (span.begin == nullptr || span.begin != last.begin + last.size_bytes) {
      return 1;
    }
    last = span;
  }
  return 0;
}

// Checks in a process of its own: in this one, sources of other tests have left
// more windows than there are distances.
void expect_status_0(int (*status)()) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(_exit(status()), testing::ExitedWithCode(0), "");
}

TEST(mmap_source, full_window_is_extended_in_place) {
  if (!has_many_addresses) GTEST_SKIP() << "the next window may be in the way";
  expect_status_0(status_of_growth_in_place);
}

TEST(mmap_source, occupied_addresses_are_left_alone) {
  if (!has_many_addresses) GTEST_SKIP() << "somebody may be there already";
  Mmap source;
  const Span first = source.acquire(1);
  ASSERT_NE(first.begin, nullptr);
  // Somebody else sits where the window would be extended.
  char* const window_end = first.begin + (size_t{1} << 26);
  const size_t foreign_bytes = size_t{1} << 20;
  void* const foreign =
      ::mmap(window_end, foreign_bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANON, -1, 0);
  ASSERT_EQ(foreign, window_end);
  memset(foreign, 0x5A, foreign_bytes);
  size_t granted_bytes = first.size_bytes;
  while (granted_bytes < size_t{1} << 27) {
    const Span span = source.acquire(size_t{3} << 20);
    ASSERT_NE(span.begin, nullptr);
    EXPECT_GT(span.begin, first.begin);
    EXPECT_LT(span.begin, first.begin + (size_t{1} << 30)) << "too far away";
    span.begin[0] = span.begin[span.size_bytes - 1] = 1;
    granted_bytes += span.size_bytes;
  }
  EXPECT_TRUE(is_filled_with({window_end, foreign_bytes}, 0x5A));
  munmap(foreign, foreign_bytes);
}

// The heap may take nearly all of a limited address space, but only as it is
// needed: what is not needed yet stays free for the others.
TEST(mmap_source, limited_address_space_is_shared) {
  if (!limits_are_obeyed()) GTEST_SKIP() << "no limit here";
  EXPECT_TRUE(holds_in_child([] {
    const size_t free_bytes = size_t{200} << 20;
    if (!limit_address_space(free_bytes)) return false;
    Mmap source;
    if (source.acquire(1).begin == nullptr) return false;
    void* const others = ::mmap(nullptr, free_bytes / 2, PROT_READ,
                                MAP_PRIVATE | MAP_ANON, -1, 0);
    if (others == MAP_FAILED) return false;
    munmap(others, free_bytes / 2);
    size_t granted_bytes = 0;
    for (Span span; (span = source.acquire(4096)).begin != nullptr;) {
      span.begin[0] = span.begin[span.size_bytes - 1] = 1;
      granted_bytes += span.size_bytes;
    }
    return granted_bytes > free_bytes * 9 / 10 && granted_bytes <= free_bytes;
  }));
}

// A limit that the running program sets must bind the heap, too: at most the
// window that is reserved already lies outside of it.
TEST(mmap_source, later_limit_is_obeyed) {
  if (!limits_are_obeyed()) GTEST_SKIP() << "no limit here";
  EXPECT_TRUE(holds_in_child([] {
    Mmap source;
    if (source.acquire(1).begin == nullptr) return false;
    const size_t free_bytes = size_t{100} << 20;
    if (!limit_address_space(free_bytes)) return false;
    size_t granted_bytes = 0;
    for (Span span; (span = source.acquire(1 << 20)).begin != nullptr;) {
      granted_bytes += span.size_bytes;
    }
    return granted_bytes <= free_bytes + (size_t{1} << 26);
  }));
}

// 1 unless each of eight sources grows by 300 MiB in place.
int status_of_eight_growing_sources() {
  Mmap sources[8];
  for (Mmap& source : sources) {
    if (source.acquire(1).begin == nullptr) return 1;
  }
  for (Mmap& source : sources) {
    Span last = source.acquire(1);
    for (int i = 0; i < 100; ++i) {
      const Span span = source.acquire(size_t{3} << 20);
      if (span.begin != last.begin + last.size_bytes) return 1;
      last = span;
    }
  }
  return 0;
}

TEST(mmap_source, heaps_do_not_get_into_each_others_way) {
  if (!has_many_addresses) GTEST_SKIP() << "there is no room for 2.4 GiB";
  expect_status_0(status_of_eight_growing_sources);
}

#ifdef MADV_HUGEPAGE

// In the mappings that touch the span. 0 where the system does not tell.
size_t huge_bytes(const Span& span) {
  FILE* const file = fopen("/proc/self/smaps", "r");
  if (file == nullptr) return 0;
  char line[256];
  bool is_in = false;
  size_t bytes = 0;
  while (fgets(line, sizeof(line), file) != nullptr) {
    uintptr_t begin;
    uintptr_t end;
    size_t kib;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2) {
      is_in = end > address_of(span.begin) &&
              begin < address_of(span.begin) + span.size_bytes;
    } else if (is_in && sscanf(line, "AnonHugePages: %zu", &kib) == 1) {
      bytes += kib << 10;
    }
  }
  fclose(file);
  return bytes;
}

bool has_huge_pages() {
  const size_t size_bytes = size_t{4} << 20;
  void* const memory = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANON, -1, 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, size_bytes, MADV_HUGEPAGE);
  memset(memory, 1, size_bytes);
  const bool has = huge_bytes({static_cast<char*>(memory), size_bytes}) != 0;
  munmap(memory, size_bytes);
  return has;
}

// Grows by small steps until there are `total_bytes` in one piece, all written
// to; fewer if memory is refused or lies elsewhere.
Span grow_and_fill(Mmap& source, size_t total_bytes) {
  Span all = source.acquire(65536);
  while (all.begin != nullptr && all.size_bytes < total_bytes) {
    const Span span = source.acquire(65536);
    if (span.begin != all.begin + all.size_bytes) return all;
    all.size_bytes += span.size_bytes;
    memset(span.begin, 1, span.size_bytes);
  }
  return all;
}

// 0, or the number of what is not so.
int status_of_huge_pages() {
  constexpr size_t mib = size_t{1} << 20;
  Mmap source;
  const Span small = grow_and_fill(source, 60 * mib);
  if (small.size_bytes < 60 * mib || huge_bytes(small) != 0) return 1;
  const Span large = grow_and_fill(source, 40 * mib);
  if (large.size_bytes < 40 * mib) return 2;
  if (huge_bytes(large) < 24 * mib) return 3;
  // What is discarded comes back page by page.
  const size_t before = resident_bytes();
  source.discard(large.begin, large.begin + large.size_bytes);
  if (resident_bytes() > before - 32 * mib) return 4;
  for (size_t at = 0; at < large.size_bytes; at += mib) large.begin[at] = 1;
  return resident_bytes() > before - 32 * mib ? 5 : 0;
}

TEST(mmap_source, only_a_large_heap_has_huge_pages) {
  if (!has_many_addresses) GTEST_SKIP() << "the next window may be in the way";
  if (!has_huge_pages()) GTEST_SKIP() << "nor has the system";
  expect_status_0(status_of_huge_pages);
}

TEST(mmap_source, a_large_request_is_not_touched) {
  if (!has_many_addresses) GTEST_SKIP() << "the next window may be in the way";
  Mmap source;
  const size_t mib = size_t{1} << 20;
  ASSERT_NE(source.acquire(100 * mib).begin, nullptr);
  ASSERT_NE(source.acquire(1).begin, nullptr);
  const size_t before = resident_bytes();
  ASSERT_NE(source.acquire(40 * mib).begin, nullptr);
  EXPECT_LT(resident_bytes(), before + 4 * mib);
}

#endif

TEST(mmap_source, more_than_the_machine_has_is_refused) {
  Mmap source;
  const Span first = source.acquire(1);
  EXPECT_EQ(source.acquire(SIZE_MAX / (has_many_addresses ? 8 : 3)).begin,
            nullptr);
  const Span next = source.acquire(1);
  EXPECT_EQ(static_cast<void*>(next.begin), first.begin + first.size_bytes);
}

}  // namespace
}  // namespace mote

#endif
