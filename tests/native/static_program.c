/* A program for a static link: it uses what brings the C library's own users of
 * malloc along, and every name a program may expect from a malloc. Exits with
 * the line of what went wrong. */
#define _GNU_SOURCE
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mote/arena.h"
#include "mote/mote.h"
#include "undeclared.h"

#define REQUIRE(condition) \
  if (!(condition)) _Exit(1 + __LINE__ % 255)

static void* churn(void* argument) {
  for (size_t i = 1; i < 50000; ++i) {
    char* ptr = (char*)malloc(i % 2000);
    REQUIRE(ptr && mote_usable_size(ptr) >= i % 2000);
    memset(ptr, 1, i % 2000);
    free(ptr);
  }
  return argument;
}

static mote_arena static_arena = MOTE_ARENA_INIT;

static void use_arena(void) {
  for (int round = 0; round < 3; ++round) {
    mote_arena_checkpoint begin = mote_arena_mark(&static_arena);
    for (size_t i = 0; i < 1000; ++i) {
      char* ptr = (char*)mote_arena_alloc(&static_arena, i, 0);
      REQUIRE(ptr);
      memset(ptr, 1, i);
    }
    REQUIRE(mote_arena_allocated_bytes(&static_arena) >= 1000 * 999 / 2);
    mote_arena_rewind(&static_arena, begin);
    REQUIRE(mote_arena_allocated_bytes(&static_arena) == 0);
  }
  mote_arena_release(&static_arena);
  REQUIRE(mote_arena_chunk_bytes(&static_arena) == 0);
}

/* Those that main does not call. */
static void use_other_names(void) {
  free_sized(malloc(10), 10);
  free_aligned_sized(aligned_alloc(64, 64), 64, 64);
  cfree(malloc(10));
  __libc_cfree(__libc_realloc(__libc_calloc(10, 10), 1000));
  void* blocks[] = {pvalloc(10), __libc_malloc(10), __libc_memalign(64, 10),
                    __libc_valloc(10), __libc_pvalloc(10)};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) {
    REQUIRE(blocks[i] && malloc_usable_size(blocks[i]) >= 10);
    __libc_free(blocks[i]);
  }
  void* aligned = NULL;
  REQUIRE(__posix_memalign(&aligned, 4096, 10) == 0);
  free(aligned);
  REQUIRE(mallopt(-8, 1) == 1); /* M_ARENA_MAX */
  void* const large = malloc(1 << 20);
  REQUIRE(large);
  free(large);
  malloc_trim(0);
  REQUIRE(malloc_trim(0) == 0);
#ifdef __GLIBC__
  FILE* const null = fopen("/dev/null", "w");
  REQUIRE(null && malloc_info(0, null) == 0);
  fclose(null);
  REQUIRE(mallinfo2().arena > 0 && mallinfo().arena > 0);
  malloc_stats();
#endif
}

static void at_exit(void) { free(malloc(10)); }

int main(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) {
    REQUIRE(pthread_create(&threads[i], NULL, churn, NULL) == 0);
  }
  for (int i = 0; i < 20; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(10);
      free(malloc(100000));
      _exit(0);
    }
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  }
  for (int i = 0; i < 3; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);

  for (int i = 0; i < 100; ++i) REQUIRE(atexit(at_exit) == 0);
  REQUIRE(setlocale(LC_ALL, "C"));
  char* text = strdup("text");
  REQUIRE(text && mote_usable_size(text) >= 5);
  char line[100];
  FILE* stream = fmemopen(line, sizeof line, "w");
  REQUIRE(stream && fprintf(stream, "%s %.3f", text, 0.5) == 10);
  fclose(stream);
  free(text);

  use_arena();
  use_other_names();

  void* blocks[] = {calloc(10, 10),        realloc(NULL, 10),
                    memalign(64, 10),      valloc(10),
                    aligned_alloc(64, 64), reallocarray(NULL, 10, 10)};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) {
    REQUIRE(blocks[i] && malloc_usable_size(blocks[i]) >= 10);
    free(blocks[i]);
  }
  void* aligned = NULL;
  REQUIRE(posix_memalign(&aligned, 4096, 10) == 0);
  free(aligned);
  return 0;
}
