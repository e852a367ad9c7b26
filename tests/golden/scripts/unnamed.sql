-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE t (a int, b text, c jsonb, "Odd Name" int, t int, UNIQUE (a));
CREATE TABLE a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here (first_column_of_it int, second_column_of_it int, UNIQUE (first_column_of_it));
CREATE TABLE "зелёная_таблица_с_длинным_именем" ("столбец_с_очень_длинным_именем" int, b int);
CREATE TABLE r (w int, r2 int); CREATE TABLE u (id int PRIMARY KEY, w int CONSTRAINT r_w_check CHECK (w > 0));
CREATE SEQUENCE u_w_idx;
CREATE SCHEMA other; CREATE TABLE other.t (a int); CREATE TYPE other.e AS (x int);

-- @script CREATE INDEX ON t (a); CREATE INDEX ON t (a); CREATE INDEX ON...
CREATE INDEX ON t (a);
CREATE INDEX ON t (a);
CREATE INDEX ON t (lower(b), upper(b), lower(b));
CREATE INDEX ON t ((a + 1), (a * 2), (a IS NULL));
CREATE INDEX ON t ((b::int), (b || 'x'), a);
CREATE INDEX ON t ((CASE WHEN a > 1 THEN 1 END), (coalesce(a, 0)), (greatest(a, 1)));
CREATE INDEX ON t ((c -> 'x'), ((c ->> 'y')::int));
CREATE INDEX ON t ("Odd Name") INCLUDE (b);
CREATE INDEX ON t ((b COLLATE "C"), (NULLIF(a, 1)), (least(a, 1)));
CREATE INDEX ON t ((a > 1), (ROW(a, a) = ROW(1, 2)), (1::text || b));
CREATE INDEX ON t ((CASE WHEN a > 1 THEN a ELSE t END), (ARRAY[a]));
CREATE UNIQUE INDEX ON t (a) WHERE a > 5;
ALTER TABLE t ADD UNIQUE (a, b);
ALTER TABLE t ADD UNIQUE (t);
ALTER TABLE t ADD UNIQUE (a) INCLUDE (b);
ALTER TABLE t ADD PRIMARY KEY (a);
ALTER TABLE t ADD CHECK (a > 0);
ALTER TABLE t ADD CHECK (a > 1);
ALTER TABLE t ADD CHECK (a > 0 OR t > 1);
ALTER TABLE t ADD CHECK (t.a > 0 AND a > 3);
ALTER TABLE t ADD CHECK (1 > 0);
ALTER TABLE t ADD CHECK ("Odd Name" > 0);
ALTER TABLE t ADD EXCLUDE (a WITH =, (a + 1) WITH =);
ALTER TABLE r ADD CHECK (w > 0);
ALTER TABLE r ADD CHECK (r IS NOT NULL);
ALTER TABLE r ADD FOREIGN KEY (w) REFERENCES u;
ALTER TABLE r ADD FOREIGN KEY (w) REFERENCES u (id);
CREATE INDEX ON u (w);
CREATE INDEX ON u ((id), w);
CREATE INDEX ON a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here (first_column_of_it, second_column_of_it);
CREATE INDEX ON a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here (first_column_of_it, second_column_of_it);
ALTER TABLE a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here ADD UNIQUE (second_column_of_it, first_column_of_it);
ALTER TABLE a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here ADD CHECK (first_column_of_it > 0);
ALTER TABLE a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here ADD PRIMARY KEY (first_column_of_it);
CREATE INDEX ON "зелёная_таблица_с_длинным_именем" ("столбец_с_очень_длинным_именем", b);
ALTER TABLE "зелёная_таблица_с_длинным_именем" ADD CHECK ("столбец_с_очень_длинным_именем" > 0);
CREATE INDEX ON other.t (a);
ALTER TABLE other.t ADD UNIQUE (a)

-- @script ALTER TABLE t ADD CHECK (b <> '')
ALTER TABLE t ADD CHECK (b <> '')

-- @script CREATE INDEX ON t (b)
CREATE INDEX ON t (b)

-- @script CREATE INDEX ON t ((b IS DOCUMENT))
CREATE INDEX ON t ((b IS DOCUMENT))

-- @script CREATE INDEX CONCURRENTLY ON t (a)
CREATE INDEX CONCURRENTLY ON t (a)
