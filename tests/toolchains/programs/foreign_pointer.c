#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  free(malloc(100));
  char* volatile theirs = sbrk(65536);
  puts("freed once");
  fflush(stdout);
  free(theirs + 64);
  puts("freed twice");
  return 0;
}
