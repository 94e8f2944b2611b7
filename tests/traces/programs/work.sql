-- An in-memory database: fill, index, join, aggregate, update, delete.
PRAGMA cache_size = -16000;
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, town TEXT, age INTEGER);
CREATE TABLE purchase(id INTEGER PRIMARY KEY, person INTEGER, item TEXT, price REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO person SELECT i, 'person ' || i, 'town ' || (i * 7919 % 300), i * 31 % 90 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO purchase SELECT i, i * 104729 % 20000 + 1, printf('item %x', i * 2654435761 % 5000), i * 13 % 1000 / 7.0 FROM n;
CREATE INDEX purchase_person ON purchase(person);
CREATE INDEX person_town ON person(town, age);
SELECT town, count(*), group_concat(item) FROM person JOIN purchase ON person.id = purchase.person WHERE age > 40 GROUP BY town ORDER BY 2 DESC LIMIT 5;
SELECT upper(name) || replace(town, 't', 'T') AS label FROM person ORDER BY label LIMIT 20000;
UPDATE purchase SET item = item || ' (used)' WHERE id % 3 = 0;
DELETE FROM person WHERE age < 20;
SELECT count(DISTINCT item), total(price) FROM purchase;
