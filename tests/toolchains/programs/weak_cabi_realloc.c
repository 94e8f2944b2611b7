/* As wasi-libc's wasip2 and wit-bindgen have it, but that it stops: a better
 * one must win, wherever it stands on the link line. */
#include <stddef.h>

__attribute__((weak, export_name("cabi_realloc"))) void* cabi_realloc(
    void* ptr, size_t old_size, size_t align, size_t new_size) {
  (void)ptr, (void)old_size, (void)align, (void)new_size;
  __builtin_trap();
}
