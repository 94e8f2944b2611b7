// Functions of C that programs name and Debian's wasi-libc has not got.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// WASI has no place for such files; the host gives the programs a folder.
char* tmpnam(char* name) {
  static int count;
  static char own[32];
  if (!name) name = own;
  snprintf(name, sizeof own, "/tmp/file%d", ++count);
  return name;
}

FILE* tmpfile(void) {
  const char* name = tmpnam(NULL);
  FILE* file = fopen(name, "w+");
  if (file) unlink(name);
  return file;
}

// There is no command processor.
int system(const char* command) { return command ? -1 : 0; }
