// native ROW THREADS: runs the row once in a fresh process and prints
// nanoseconds of wall and of processor time, the peak of the resident memory in
// bytes, and by how much the row raised it.
// native --list: the names of the rows.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.hpp"

namespace {

const bench::Row rows[] = {
#define BENCH_ROW(name) {#name, name},
    BENCH_THREAD_ROWS(BENCH_ROW)
#undef BENCH_ROW
};

void run(const bench::Row& row, unsigned thread_count) {
  const size_t before = bench::peak_resident();
  const double wall = bench::nanoseconds(CLOCK_MONOTONIC);
  const double cpu = bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  row.run(thread_count);
  const double cpu_after = bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  const double wall_after = bench::nanoseconds(CLOCK_MONOTONIC);
  const size_t peak = bench::peak_resident();
  printf("%.0f %.0f %zu %zu\n", wall_after - wall, cpu_after - cpu, peak,
         peak - before);
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count == 2 && strcmp(arguments[1], "--list") == 0) {
    for (const bench::Row& row : rows) puts(row.name);
    return 0;
  }
  // Powers of two, which all work divides by.
  const int thread_count = argument_count == 3 ? atoi(arguments[2]) : 0;
  if (thread_count < 1 || thread_count > bench::thread_count_max ||
      thread_count & (thread_count - 1))
    bench::stop("usage: native ROW 1|2|4|8|16; the rows:", "native --list");
  for (const bench::Row& row : rows) {
    if (strcmp(row.name, arguments[1]) != 0) continue;
    run(row, static_cast<unsigned>(thread_count));
    return 0;
  }
  bench::stop("no row", arguments[1]);
}
