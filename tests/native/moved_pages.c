// Reallocates large blocks over a kernel that moves pages as Linux 5.7 to 6.16
// do: what is at the new place is gone before the old one is looked at, and
// only pages of one mapping move. Blocks that were moved once and then grew in
// place, or that begin in a heap's last step, have several. And over one that
// has no memory for tables of its own when the old pages are to be put there.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// Volatile: the C library says that its functions do not call the program back.
static volatile size_t moved_count;
static volatile int puts_left = -1;  // till putting is refused; -1: never
static volatile int may_map_anew = 1;
static volatile size_t lost_count;

// By no stream: the heap may be at work.
static int is_of_one_mapping(uintptr_t begin, size_t size) {
  static char text[1 << 20];
  const int file = open("/proc/self/maps", O_RDONLY);
  size_t length = 0;
  for (ssize_t count;
       (count = read(file, text + length, sizeof text - 1 - length)) > 0;) {
    length += (size_t)count;
  }
  close(file);
  text[length] = 0;
  for (char* at = text; *at; at = strchr(at, '\n') + 1) {
    const uintptr_t from = strtoul(at, &at, 16);
    const uintptr_t to = strtoul(at + 1, &at, 16);
    if (from <= begin && begin < to) return begin + size <= to;
  }
  return 0;
}

// The library's calls come here, for the program exports it.
void* mremap(void* from, size_t old_size, size_t new_size, int flags, ...) {
  va_list others;
  va_start(others, flags);
  void* const to = va_arg(others, void*);
  va_end(others);
  if (flags & MREMAP_FIXED) {
    munmap(to, new_size);
    if (puts_left == 0) {
      ++lost_count;
      errno = ENOMEM;
      return MAP_FAILED;
    }
    if (puts_left > 0) --puts_left;
  }
  if (!is_of_one_mapping((uintptr_t)from, old_size)) {
    errno = EFAULT;
    return MAP_FAILED;
  }
  ++moved_count;
  return (void*)syscall(SYS_mremap, from, old_size, new_size, flags, to);
}

// Of the library's calls only those that map readable pages anew.
void* mmap(void* begin, size_t size, int protection, int flags, int file,
           off_t offset) {
  if (puts_left == 0 && !may_map_anew && protection != PROT_NONE) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return (void*)syscall(SYS_mmap, begin, size, protection, flags, file, offset);
}

static int is_filled(const char* bytes, int value, size_t size) {
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != value) return 0;
  return 1;
}

// Grows a block of `size` bytes by half, often; with another behind it every
// second time, so that it must move then.
static void grow(size_t size) {
  enum { count = 8 };
  void* behind[count];
  char* block = NULL;
  size_t old_size = 0;
  for (int i = 0; i < count; ++i, size += size / 2) {
    errno = 12345;
    block = realloc(block, size);
    if (!block) exit(3);
    if (errno != 12345) exit(4);
    if (!is_filled(block, i, old_size)) exit(5);
    memset(block, i + 1, size);
    old_size = size;
    behind[i] = i % 2 ? malloc(3 << 20) : NULL;
  }
  for (int i = 0; i < count; ++i) free(behind[i]);
  free(block);
}

static int mapping_count(void) {
  FILE* const file = fopen("/proc/self/maps", "r");
  int count = 0;
  for (int c; (c = getc(file)) != EOF;) count += c == '\n';
  fclose(file);
  return count;
}

// Moves a block many times. A process may have 65,530 mappings, and each place
// that a block left could be one more.
static void move_often(void) {
  enum { count = 40 };
  void* behind[count];
  char* block = NULL;
  const int mappings_before = mapping_count();
  for (int i = 0; i < count; ++i) {
    const size_t size = (size_t)(i + 2) << 20;
    block = realloc(block, size);
    if (!block) exit(6);
    memset(block, i, size);
    behind[i] = malloc(5 << 20);
  }
  if (mapping_count() > mappings_before + count / 2) exit(8);
  for (int i = 0; i < count; ++i) free(behind[i]);
  free(block);
}

// Moves a block of two mappings where nothing may be put after `puts`: it is
// whole, moved or not.
static void move_to_lost_pages(int puts) {
  enum { size = 8 << 20 };
  char* block = realloc(NULL, size / 4);
  void* const behind_first = malloc(5 << 20);
  memset(block, 1, size / 4);
  block = realloc(block, size / 2);  // moves
  block = realloc(block, size);      // grows in place
  void* const behind = malloc(5 << 20);
  for (size_t i = 0; i < size; ++i) block[i] = (char)(i >> 12);
  lost_count = 0;
  puts_left = puts;
  errno = 12345;
  char* const moved = realloc(block, 2 * size);
  puts_left = -1;
  if (!lost_count) exit(9);
  if (!moved != !may_map_anew) exit(10);
  if (errno != (moved ? 12345 : ENOMEM)) exit(11);
  if (moved) block = moved;
  for (size_t i = 0; i < size; ++i)
    if (block[i] != (char)(i >> 12)) exit(12);
  memset(block, 1, size);
  block = realloc(block, 3 * size);
  if (!is_filled(block, 1, size)) exit(13);
  memset(block, 2, 3 * size);
  free(block);
  free(behind);
  free(behind_first);
}

int main(void) {
  enum { small_count = 1000000 };  // more than a heap's first window
  static void* small[small_count];
  grow(1 << 20);
  for (int i = 0; i < small_count; ++i) small[i] = malloc(100);
  grow(8 << 20);
  for (int i = 0; i < small_count; ++i) free(small[i]);
  grow(1 << 20);
  // The hardened profile, whose blocks have no bytes to spare, moves none.
  void* const block = malloc(1);
  const int is_hardened = malloc_usable_size(block) == 1;
  free(block);
  if (is_hardened) return 0;
  move_often();
  for (int puts = 0; puts < 2; ++puts) {
    may_map_anew = 1;
    move_to_lost_pages(puts);
    may_map_anew = 0;
    move_to_lost_pages(puts);
  }
  return moved_count ? 0 : 7;
}
