// operator new and delete of a module without a C++ library, over whatever
// malloc it has. There are no exceptions there: no memory is a trap.
#include <stddef.h>

extern "C" {
void* malloc(size_t size);
void* aligned_alloc(size_t align, size_t size);
void free(void* ptr);
}
namespace std {
enum class align_val_t : size_t {};
}

static void* or_trap(void* ptr) {
  if (!ptr) __builtin_trap();
  return ptr;
}

void* operator new(size_t size) { return or_trap(malloc(size)); }
void* operator new[](size_t size) { return or_trap(malloc(size)); }
void* operator new(size_t size, std::align_val_t align) {
  return or_trap(aligned_alloc(static_cast<size_t>(align), size));
}
void operator delete(void* ptr) noexcept { free(ptr); }
void operator delete[](void* ptr) noexcept { free(ptr); }
void operator delete(void* ptr, size_t) noexcept { free(ptr); }
void operator delete(void* ptr, std::align_val_t) noexcept { free(ptr); }
void operator delete(void* ptr, size_t, std::align_val_t) noexcept {
  free(ptr);
}
