// glibc's ways to ask for statistics, over mote_stats: a file of its own, so
// that a static program that does not ask has none of it (and no stdio by it).
//
// A process has one heap, so what glibc says of arenas, fast bins and mapped
// blocks is 0 or left out.
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "errno.hpp"
#include "mote/inspect.h"
#include "print_statistics.hpp"

namespace {

// The numbers of glibc's struct mallinfo and mallinfo2, which others have no
// header for, in their order.
enum : unsigned char {
  arena,     // bytes of all regions
  ordblks,   // free blocks
  smblks,    // glibc's fast bins
  hblks,     // blocks mapped apart
  hblkhd,    // bytes of these
  usmblks,   // unused
  fsmblks,   // bytes in fast bins
  uordblks,  // bytes in use
  fordblks,  // free bytes
  keepcost,  // bytes that malloc_trim could give back
  number_count
};

template <class Number>
struct Mallinfo {
  Number numbers[number_count];
};
// Complete before a C function returns one.
template struct Mallinfo<int>;
template struct Mallinfo<size_t>;

mote_statistics ask() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics;
}

Mallinfo<size_t> all_numbers() {
  const mote_statistics s = ask();
  Mallinfo<size_t> info = {};
  info.numbers[arena] = s.footprint_bytes;
  info.numbers[ordblks] = s.free_count;
  info.numbers[uordblks] = s.used_bytes;
  info.numbers[fordblks] = s.free_bytes;
  info.numbers[keepcost] = s.last_free_bytes;
  return info;
}

void print_sizes(FILE* file, const mote_statistics& s) {
  size_t from = 1;
  for (const mote_blocks& blocks : s.by_size) {
    if (blocks.used_count != 0 || blocks.free_count != 0) {
      fprintf(file,
              "  <size from=\"%zu\" to=\"%zu\" used=\"%zu\" used_bytes=\"%zu\" "
              "total=\"%zu\" count=\"%zu\"/>\n",
              from, from * 2 - 1, blocks.used_count, blocks.used_bytes,
              blocks.free_bytes, blocks.free_count);
    }
    from *= 2;
  }
}

}  // namespace

void mote::print_statistics(int descriptor) {
  const mote_statistics s = ask();
  dprintf(descriptor,
          "system bytes     = %10zu\n"
          "max system bytes = %10zu\n"
          "in use bytes     = %10zu in %zu blocks\n"
          "free bytes       = %10zu in %zu blocks\n"
          "largest free     = %10zu\n",
          s.footprint_bytes, s.peak_footprint_bytes, s.used_bytes, s.used_count,
          s.free_bytes, s.free_count, s.largest_free_bytes);
}

#pragma GCC visibility push(default)

extern "C" {

// What an int cannot hold is its largest value, where glibc's wraps.
Mallinfo<int> mallinfo() {
  const Mallinfo<size_t> all = all_numbers();
  Mallinfo<int> info;
  const size_t* from = all.numbers;
  for (int& number : info.numbers) {
    number = *from > INT_MAX ? INT_MAX : static_cast<int>(*from);
    ++from;
  }
  return info;
}
Mallinfo<size_t> mallinfo2() { return all_numbers(); }

// In glibc's form; of each size, beside what is free of it (`total` bytes in
// `count` blocks, its names), what is in use.
int malloc_info(int options, FILE* file) {
  if (options != 0) return mote::Errno::invalid_argument;
  const mote_statistics s = ask();
  fputs("<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n", file);
  print_sizes(file, s);
  fprintf(file,
          "</sizes>\n"
          "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
          "<total type=\"used\" count=\"%zu\" size=\"%zu\"/>\n"
          "<system type=\"current\" size=\"%zu\"/>\n"
          "<system type=\"max\" size=\"%zu\"/>\n"
          "</heap>\n</malloc>\n",
          s.free_count, s.free_bytes, s.used_count, s.used_bytes,
          s.footprint_bytes, s.peak_footprint_bytes);
  return ferror(file) != 0 ? -1 : 0;
}

void malloc_stats() { mote::print_statistics(STDERR_FILENO); }
}

#pragma GCC visibility pop
