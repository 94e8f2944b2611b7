// The names that mote has with every C library, and not every <stdlib.h>.
#pragma once

#include <stddef.h>
#include <stdlib.h>

extern "C" {
// Windows' headers have none of these; where they are declared, they throw as
// little as malloc does.
void* aligned_alloc(size_t align, size_t size) noexcept(noexcept(malloc(1)));
int posix_memalign(void** result, size_t align,
                   size_t size) noexcept(noexcept(malloc(1)));
size_t malloc_usable_size(void* ptr) noexcept(noexcept(malloc(1)));
void free_sized(void* ptr, size_t size);
void free_aligned_sized(void* ptr, size_t align, size_t size);
}
