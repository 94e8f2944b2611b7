// A shop's database that fills, is searched, thins out and is vacuumed, again
// and again, in steps of a few milliseconds: something to look at.
#include <sqlite3.h>
#include <stddef.h>

static const char* const opening =
    "CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, note TEXT);"
    "CREATE TABLE purchase(id INTEGER PRIMARY KEY, customer INTEGER,"
    "                      cents INTEGER, remark TEXT);"
    "CREATE TABLE turn(number INTEGER);"
    "INSERT INTO turn VALUES(0);";

// 48271 is the multiplier of a Lehmer generator modulo 2^31 - 1.
static const char* const filling[] = {
    "INSERT INTO customer(name, note)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    "                         WHERE i < 40)"
    " SELECT printf('customer %x', i * 48271 + number),"
    "        printf('%.*c', (i * 48271 + number * 7919) % 900, 'n')"
    " FROM n, turn;",
    "INSERT INTO purchase(customer, cents, remark)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    "                         WHERE i < 250)"
    " SELECT i * 48271 % 997, i * 69621 % 9900,"
    "        CASE i % 90 WHEN 0 THEN printf('%.*c', 9000 + i * 31, 'r') END"
    " FROM n, turn;",
    "SELECT customer, sum(cents), count(*) FROM purchase"
    " GROUP BY customer ORDER BY 2 DESC LIMIT 20;",
    "UPDATE turn SET number = number + 1;",
};

static const char* const thinning[] = {
    "CREATE INDEX IF NOT EXISTS by_customer ON purchase(customer);",
    "DELETE FROM purchase WHERE (id + (SELECT number FROM turn)) % 3 = 0;",
    "SELECT name, group_concat(cents) FROM customer JOIN purchase"
    " ON customer = customer.id GROUP BY customer.id;",
    "DELETE FROM customer WHERE id % 2 = (SELECT number FROM turn) % 2;",
    "DROP INDEX by_customer;",
    "VACUUM;",
    "UPDATE turn SET number = number + 1;",
};

enum { rounds = 4, fills_a_round = 60 };
enum { filling_count = sizeof filling / sizeof *filling };
enum { thinning_count = sizeof thinning / sizeof *thinning };
enum { steps_a_round = fills_a_round * filling_count + thinning_count };

static sqlite3* database;
static int step_count;

// Does the next step; 0 when there is none, -1 on an error.
__attribute__((export_name("step"))) int step(void) {
  if (!database) {
    if (sqlite3_open(":memory:", &database) != SQLITE_OK) return -1;
    return sqlite3_exec(database, opening, NULL, NULL, NULL) ? -1 : 1;
  }
  int at = step_count % steps_a_round;
  if (step_count++ == rounds * steps_a_round) {
    sqlite3_close(database);
    return 0;
  }
  int thinning_at = at - fills_a_round * filling_count;
  const char* sql =
      thinning_at < 0 ? filling[at % filling_count] : thinning[thinning_at];
  return sqlite3_exec(database, sql, NULL, NULL, NULL) ? -1 : 1;
}
