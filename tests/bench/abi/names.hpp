// The benchmark's four names, and how they reach an allocator that stands in a
// wasm module of its own.
#pragma once

#include <stddef.h>

// -DBENCH_MERGED: imported from the module that wasm-merge knows as
// "allocator"; otherwise the linker finds them.
#ifdef BENCH_MERGED
#define BENCH_ALLOCATOR(name) \
  [[clang::import_module("allocator"), clang::import_name(name)]]
#else
#define BENCH_ALLOCATOR(name)
#endif

// c_names.cpp defines them over the C library's names; then those are imported.
#ifdef BENCH_NAMES_DEFINED
#define BENCH_NAME(name)
#else
#define BENCH_NAME(name) BENCH_ALLOCATOR(name)
#endif

extern "C" {
BENCH_NAME("bench_malloc") void* bench_malloc(size_t size);
BENCH_NAME("bench_free") void bench_free(void* ptr, size_t size, size_t align);
BENCH_NAME("bench_realloc")
void* bench_realloc(void* ptr, size_t old_size, size_t align, size_t new_size);
BENCH_NAME("bench_aligned_alloc")
void* bench_aligned_alloc(size_t align, size_t size);
}
