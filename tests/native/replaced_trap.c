// Defines what happens at a double free itself: a message of its own, and a
// status that says so.
#include <stdlib.h>
#include <unistd.h>

void mote_trap_double_free(void) { _exit(write(1, "mine\n", 5) == 5 ? 42 : 1); }

int main(void) {
  void* volatile ptr = malloc(100);
  free(ptr);
  free(ptr);
  return 0;
}
