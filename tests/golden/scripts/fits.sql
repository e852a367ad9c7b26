-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
CREATE UNIQUE INDEX partial ON t (b) WHERE b > 0;
CREATE TABLE f (x int, y bigint);
CREATE TABLE pair (a int, b int, UNIQUE (b, a));
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE moods (m mood);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION named(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION outs(a int, OUT x int, OUT y text) LANGUAGE sql AS $$SELECT 1, ''$$;
CREATE FUNCTION one(a int, OUT x int) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION rows_of(a int) RETURNS TABLE (x int, y text) LANGUAGE sql AS $$SELECT 1, ''$$;
CREATE PROCEDURE plain(a int) LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE done(INOUT a int) LANGUAGE plpgsql AS 'BEGIN END';
CREATE TABLE used (id int, n int);
CREATE TABLE user_of (was used[]);
CREATE TABLE filled (m mood DEFAULT 'good', b bool DEFAULT true, n int DEFAULT 1, t text DEFAULT '1', o bool);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';

-- @script CREATE OR REPLACE VIEW v AS SELECT id, a FROM t
CREATE OR REPLACE VIEW v AS SELECT id, a FROM t

-- @script CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled AL... | accept lose=filled
CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old

-- @script ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ... | accept lose=filled
ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('good');ALTER TABLE filled ALTER COLUMN m TYPE mood USING m::text::mood

-- @script ALTER TABLE filled ALTER COLUMN b TYPE int USING b::int | accept lose=filled
ALTER TABLE filled ALTER COLUMN b TYPE int USING b::int

-- @script ALTER TABLE filled ALTER COLUMN t TYPE int USING t::int, ALTE... | accept lose=filled
ALTER TABLE filled ALTER COLUMN t TYPE int USING t::int, ALTER COLUMN t SET DEFAULT 1

-- @script ALTER TABLE filled ALTER COLUMN n TYPE bool USING n = 1 | accept lose=filled
ALTER TABLE filled ALTER COLUMN n TYPE bool USING n = 1

-- @script CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled AL... (2) | accept lose=filled
CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled ALTER COLUMN m DROP DEFAULT;ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old

-- @script CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled AL... (3) | accept lose=filled
CREATE TYPE moods_old AS ENUM ('good'); ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old, ALTER COLUMN m DROP DEFAULT

-- @script ALTER TABLE filled ALTER COLUMN b DROP DEFAULT, ALTER COLUMN ... | accept lose=filled
ALTER TABLE filled ALTER COLUMN b DROP DEFAULT, ALTER COLUMN b TYPE int USING b::int, ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE filled ALTER COLUMN o TYPE int USING o::int | accept lose=filled
ALTER TABLE filled ALTER COLUMN o TYPE int USING o::int

-- @script ALTER TABLE filled ALTER COLUMN n TYPE bigint USING n + 1 | accept lose=filled
ALTER TABLE filled ALTER COLUMN n TYPE bigint USING n + 1

-- @script ALTER TABLE filled ALTER COLUMN m TYPE text USING m::text | accept lose=filled
ALTER TABLE filled ALTER COLUMN m TYPE text USING m::text

-- @script CREATE OR REPLACE VIEW v AS SELECT id, a, b, c FROM t
CREATE OR REPLACE VIEW v AS SELECT id, a, b, c FROM t

-- @script CREATE OR REPLACE VIEW v (id, a, b) AS SELECT a, b, id FROM t
CREATE OR REPLACE VIEW v (id, a, b) AS SELECT a, b, id FROM t

-- @script DROP VIEW v; CREATE OR REPLACE VIEW v AS SELECT id FROM t
DROP VIEW v; CREATE OR REPLACE VIEW v AS SELECT id FROM t

-- @script ALTER TABLE t ADD COLUMN d int; CREATE OR REPLACE VIEW v AS S...
ALTER TABLE t ADD COLUMN d int; CREATE OR REPLACE VIEW v AS SELECT id, a, b, d FROM t

-- @script CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql A...
CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 2'

-- @script CREATE OR REPLACE FUNCTION fn(z int) RETURNS int LANGUAGE sql...
CREATE OR REPLACE FUNCTION fn(z int) RETURNS int LANGUAGE sql AS 'SELECT 2'

-- @script CREATE OR REPLACE FUNCTION named(a int DEFAULT 2, b int DEFAU...
CREATE OR REPLACE FUNCTION named(a int DEFAULT 2, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 2'

-- @script CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT y text)...
CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT y text) LANGUAGE sql AS $$SELECT 2, ''$$

-- @script CREATE OR REPLACE FUNCTION one(a int, OUT z int) LANGUAGE sql...
CREATE OR REPLACE FUNCTION one(a int, OUT z int) LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION rows_of(a int, OUT x int, OUT y te...
CREATE OR REPLACE FUNCTION rows_of(a int, OUT x int, OUT y text) RETURNS SETOF record LANGUAGE sql AS $$SELECT 2, ''$$

-- @script CREATE OR REPLACE PROCEDURE plain(a int) LANGUAGE plpgsql AS ...
CREATE OR REPLACE PROCEDURE plain(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END'

-- @script CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql A... (2)
CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 3'

-- @script CREATE OR REPLACE PROCEDURE done(INOUT a int) LANGUAGE plpgsq...
CREATE OR REPLACE PROCEDURE done(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := 1; END'

-- @script DROP FUNCTION fn(int); CREATE FUNCTION fn(int) RETURNS text L...
DROP FUNCTION fn(int); CREATE FUNCTION fn(int) RETURNS text LANGUAGE sql AS $$SELECT 'x'::text$$

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES...
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES pair (a, b)

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t

-- @script ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);ALTER TABLE f ADD C...
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t (a)

-- @script CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n); CRE...
CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n); CREATE TABLE m (x int REFERENCES n)

-- @script CREATE TABLE IF NOT EXISTS f (x int, y bigint REFERENCES nosuch)
CREATE TABLE IF NOT EXISTS f (x int, y bigint REFERENCES nosuch)

-- @script ALTER TABLE f ADD COLUMN IF NOT EXISTS x int REFERENCES nosuch
ALTER TABLE f ADD COLUMN IF NOT EXISTS x int REFERENCES nosuch

-- @script ALTER TABLE f ADD COLUMN z int REFERENCES t
ALTER TABLE f ADD COLUMN z int REFERENCES t

-- @script ALTER TABLE used ADD COLUMN z int, ADD COLUMN y int CHECK (y ...
ALTER TABLE used ADD COLUMN z int, ADD COLUMN y int CHECK (y > 0)

-- @script DROP TABLE user_of; ALTER TABLE used ADD COLUMN z float DEFAU...
DROP TABLE user_of; ALTER TABLE used ADD COLUMN z float DEFAULT random()

-- @script CREATE TYPE new AS ENUM ('x'); ALTER TABLE t ADD COLUMN z new...
CREATE TYPE new AS ENUM ('x'); ALTER TABLE t ADD COLUMN z new, ADD COLUMN s serial, ADD COLUMN y mood[]

-- @script CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNC...
CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()

-- @script GRANT SELECT ON t TO PUBLIC, CURRENT_USER, postgres
GRANT SELECT ON t TO PUBLIC, CURRENT_USER, postgres

-- @script ALTER TABLE t ADD COLUMN d int; INSERT INTO t (id, d) VALUES ...
ALTER TABLE t ADD COLUMN d int; INSERT INTO t (id, d) VALUES (100, 1)

-- @script INSERT INTO moods VALUES ('good'); INSERT INTO t (id) SELECT ...
INSERT INTO moods VALUES ('good'); INSERT INTO t (id) SELECT x + 100 FROM f

-- @script DROP VIEW v; ALTER TABLE t ALTER COLUMN a TYPE bigint
DROP VIEW v; ALTER TABLE t ALTER COLUMN a TYPE bigint

-- @script DROP VIEW v; ALTER TABLE t ALTER COLUMN a TYPE text | lose=t
DROP VIEW v; ALTER TABLE t ALTER COLUMN a TYPE text

-- @script DROP VIEW v; ALTER TABLE t ALTER COLUMN c TYPE int USING c::int | lose=t
DROP VIEW v; ALTER TABLE t ALTER COLUMN c TYPE int USING c::int

-- @script DROP VIEW v; ALTER TABLE t ALTER COLUMN c TYPE varchar(9)
DROP VIEW v; ALTER TABLE t ALTER COLUMN c TYPE varchar(9)

-- @script CREATE OR REPLACE VIEW v AS SELECT id, c AS a, b FROM t
CREATE OR REPLACE VIEW v AS SELECT id, c AS a, b FROM t

-- @script CREATE OR REPLACE VIEW v AS SELECT id, b, a FROM t
CREATE OR REPLACE VIEW v AS SELECT id, b, a FROM t

-- @script CREATE OR REPLACE VIEW v (id, z) AS SELECT id, a, b FROM t
CREATE OR REPLACE VIEW v (id, z) AS SELECT id, a, b FROM t

-- @script CREATE OR REPLACE VIEW v AS SELECT id, a, nope FROM t
CREATE OR REPLACE VIEW v AS SELECT id, a, nope FROM t

-- @script CREATE OR REPLACE FUNCTION fn(int) RETURNS text LANGUAGE sql ...
CREATE OR REPLACE FUNCTION fn(int) RETURNS text LANGUAGE sql AS $$SELECT 'x'::text$$

-- @script CREATE OR REPLACE FUNCTION fn(int) RETURNS SETOF int LANGUAGE...
CREATE OR REPLACE FUNCTION fn(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION named(z int, b int DEFAULT 1) RETU...
CREATE OR REPLACE FUNCTION named(z int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION named(int, b int DEFAULT 1) RETURN...
CREATE OR REPLACE FUNCTION named(int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION named(a int, b int) RETURNS int LA...
CREATE OR REPLACE FUNCTION named(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT z text)...
CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT z text) LANGUAGE sql AS $$SELECT 1, ''$$

-- @script CREATE OR REPLACE FUNCTION outs(a int, OUT x int) LANGUAGE sq...
CREATE OR REPLACE FUNCTION outs(a int, OUT x int) LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x in...
CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 1, 1'

-- @script CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x in... (2)
CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'

-- @script CREATE OR REPLACE PROCEDURE done(INOUT b int) LANGUAGE plpgsq...
CREATE OR REPLACE PROCEDURE done(INOUT b int) LANGUAGE plpgsql AS 'BEGIN END'

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t (b)
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t (b)

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES moods
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES moods

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES pa...
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES pair (a)

-- @script CREATE TABLE n (x int REFERENCES nosuch)
CREATE TABLE n (x int REFERENCES nosuch)

-- @script CREATE TABLE n (x int, FOREIGN KEY (x) REFERENCES pair (a))
CREATE TABLE n (x int, FOREIGN KEY (x) REFERENCES pair (a))

-- @script ALTER TABLE t ADD COLUMN x int REFERENCES nosuch
ALTER TABLE t ADD COLUMN x int REFERENCES nosuch

-- @script ALTER TABLE f ADD COLUMN z int REFERENCES t (b)
ALTER TABLE f ADD COLUMN z int REFERENCES t (b)

-- @script ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES no...
ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES nosuch

-- @script ALTER TABLE used ADD COLUMN z float DEFAULT random()
ALTER TABLE used ADD COLUMN z float DEFAULT random()

-- @script ALTER TABLE used ADD COLUMN z int DEFAULT 1
ALTER TABLE used ADD COLUMN z int DEFAULT 1

-- @script ALTER TABLE used ADD COLUMN z serial
ALTER TABLE used ADD COLUMN z serial

-- @script ALTER TABLE used ADD COLUMN z int GENERATED ALWAYS AS (n + 1)...
ALTER TABLE used ADD COLUMN z int GENERATED ALWAYS AS (n + 1) STORED

-- @script ALTER TABLE used ALTER COLUMN n TYPE bigint
ALTER TABLE used ALTER COLUMN n TYPE bigint

-- @script ALTER TABLE t ALTER COLUMN c TYPE int | accept lose=t
ALTER TABLE t ALTER COLUMN c TYPE int

-- @script ALTER TABLE t ADD COLUMN z nosuch
ALTER TABLE t ADD COLUMN z nosuch

-- @script GRANT SELECT ON t TO nosuch
GRANT SELECT ON t TO nosuch

-- @script ALTER TABLE t OWNER TO nosuch
ALTER TABLE t OWNER TO nosuch

-- @script CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNC... (2)
CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nosuch()

-- @script INSERT INTO t (nosuch) VALUES (1)
INSERT INTO t (nosuch) VALUES (1)

-- @script INSERT INTO t (id) VALUES (true)
INSERT INTO t (id) VALUES (true)

-- @script INSERT INTO moods VALUES ('ugly')
INSERT INTO moods VALUES ('ugly')

-- @script DELETE FROM t WHERE nosuch = 1 | accept lose=t
DELETE FROM t WHERE nosuch = 1
