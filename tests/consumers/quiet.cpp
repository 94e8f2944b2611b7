// A program that asks for no memory itself; what it calls does.
#include <stdio.h>
#include <string.h>

int main() {
  const char* const copy = strdup("mote serves this program");
  return !copy || puts(copy) < 0;
}
