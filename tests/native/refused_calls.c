// Allocates, reallocates and frees where the system refuses what is asked of it
// (a seccomp filter, which outlives exec):
//
//   refused_calls reserve   addresses in pieces of more than 4 MiB
//   refused_calls commit    to make more than 4 MiB at once writable: blocks
//                           that large are refused, as they are where a machine
//                           does not overcommit and has no more
//   refused_calls discard   madvise
//   refused_calls move      mremap
//   refused_calls nothing
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { large = 4 << 20 };

#define LOAD_HALF(field, half)       \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
           offsetof(struct seccomp_data, field) + 4 * (half))
// Of small values; halves are as little endian has them.
#define LOAD(field) LOAD_HALF(field, 0)
#define IF_EQUAL(value, steps_else) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, steps_else)
#define IF_GREATER(value, steps_else) \
  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, 0, steps_else)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

static int refuse(const char* kind) {
#define WHERE_LARGE(call, protection) \
  {LOAD(nr),                          \
   IF_EQUAL(call, 7),                 \
   LOAD(args[2]),                     \
   IF_EQUAL(protection, 5),           \
   LOAD_HALF(args[1], 1),             \
   IF_EQUAL(0, 2),                    \
   LOAD_HALF(args[1], 0),             \
   IF_GREATER(large, 1),              \
   REFUSE(ENOMEM),                    \
   ALLOW}
  struct sock_filter reserve[] = WHERE_LARGE(__NR_mmap, PROT_NONE);
  struct sock_filter commit[] =
      WHERE_LARGE(__NR_mprotect, PROT_READ | PROT_WRITE);
  struct sock_filter discard[] = {LOAD(nr), IF_EQUAL(__NR_madvise, 1),
                                  REFUSE(EINVAL), ALLOW};
  struct sock_filter move[] = {LOAD(nr), IF_EQUAL(__NR_mremap, 1),
                               REFUSE(ENOSYS), ALLOW};
  struct sock_filter nothing[] = {ALLOW};
  const struct {
    const char* kind;
    struct sock_fprog program;
  } filters[] = {
#define FILTER(kind)                            \
  {                                             \
    #kind, { sizeof kind / sizeof *kind, kind } \
  }
      FILTER(reserve), FILTER(commit),  FILTER(discard),
      FILTER(move),    FILTER(nothing),
  };
  for (size_t i = 0; i < sizeof filters / sizeof *filters; ++i) {
    if (strcmp(kind, filters[i].kind)) continue;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filters[i].program);
  }
  return 1;
}

// Whether the filter is at work, and as the heap calls.
static int is_refused(const char* kind) {
  const size_t length = 2 * large;
  if (!strcmp(kind, "reserve"))
    return mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
  void* const some = mmap(NULL, length, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!strcmp(kind, "commit"))
    return mprotect(some, length, PROT_READ | PROT_WRITE) != 0;
  if (!strcmp(kind, "discard")) return madvise(some, length, MADV_DONTNEED);
  if (!strcmp(kind, "move"))
    return mremap(some, length, 2 * length, MREMAP_MAYMOVE) == MAP_FAILED;
  return 1;
}

static size_t refused_count;

static void* checked(void* ptr, size_t size) {
  refused_count += !ptr;
  if (!ptr && size <= large / 2) exit(3);  // that much is always to be had
  return ptr;
}
static int is_filled(const char* bytes, int value, size_t size) {
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != value) return 0;
  return 1;
}

static size_t some_size(void) {
  static const size_t limits[] = {64, 700, 9000, 200000, 2000000};
  return (size_t)rand() % (rand() % 40 ? limits[rand() % 5] : 3 * large);
}

static void work(void) {
  enum { count = 60 };
  static struct {
    char* ptr;
    size_t size;
    int value;
  } blocks[count];
  for (int step = 0; step < 2000; ++step) {
    const int i = rand() % count;
    const size_t size = some_size();
    if (!is_filled(blocks[i].ptr, blocks[i].value, blocks[i].size)) exit(4);
    if (step % 500 == 499) malloc_trim(0);
    if (blocks[i].ptr && rand() % 3 == 0) {
      void* const moved =
          checked(realloc(blocks[i].ptr, size + !size), size + !size);
      if (!moved) continue;
      const size_t kept = size < blocks[i].size ? size : blocks[i].size;
      blocks[i].ptr = moved;
      if (!is_filled(moved, blocks[i].value, kept)) exit(5);
    } else {
      free(blocks[i].ptr);
      blocks[i].ptr = checked(calloc(1, size), size);
      blocks[i].size = 0;
      if (!blocks[i].ptr) continue;
      if (!is_filled(blocks[i].ptr, 0, size)) exit(6);
    }
    blocks[i].size = size;
    blocks[i].value = 1 + step % 100;
    memset(blocks[i].ptr, blocks[i].value, size);
  }
  for (int i = 0; i < count; ++i) free(blocks[i].ptr);
}

int main(int count, char** arguments) {
  if (count == 2) {
    if (refuse(arguments[1])) return 2;
    execl("/proc/self/exe", arguments[0], arguments[1], "again", NULL);
    return 2;
  }
  if (count != 3 || !is_refused(arguments[1])) return 2;
  work();
  // Only these two make a block impossible.
  const int may_refuse =
      !strcmp(arguments[1], "reserve") || !strcmp(arguments[1], "commit");
  return may_refuse == (refused_count != 0) ? 0 : 7;
}
