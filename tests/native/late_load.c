// Loads the library given as its argument when it has run for a while and has
// threads, and uses the malloc in it from all of them: there must be room for
// its thread-local state, and the program's own malloc must not notice.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* (*its_malloc)(size_t);
static void (*its_free)(void*);
static pthread_barrier_t is_loaded;

static void* work(void* failed) {
  free(malloc(100));
  pthread_barrier_wait(&is_loaded);
  for (int round = 0; round < 1000; ++round) {
    char* blocks[20];
    for (int i = 0; i < 20; ++i) {
      blocks[i] = its_malloc(1 + i * 37);
      if (!blocks[i]) return failed;
      memset(blocks[i], i, 1 + i * 37);
    }
    for (int i = 0; i < 20; ++i) {
      if (blocks[i][i * 37] != i) return failed;
      its_free(blocks[i]);
    }
    free(malloc(100));
  }
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t threads[4];
  int failure_count = 0;
  if (count != 2) return 2;
  pthread_barrier_init(&is_loaded, NULL, 5);
  for (int i = 0; i < 4; ++i)
    if (pthread_create(&threads[i], NULL, work, &failure_count)) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  *(void**)&its_malloc = dlsym(library, "malloc");
  *(void**)&its_free = dlsym(library, "free");
  if (its_malloc == malloc) return 3;  // it was there before
  pthread_barrier_wait(&is_loaded);
  for (int i = 0; i < 4; ++i) {
    void* failed;
    pthread_join(threads[i], &failed);
    if (failed) ++failure_count;
  }
  return failure_count;
}
