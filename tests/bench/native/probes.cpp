// What a native malloc is held to beside speed, a figure for each run:
//
//   probes hello            KiB resident after one allocation
//   probes given_back       KiB resident after 200 MB of small blocks were
//   freed,
//                           0.6 s had passed and 2,000 small blocks were taken
//   probes fragmented       resident over live bytes when 3 % of 200 MB are
//   left probes double_free N    ends by a signal when the second free is
//   noticed;
//                           N is below 15: five ways, three sizes
//
// Tables lie in memory of the system, which is not counted.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "split_mix.hpp"

namespace {

// Of this process, in bytes, without what it shares with others.
size_t resident_bytes() {
  FILE* file = fopen("/proc/self/statm", "r");
  size_t pages = 0;
  if (!file || fscanf(file, "%*u %zu", &pages) != 1) abort();
  fclose(file);
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

uint64_t state;
size_t random_below(size_t limit) {
  return static_cast<size_t>(mote::split_mix(state += mote::split_mix_step) %
                             limit);
}

struct Block {
  char* ptr;
  size_t size;
};

constexpr size_t total_bytes = size_t{200} << 20;
constexpr size_t count_max = total_bytes / 16;

Block* table() {
  void* memory =
      mmap(nullptr, count_max * sizeof(Block), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) abort();
  return static_cast<Block*>(memory);
}

Block make(size_t size) {
  auto* ptr = static_cast<char*>(malloc(size));
  if (!ptr) abort();
  memset(ptr, 1, size);
  return {ptr, size};
}

// 200 MB of blocks of 16 to 512 bytes; how many.
size_t fill(Block* blocks) {
  size_t count = 0;
  for (size_t bytes = 0; bytes < total_bytes; ++count) {
    blocks[count] = make(16 + random_below(497));
    bytes += blocks[count].size;
  }
  return count;
}

void print_hello() {
  static void* volatile kept;
  kept = malloc(10);
  printf("%zu\n", resident_bytes() >> 10);
}

void print_given_back() {
  Block* blocks = table();
  const size_t count = fill(blocks);
  for (size_t i = 0; i < count; ++i) free(blocks[i].ptr);
  munmap(static_cast<void*>(blocks), count_max * sizeof(Block));
  const timespec pause = {0, 600'000'000};
  nanosleep(&pause, nullptr);
  for (int i = 0; i < 2000; ++i) make(16 + random_below(497));
  printf("%zu\n", resident_bytes() >> 10);
}

void print_fragmented() {
  Block* blocks = table();
  const size_t count = fill(blocks);
  const size_t before = resident_bytes();
  size_t live_bytes = 0, freed_bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    if (random_below(100) < 3) {
      live_bytes += blocks[i].size;
    } else {
      freed_bytes += blocks[i].size;
      free(blocks[i].ptr);
    }
  }
  const timespec pause = {0, 600'000'000};
  nanosleep(&pause, nullptr);
  for (int i = 0; i < 2000; ++i) live_bytes += make(64).size;
  // The table and the program are in both.
  const size_t other = before - total_bytes;
  const size_t now = resident_bytes();
  printf("%.2f\n", static_cast<double>(now > other ? now - other : now) /
                       static_cast<double>(live_bytes));
  if (freed_bytes == 0) abort();
}

void free_twice(int which) {
  constexpr size_t sizes[] = {24, 400, 9000};
  const size_t size = sizes[which % 3];
  void* volatile a = malloc(size);
  void* volatile b = malloc(size);
  void* volatile c = malloc(size);
  free(a);
  switch (which / 3) {
    case 0:  // at once
      free(a);
      break;
    case 1:  // after another
      free(b);
      free(a);
      break;
    case 2:  // after both neighbours
      free(c);
      free(b);
      free(a);
      break;
    case 3:  // after 100 more of its size
      for (int i = 0; i < 100; ++i) free(malloc(size + 1000));
      free(b);
      free(c);
      free(a);
      break;
    case 4: {  // when many were freed, too
      void* more[200];
      for (void*& one : more) one = malloc(size);
      free(b);
      for (void* one : more) free(one);
      free(b);
      break;
    }
  }
  malloc(size);
  malloc(size);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const char* name = argument_count > 1 ? arguments[1] : "";
  if (strcmp(name, "hello") == 0) {
    print_hello();
  } else if (strcmp(name, "given_back") == 0) {
    print_given_back();
  } else if (strcmp(name, "fragmented") == 0) {
    print_fragmented();
  } else if (strcmp(name, "double_free") == 0 && argument_count == 3) {
    free_twice(atoi(arguments[2]));
  } else {
    fprintf(stderr,
            "usage: probes hello|given_back|fragmented|double_free N\n");
    return 2;
  }
}
