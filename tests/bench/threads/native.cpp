// native ROW THREADS: runs the row once in a fresh process and prints
// nanoseconds of wall and of processor time, the peak of the resident memory in
// bytes, by how much the row raised it, and what the row counted.
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
  const uint64_t count = row.run(thread_count);
  const double cpu_after = bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  const double wall_after = bench::nanoseconds(CLOCK_MONOTONIC);
  const size_t peak = bench::peak_resident();
  printf("%.0f %.0f %zu %zu %llu\n", wall_after - wall, cpu_after - cpu, peak,
         peak - before, static_cast<unsigned long long>(count));
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count == 2 && strcmp(arguments[1], "--list") == 0) {
    for (const bench::Row& row : rows) puts(row.name);
    return 0;
  }
  const int thread_count = argument_count == 3 ? atoi(arguments[2]) : 0;
  if (thread_count < 1 || thread_count > 32)
    bench::stop("usage: native ROW THREADS, at most 32:", "native --list");
  for (const bench::Row& row : rows) {
    if (strcmp(row.name, arguments[1]) != 0) continue;
    run(row, static_cast<unsigned>(thread_count));
    return 0;
  }
  bench::stop("no row", arguments[1]);
}
