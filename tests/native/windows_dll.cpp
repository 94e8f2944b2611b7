// A program like any other, but for one call that makes it import libmote.dll:
// what it allocates must be mote's. Prints `N passed, M failed`.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mote/mote.h"

namespace {

int passed = 0;
int failed = 0;

void check(bool holds, const char* what) {
  ++(holds ? passed : failed);
  if (!holds) printf("FAILED  %s\n", what);
}

// mote would stop the program for a pointer that is not its own.
bool is_motes(void* ptr, size_t size) { return mote_usable_size(ptr) >= size; }

void* const allocated_before_main = malloc(1000);

}  // namespace

int main() {
  check(is_motes(allocated_before_main, 1000), "malloc before main");
  void* ptr = malloc(100);
  check(is_motes(ptr, 100) && _msize(ptr) == mote_usable_size(ptr), "malloc");
  ptr = realloc(ptr, 100000);
  check(is_motes(ptr, 100000), "realloc");
  free(ptr);
  ptr = calloc(100, 100);
  check(is_motes(ptr, 10000), "calloc");
  mote_free_sized(ptr, 10000, 0);
  ptr = _aligned_malloc(100, 256);
  check(is_motes(ptr, 100), "_aligned_malloc");
  _aligned_free(ptr);
  char* const text = _strdup("text");
  check(is_motes(text, 5), "_strdup");
  free(text);

  auto* const number = new int(5);
  check(is_motes(number, sizeof *number), "operator new");
  delete number;
  const std::string string(1000, 'x');
  check(is_motes(const_cast<char*>(string.data()), 1001), "std::string");
  struct alignas(128) Aligned {
    char bytes[128];
  };
  const auto aligned = std::make_unique<Aligned>();
  check(aligned && reinterpret_cast<size_t>(aligned.get()) % 128 == 0,
        "operator new with an alignment");

  bool is_good[4] = {};
  std::vector<std::thread> threads;
  for (bool& good : is_good) {
    threads.emplace_back([&good] {
      bool holds = true;
      for (size_t i = 1; i < 10000; ++i) {
        void* const block = malloc(i % 1000 + 1);
        holds = holds && is_motes(block, i % 1000 + 1);
        free(block);
      }
      good = holds;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool good : is_good) check(good, "a thread");
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
