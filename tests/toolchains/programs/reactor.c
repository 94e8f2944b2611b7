/* A reactor: the host calls functions, there is no main. */
#include <string.h>

#include "work.h"

static char* made_before;

__attribute__((constructor)) static void initialize(void) {
  made_before = malloc(100);
  strcpy(made_before, "made by a constructor");
}

__attribute__((export_name("run"))) long run(unsigned seed) {
  return strcmp(made_before, "made by a constructor") ? -1
                                                      : work(seed, 20000, 9000);
}
