-- A shop's year in one in-memory database: create, fill (20,000 customers and
-- 240,000 orders), index, query, update, delete, vacuum. Everything is derived
-- from the row number, and only integers and text are printed, so every build
-- and version of SQLite must print the same.
PRAGMA page_size = 4096;

CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL, town TEXT, note TEXT);
CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, cents INTEGER);
CREATE TABLE purchase(id INTEGER PRIMARY KEY, customer_id INTEGER, item_id INTEGER,
                      day INTEGER, count INTEGER, remark TEXT);
CREATE TABLE journal(purchase_id INTEGER, what TEXT);

-- Fill. 48271 and 69621 are multipliers of Lehmer generators modulo 2^31 - 1.
INSERT INTO customer
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  SELECT i, printf('%c%s %x', 65 + i % 26, substr('aeiouyaeiouy', i % 7 + 1, i % 5 + 1), i * 48271 % 2147483647),
         'town ' || (i * 69621 % 2147483647 % 400),
         CASE WHEN i % 3 = 0 THEN NULL ELSE printf('%.*c', i * 48271 % 2147483647 % 180, 'n') END
  FROM n;
INSERT INTO item
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
  SELECT i, printf('item-%06d', i * 69621 % 2147483647 % 1000000), 100 + i * 48271 % 2147483647 % 9900 FROM n;
BEGIN;
INSERT INTO purchase
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 240000)
  SELECT i, 1 + i * 48271 % 2147483647 % 20000, 1 + i * 69621 % 2147483647 % 2000,
         i * 16807 % 2147483647 % 365, 1 + i % 9,
         CASE WHEN i % 4 = 0 THEN substr('left at the door, please do not ring, the dog sleeps', 1, i % 53) END
  FROM n;
COMMIT;
SELECT 'filled', (SELECT count(*) FROM customer), (SELECT count(*) FROM item), count(*), sum(count), sum(length(remark)) FROM purchase;

-- Index.
CREATE INDEX purchase_customer ON purchase(customer_id, day);
CREATE INDEX purchase_item ON purchase(item_id);
CREATE INDEX customer_town ON customer(town, name);
ANALYZE;

-- Query: joins, groups, sorts, windows, text.
SELECT 'month', day / 31, count(*), sum(p.count * i.cents) FROM purchase p JOIN item i ON i.id = p.item_id GROUP BY day / 31 ORDER BY 2;
SELECT 'town', town, count(*), sum(p.count * i.cents) AS cents
  FROM customer c JOIN purchase p ON p.customer_id = c.id JOIN item i ON i.id = p.item_id
  GROUP BY town ORDER BY cents DESC, town LIMIT 20;
SELECT 'rank', * FROM (
  SELECT customer_id, sum(count) AS total, rank() OVER (ORDER BY sum(count) DESC) AS place FROM purchase GROUP BY customer_id)
  WHERE place <= 15 ORDER BY place, customer_id;
SELECT 'letters', substr(name, 1, 1), count(DISTINCT town), max(name), min(note), sum(length(upper(name) || coalesce(note, '')))
  FROM customer GROUP BY 2 ORDER BY 2;
SELECT 'remark', remark, count(*) FROM purchase WHERE remark LIKE '%please%ring%' GROUP BY remark ORDER BY length(remark);
SELECT 'list', town, length(group_concat(name, ', ')) FROM customer GROUP BY town ORDER BY town LIMIT 25;
SELECT 'never', count(*) FROM customer WHERE id NOT IN (SELECT customer_id FROM purchase WHERE day < 200);
WITH RECURSIVE word(i, text) AS (SELECT 1, 'a' UNION ALL SELECT i + 1, text || char(97 + i % 26) FROM word WHERE i < 1500)
  SELECT 'grown', count(*), sum(length(text)), sum(instr(text, 'xyz')) FROM word;

-- Update, with a trigger that writes, and rows that outgrow their page.
CREATE TRIGGER purchase_changed AFTER UPDATE OF count ON purchase
  BEGIN INSERT INTO journal VALUES (new.id, old.count || ' -> ' || new.count); END;
UPDATE purchase SET count = count + 1 WHERE customer_id % 10 = 3;
UPDATE purchase SET remark = coalesce(remark, '') || ' (checked on day ' || day || ')' WHERE id % 3 = 0;
UPDATE customer SET note = replace(coalesce(note, 'none'), 'nn', 'n-n') WHERE id % 2 = 0;
UPDATE item SET label = label || '-' || id WHERE cents > 5000;
SELECT 'updated', count(*), sum(purchase_id), min(what), max(what) FROM journal;
SELECT 'lengths', sum(length(remark)), (SELECT sum(length(note)) FROM customer), (SELECT sum(length(label)) FROM item) FROM purchase;

-- Delete, a rollback, vacuum.
DELETE FROM purchase WHERE day BETWEEN 100 AND 180;
DELETE FROM customer WHERE id NOT IN (SELECT customer_id FROM purchase WHERE day < 60);
BEGIN;
DELETE FROM purchase WHERE id % 2;
SELECT 'inside', count(*) FROM purchase;
ROLLBACK;
SELECT 'after', count(*), sum(id), (SELECT count(*) FROM customer) FROM purchase;
VACUUM;
PRAGMA integrity_check;

-- A second year in the space that the first one left.
INSERT INTO purchase(customer_id, item_id, day, count, remark)
  SELECT customer_id, item_id, 365 + day, count, remark FROM purchase WHERE id % 4 = 1;
SELECT 'second year', count(*), sum(day), sum(length(remark)) FROM purchase;
SELECT 'busiest', c.id, c.name, count(*) FROM customer c JOIN purchase p ON p.customer_id = c.id
  GROUP BY c.id ORDER BY 4 DESC, c.id LIMIT 10;
DROP TABLE journal;
DROP INDEX purchase_item;
VACUUM;
SELECT 'end', count(*), (SELECT count(*) FROM customer), sum(length(remark)), (SELECT sum(length(note)) FROM customer) FROM purchase;
