// Loads the library given as its argument when it has run for a while and has
// threads, and uses the malloc in it from all of them: there must be room for
// its thread-local state, and the program's own malloc must not notice. Closes
// it before they end: what is to be done at a thread's end must still be there.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* (*its_malloc)(size_t);
static void (*its_free)(void*);
static pthread_barrier_t all_come;

static void* work(void* unused) {
  (void)unused;
  free(malloc(100));
  pthread_barrier_wait(&all_come);  // loaded
  for (int round = 0; round < 1000; ++round) {
    char* blocks[20];
    for (int i = 0; i < 20; ++i) {
      blocks[i] = its_malloc(1 + i * 37);
      if (!blocks[i]) exit(4);
      memset(blocks[i], i, 1 + i * 37);
    }
    for (int i = 0; i < 20; ++i) {
      if (blocks[i][i * 37] != i) exit(5);
      its_free(blocks[i]);
    }
    free(malloc(100));
  }
  pthread_barrier_wait(&all_come);  // used
  pthread_barrier_wait(&all_come);  // closed
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t threads[4];
  if (count != 2) return 2;
  pthread_barrier_init(&all_come, NULL, 5);
  for (int i = 0; i < 4; ++i)
    if (pthread_create(&threads[i], NULL, work, NULL)) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  *(void**)&its_malloc = dlsym(library, "malloc");
  *(void**)&its_free = dlsym(library, "free");
  if (its_malloc == malloc) return 3;  // it was there before
  pthread_barrier_wait(&all_come);
  pthread_barrier_wait(&all_come);
  dlclose(library);
  pthread_barrier_wait(&all_come);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
