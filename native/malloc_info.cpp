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

// As <malloc.h> of glibc declares them; others have no such header.
namespace {

template <class Number>
struct Mallinfo {
  Number arena;     // bytes of all regions
  Number ordblks;   // free blocks
  Number smblks;    // glibc's fast bins
  Number hblks;     // blocks mapped apart
  Number hblkhd;    // bytes of these
  Number usmblks;   // unused
  Number fsmblks;   // bytes in fast bins
  Number uordblks;  // bytes in use
  Number fordblks;  // free bytes
  Number keepcost;  // bytes that malloc_trim could give back
};
// Complete before a C function returns one.
template struct Mallinfo<int>;
template struct Mallinfo<size_t>;

mote_statistics ask() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return statistics;
}

// What an int cannot hold is its largest value, where glibc's wraps.
template <class Number>
Mallinfo<Number> mallinfo_as() {
  const mote_statistics s = ask();
  const auto limited = [](size_t value) {
    if constexpr (sizeof(Number) < sizeof(size_t)) {
      if (value > INT_MAX) value = INT_MAX;
    }
    return static_cast<Number>(value);
  };
  Mallinfo<Number> info = {};
  info.arena = limited(s.footprint_bytes);
  info.ordblks = limited(s.free_count);
  info.uordblks = limited(s.used_bytes);
  info.fordblks = limited(s.free_bytes);
  info.keepcost = limited(s.last_free_bytes);
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

Mallinfo<int> mallinfo() { return mallinfo_as<int>(); }
Mallinfo<size_t> mallinfo2() { return mallinfo_as<size_t>(); }

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
