/* A module that has allocated when its memory is saved, and goes on where it is
 * restored. */
#include "work.h"

enum { count = 500 };

static unsigned char* made_before[count];

static size_t size_of(int i) { return 1 + (size_t)i * 37 % 3000; }

__attribute__((export_name("wizer.initialize"))) void initialize(void) {
  for (int i = 0; i < count; ++i) {
    made_before[i] = malloc(size_of(i));
    for (size_t j = 0; j < size_of(i); ++j)
      made_before[i][j] = (unsigned char)i;
  }
  for (int i = 0; i < count; i += 3) {
    free(made_before[i]);
    made_before[i] = 0;
  }
}

__attribute__((export_name("run"))) long run(void) {
  if (!made_before[1]) return -1; /* not restored */
  long checked = work(11, 30000, 9000);
  for (int i = 0; i < count; ++i) {
    if (!made_before[i]) continue;
    for (size_t j = 0; j < size_of(i); ++j)
      if (made_before[i][j] != (unsigned char)i) return -2;
    made_before[i] = realloc(made_before[i], 5000);
    if (!made_before[i] || made_before[i][0] != (unsigned char)i) return -3;
    free(made_before[i]);
  }
  return checked;
}
