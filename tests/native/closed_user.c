// A library that allocates, frees and is closed again (built with
// -DIS_LIBRARY), and the program that loads it: what it allocated outlives it,
// what the program allocated may die in it, on whichever thread.
#include <stdlib.h>
#include <string.h>

#ifdef IS_LIBRARY
static void* kept;

void* make(size_t size) { return memset(malloc(size), 7, size); }
void destroy(void* ptr) { free(ptr); }

__attribute__((constructor)) static void open_it(void) { kept = malloc(300); }
__attribute__((destructor)) static void close_it(void) { free(kept); }

#else
#include <dlfcn.h>
#include <pthread.h>

static void* (*make)(size_t);
static void (*destroy)(void*);
static const size_t sizes[] = {0, 40, 700, 6000, 300000};
enum { count = sizeof sizes / sizeof *sizes };

struct blocks {
  char* its[count];
  char* ours[count];
};

static void* use(void* given) {
  struct blocks* blocks = given;
  for (int i = 0; i < count; ++i) {
    blocks->its[i] = make(sizes[i]);
    destroy(blocks->ours[i]);
  }
  return NULL;
}

int main(int argument_count, char** arguments) {
  if (argument_count != 2) return 2;
  for (int round = 0; round < 200; ++round) {
    struct blocks blocks;
    for (int i = 0; i < count; ++i) blocks.ours[i] = malloc(sizes[i]);
    void* const library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) return 3;
    *(void**)&make = dlsym(library, "make");
    *(void**)&destroy = dlsym(library, "destroy");
    if (round % 2) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, use, &blocks)) return 2;
      pthread_join(thread, NULL);
    } else {
      use(&blocks);
    }
    if (dlclose(library) || dlopen(arguments[1], RTLD_NOLOAD | RTLD_NOW))
      return 4;
    for (int i = 0; i < count; ++i) {
      for (size_t at = 0; at < sizes[i]; ++at)
        if (blocks.its[i][at] != 7) return 5;
      blocks.its[i] = realloc(blocks.its[i], sizes[i] + 100);
      free(blocks.its[i]);
    }
  }
  return 0;
}
#endif
