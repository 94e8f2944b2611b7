// The names that no header of every C library declares.
#pragma once

#include <stddef.h>

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
#ifdef __cplusplus
}
#endif
