// memcpy and memset for objects compiled without bulk memory (wasi-libc's):
// the linker takes this file from an archive only when something asks for it.
#include <stddef.h>

extern "C" {
void* memcpy(void* to, const void* from, size_t size) {
  return __builtin_memcpy(to, from, size);
}
void* memmove(void* to, const void* from, size_t size) {
  return __builtin_memmove(to, from, size);
}
void* memset(void* to, int value, size_t size) {
  return __builtin_memset(to, value, size);
}
[[noreturn]] void abort() { __builtin_trap(); }
}
