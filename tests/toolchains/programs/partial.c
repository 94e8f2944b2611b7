/* Defines some of malloc's names itself, and uses another one. */
#include <stddef.h>
#include <stdlib.h>

void* malloc(size_t size) { return size ? NULL : NULL; }
void free(void* ptr) { (void)ptr; }

int main(void) { return calloc(1, 10) != NULL; }
