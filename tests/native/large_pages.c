// Preloaded before the library: the calls of a kernel whose pages have
// PAGE_BYTES, as those of aarch64 and POWER have where 4 KiB are usual. What
// such a kernel refuses, or extends to whole pages that hold other blocks, ends
// the process.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static size_t committed_count;

static void stop(const char* message, size_t length) {
  if (write(2, message, length) < 0) abort();
  abort();
}
#define REQUIRE_WHOLE(what)                                             \
  if ((uintptr_t)(what) % PAGE_BYTES) {                                 \
    static const char message[] = "large_pages: " #what " in a page\n"; \
    stop(message, sizeof message - 1);                                  \
  }

static size_t whole(size_t size) {
  return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

long sysconf(int name) {
  if (name == _SC_PAGESIZE) return PAGE_BYTES;
  return ((long (*)(int))dlsym(RTLD_NEXT, "sysconf"))(name);
}

static void* map(void* wish, size_t size, int access, int flags, int file,
                 off_t offset) {
  return (void*)syscall(SYS_mmap, wish, size, access, flags, file, offset);
}

// Elsewhere than wished for, as a kernel does when somebody is there already.
void* mmap(void* wish, size_t size, int access, int flags, int file,
           off_t offset) {
  size = whole(size);
  REQUIRE_WHOLE(wish);
  if (flags & MAP_FIXED) return map(wish, size, access, flags, file, offset);
  if (wish) {
    void* const there =
        map(wish, size, access, flags | MAP_FIXED_NOREPLACE, file, offset);
    if (there != MAP_FAILED) return there;
  }
  char* const begin = map(NULL, size + PAGE_BYTES, access, flags, file, offset);
  if (begin == MAP_FAILED) return begin;
  char* const first = begin + -(uintptr_t)begin % PAGE_BYTES;
  if (first != begin) syscall(SYS_munmap, begin, first - begin);
  if (first != begin + PAGE_BYTES)
    syscall(SYS_munmap, first + size, begin + PAGE_BYTES - first);
  return first;
}

int munmap(void* begin, size_t size) {
  REQUIRE_WHOLE(begin);
  return (int)syscall(SYS_munmap, begin, whole(size));
}

int mprotect(void* begin, size_t size, int access) {
  REQUIRE_WHOLE(begin);
  ++committed_count;
  return (int)syscall(SYS_mprotect, begin, whole(size), access);
}

int madvise(void* begin, size_t size, int advice) {
  REQUIRE_WHOLE(begin);
  REQUIRE_WHOLE(size);
  return (int)syscall(SYS_madvise, begin, size, advice);
}

void* mremap(void* from, size_t old_size, size_t new_size, int flags, ...) {
  va_list others;
  va_start(others, flags);
  void* to = va_arg(others, void*);
  va_end(others);
  REQUIRE_WHOLE(from);
  REQUIRE_WHOLE(old_size);
  REQUIRE_WHOLE(to);
  if (!(flags & MREMAP_FIXED)) {
    to = mmap(NULL, new_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED) return to;
    flags |= MREMAP_FIXED;
  }
  return (void*)syscall(SYS_mremap, from, old_size, new_size, flags, to);
}

// Else it was not this that the library called.
__attribute__((destructor)) static void require_calls(void) {
  if (committed_count == 0) _exit(9);
}
