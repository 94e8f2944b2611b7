// The same rows as a native program: `native ROW [TRACE]` runs one row twice in
// a fresh process and prints cold and warm nanoseconds and by how much the peak
// of the resident memory rose. `native --count ROW [TRACE]` (the counting
// build) prints what the row asks for.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.hpp"
#include "process.hpp"

extern "C" {
void* trace_buffer();
uint32_t trace_operation_capacity();
void trace_replay(uint32_t operation_count);
void trace_free_rest();
#define ROW_NAME(name) void run_##name();
#include "rows.inc"
#undef ROW_NAME
#ifdef BENCH_COUNT
double counted(uint32_t what);
#endif
}

// Only the wasm build times single operations.
extern "C" void stamp() {}

extern char __bss_start, _end;

namespace {

struct Row {
  const char* name;
  void (*run)();
};

const Row rows[] = {
#define ROW_NAME(name) {#name, run_##name},
#include "rows.inc"
#undef ROW_NAME
};

using bench::peak_resident;
using bench::stop;

double now() { return bench::nanoseconds(CLOCK_MONOTONIC); }

double run_row(const char* name) {
  for (const Row& row : rows) {
    if (strcmp(row.name, name) != 0) continue;
    double begin = now();
    row.run();
    return now() - begin;
  }
  stop("no row", name);
}

double run_trace(const char* path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) stop("cannot open", path);
  const size_t record_size = 8;
  double ns = 0;
  for (;;) {
    ssize_t got =
        read(fd, trace_buffer(), trace_operation_capacity() * record_size);
    if (got < 0) stop("cannot read", path);
    if (got == 0) break;
    double begin = now();
    trace_replay(static_cast<uint32_t>(static_cast<size_t>(got) / record_size));
    ns += now() - begin;
  }
  close(fd);
#ifndef BENCH_COUNT
  trace_free_rest();
#endif
  return ns;
}

// The rows' own tables, so that they do not count as the allocator's.
void touch_static_memory() {
  for (volatile char* at = &__bss_start; at < &_end; at += 4096) *at = *at;
}

}  // namespace

int main(int argument_count, char** arguments) {
  bool counting = argument_count > 1 && strcmp(arguments[1], "--count") == 0;
  char** rest = arguments + 1 + counting;
  if (!*rest) stop("usage: native [--count] ROW [TRACE]", "");
  auto run = [&] { return rest[1] ? run_trace(rest[1]) : run_row(rest[0]); };
#ifdef BENCH_COUNT
  run();
  for (uint32_t what = 0; what < 8; ++what) printf("%.0f ", counted(what));
  printf("\n");
#else
  if (counting) stop("not the counting build:", rest[0]);
  touch_static_memory();
  size_t before = peak_resident();
  double cold = run();
  size_t after = peak_resident();
  double warm = run();
  printf("%.0f %.0f %zu\n", cold, warm, after - before);
#endif
}
