// The names that no header of every C library declares.
#pragma once

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
void free_sized(void* ptr, size_t size);
void free_aligned_sized(void* ptr, size_t align, size_t size);
void cfree(void* ptr);
void* pvalloc(size_t size);
int malloc_trim(size_t kept);
int mallopt(int parameter, int value);
void* __libc_malloc(size_t size);
void __libc_free(void* ptr);
void __libc_cfree(void* ptr);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* ptr, size_t size);
void* __libc_memalign(size_t align, size_t size);
void* __libc_valloc(size_t size);
void* __libc_pvalloc(size_t size);
int __posix_memalign(void** result, size_t align, size_t size);
#if defined(__linux__) && !defined(__GLIBC__)
// What musl leaves out of glibc's <malloc.h>.
#define MOTE_MALLINFO(name, number)                                 \
  struct name {                                                     \
    number arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks; \
    number uordblks, fordblks, keepcost;                            \
  };                                                                \
  struct name name(void)
MOTE_MALLINFO(mallinfo, int);
MOTE_MALLINFO(mallinfo2, size_t);
#undef MOTE_MALLINFO
int malloc_info(int options, FILE* file);
void malloc_stats(void);
#define M_MXFAST 1
#define M_NLBLKS 2
#define M_GRAIN 3
#define M_KEEP 4
#define M_TRIM_THRESHOLD -1
#define M_TOP_PAD -2
#define M_MMAP_THRESHOLD -3
#define M_MMAP_MAX -4
#define M_CHECK_ACTION -5
#define M_PERTURB -6
#define M_ARENA_TEST -7
#define M_ARENA_MAX -8
#endif
#ifdef __cplusplus
}
#endif
