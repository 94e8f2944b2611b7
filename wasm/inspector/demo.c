// A shop's database that fills, is searched, thins out and is vacuumed, again
// and again, in steps of a few milliseconds; beside it a program that keeps
// some of the answers, as programs do: something to look at.
#include <sqlite3.h>
#include <stddef.h>

static const char* const opening =
    "PRAGMA page_size = 1024;"
    "CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, note TEXT);"
    "CREATE TABLE purchase(id INTEGER PRIMARY KEY, customer INTEGER,"
    "                      cents INTEGER, remark TEXT);"
    "CREATE TABLE turn(number INTEGER);"
    "INSERT INTO turn VALUES(1);";

// 48271 and 69621 are multipliers of Lehmer generators modulo 2^31 - 1.
static const char* const filling[] = {
    "INSERT INTO customer(name, note)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    "                         WHERE i < 30)"
    " SELECT printf('customer %x', i * 48271 + number),"
    "        printf('%.*c', i * 69621 % 900 + number % 50, 'n')"
    " FROM n, turn;",
    "INSERT INTO purchase(customer, cents, remark)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    "                         WHERE i < 80)"
    " SELECT i * 48271 % 997, i * 69621 % 9900,"
    "        CASE i % 40 WHEN 0 THEN printf('%.*c', 3000 + i * 310, 'r') END"
    " FROM n, turn;",
    "UPDATE turn SET number = number + 1;",
};

static const char* const thinning[] = {
    "CREATE INDEX by_customer ON purchase(customer);",
    "DELETE FROM purchase WHERE id % 3 = (SELECT number FROM turn) % 3;",
    "DELETE FROM customer WHERE id % 2 = (SELECT number FROM turn) % 2;",
    "DROP INDEX by_customer;",
    "VACUUM;",
};

static const char* const asking =
    "SELECT name || ' ' || substr(note, 1, 7 * (id % 97)) FROM customer"
    " ORDER BY id * 48271 % 8191 LIMIT 60;";

enum { rounds = 4, fills_a_round = 50, kept_max = 4096 };
enum { filling_count = sizeof filling / sizeof *filling };
enum { thinning_count = sizeof thinning / sizeof *thinning };
enum { steps_a_round = fills_a_round * filling_count + thinning_count };

static sqlite3* database;
static int step_count;
static char* kept[kept_max];
static unsigned kept_count;

// An answer replaces one that was kept before.
static int keep(void* unused, int count, char** values, char** names) {
  (void)unused, (void)count, (void)names;
  unsigned at = kept_count++ * 2654435761u % kept_max;
  sqlite3_free(kept[at]);
  kept[at] = sqlite3_mprintf("%s", values[0]);
  return 0;
}

static int do_sql(const char* sql) {
  return sqlite3_exec(database, sql, keep, NULL, NULL) == SQLITE_OK ? 1 : -1;
}

// Does the next step; 0 when there is none, -1 on an error.
__attribute__((export_name("step"))) int step(void) {
  if (!database) {
    if (sqlite3_open(":memory:", &database) != SQLITE_OK) return -1;
    return do_sql(opening);
  }
  if (step_count == rounds * steps_a_round) {
    sqlite3_close(database);
    return 0;
  }
  int at = step_count++ % steps_a_round;
  if (at >= fills_a_round * filling_count)
    return do_sql(thinning[at - fills_a_round * filling_count]);
  if (at % filling_count == 0 && do_sql(asking) < 0) return -1;
  return do_sql(filling[at % filling_count]);
}
