// A library that allocates, frees and is closed again (built with
// -DIS_LIBRARY), and the program that loads it: what it allocated outlives it,
// what the program allocated may die in it, on whichever thread, whether that
// ends before it is closed or stays; and the heap is no larger after all rounds
// than after the first.
#include <stdlib.h>
#include <string.h>

#ifdef IS_LIBRARY
enum { kept_count = 3 };
static const size_t kept_sizes[kept_count] = {300, 5000, 200000};
static void* kept[kept_count];

void* make(size_t size) { return memset(malloc(size), 7, size); }
void destroy(void* ptr) { free(ptr); }

__attribute__((constructor)) static void open_it(void) {
  for (int i = 0; i < kept_count; ++i) kept[i] = make(kept_sizes[i]);
}
__attribute__((destructor)) static void close_it(void) {
  for (int i = 0; i < kept_count; ++i) free(kept[i]);
}

#else
#include <dlfcn.h>
#include <pthread.h>

#include "mote/inspect.h"

#pragma weak mote_stats  // of the library that is preloaded

enum { rounds = 300, warm = 20, staying = 3 };
static void* (*make)(size_t);
static void (*destroy)(void*);
static const size_t sizes[] = {0, 40, 700, 6000, 300000};
enum { count = sizeof sizes / sizeof *sizes };
static pthread_barrier_t all_come;

struct blocks {
  char* its[count];
  char* ours[count];
};

static void allocate(struct blocks* blocks) {
  for (int i = 0; i < count; ++i) blocks->ours[i] = malloc(sizes[i]);
}
static void* use(void* given) {
  struct blocks* const blocks = given;
  for (int i = 0; i < count; ++i) {
    blocks->its[i] = make(sizes[i]);
    destroy(blocks->ours[i]);
  }
  return NULL;
}
// When it is closed.
static void end(struct blocks* blocks) {
  for (int i = 0; i < count; ++i) {
    for (size_t at = 0; at < sizes[i]; ++at)
      if (blocks->its[i][at] != 7) exit(5);
    blocks->its[i] = realloc(blocks->its[i], sizes[i] + 100);
    free(blocks->its[i]);
  }
}

static void* stay(void* given) {
  for (int round = 0; round < rounds; ++round) {
    pthread_barrier_wait(&all_come);  // opened
    use(given);
    pthread_barrier_wait(&all_come);  // used
    pthread_barrier_wait(&all_come);  // closed
    end(given);
    allocate(given);
  }
  return NULL;
}

static size_t footprint(void) {
  struct mote_statistics statistics;
  mote_stats(&statistics);
  return statistics.footprint_bytes;
}

int main(int argument_count, char** arguments) {
  if (argument_count != 2 || !mote_stats) return 2;
  size_t footprint_warm = 0;
  struct blocks its_own, passing, of_threads[staying];
  pthread_t threads[staying];
  pthread_barrier_init(&all_come, NULL, staying + 1);
  for (int i = 0; i < staying; ++i) {
    allocate(&of_threads[i]);
    if (pthread_create(&threads[i], NULL, stay, &of_threads[i])) return 2;
  }
  for (int round = 0; round < rounds; ++round) {
    if (round == warm) footprint_warm = footprint();
    allocate(&its_own);
    allocate(&passing);
    void* const library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) return 3;
    *(void**)&make = dlsym(library, "make");
    *(void**)&destroy = dlsym(library, "destroy");
    pthread_barrier_wait(&all_come);
    pthread_t thread;
    if (pthread_create(&thread, NULL, use, &passing)) return 2;
    use(&its_own);
    pthread_join(thread, NULL);
    pthread_barrier_wait(&all_come);
    if (dlclose(library) || dlopen(arguments[1], RTLD_NOLOAD | RTLD_NOW))
      return 4;
    pthread_barrier_wait(&all_come);
    end(&its_own);
    end(&passing);
  }
  for (int i = 0; i < staying; ++i) pthread_join(threads[i], NULL);
  // Which thread is how far when another asks is chance.
  return footprint() <= footprint_warm + (3 << 19) ? 0 : 6;
}
#endif
