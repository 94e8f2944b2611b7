#include <stdio.h>
#include <stdlib.h>

int main(void) {
  void* volatile block = malloc(100);
  free(block);
  puts("freed once");
  fflush(stdout);
  free(block);
  puts("freed twice");
  return 0;
}
