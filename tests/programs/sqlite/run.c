// Runs a file of SQL against an in-memory database and prints every row as the
// sqlite3 command-line program does (columns joined by |), so that both outputs
// can be compared byte for byte. The program is the same for every allocator:
// it never calls malloc itself but for the text of the script.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char* what, const char* detail) {
  fprintf(stderr, "sqlite run: %s: %s\n", what, detail);
  return 1;
}

static char* read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char* text = length < 0 ? NULL : malloc((size_t)length + 1);
  if (text && fread(text, 1, (size_t)length, file) == (size_t)length) {
    text[length] = 0;
  } else {
    free(text);
    text = NULL;
  }
  fclose(file);
  return text;
}

static void print_row(sqlite3_stmt* statement) {
  int column_count = sqlite3_column_count(statement);
  for (int i = 0; i < column_count; ++i) {
    const unsigned char* text = sqlite3_column_text(statement, i);
    if (i) putchar('|');
    if (text) fputs((const char*)text, stdout);
  }
  putchar('\n');
}

int main(int argc, char** argv) {
  if (argc != 2) return fail("usage", "sqlite_run SCRIPT.sql");
  char* script = read_file(argv[1]);
  if (!script) return fail("cannot read", argv[1]);
  sqlite3* database;
  if (sqlite3_open(":memory:", &database) != SQLITE_OK)
    return fail("cannot open a database", sqlite3_errmsg(database));
  for (const char* rest = script; *rest;) {
    sqlite3_stmt* statement;
    if (sqlite3_prepare_v2(database, rest, -1, &statement, &rest) != SQLITE_OK)
      return fail("cannot prepare", sqlite3_errmsg(database));
    if (!statement) continue;  // white space or a comment
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW)
      print_row(statement);
    if (status != SQLITE_DONE)
      return fail("cannot step", sqlite3_errmsg(database));
    sqlite3_finalize(statement);
  }
  if (sqlite3_close(database) != SQLITE_OK)
    return fail("cannot close", sqlite3_errmsg(database));
  free(script);
  return 0;
}
