// C++'s operators for a C library without a C++ library, as that has them.
#include <stddef.h>
#include <stdlib.h>

void* operator new(size_t size) {
  void* ptr = malloc(size);
  if (ptr == nullptr) abort();
  return ptr;
}
void* operator new[](size_t size) { return operator new(size); }
void operator delete(void* ptr) noexcept { free(ptr); }
void operator delete[](void* ptr) noexcept { operator delete(ptr); }
void operator delete(void* ptr, size_t) noexcept { operator delete(ptr); }
void operator delete[](void* ptr, size_t) noexcept { operator delete[](ptr); }
