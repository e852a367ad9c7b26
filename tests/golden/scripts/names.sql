-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE users (id int PRIMARY KEY, k int CONSTRAINT c CHECK (k > 0), email text, x text);
CREATE TABLE profiles (id int PRIMARY KEY, phone text);
CREATE SCHEMA other; CREATE TABLE other.t (id int);
INSERT INTO users VALUES (1, 1, 'e', 'kept'); INSERT INTO profiles VALUES (1, 'old'), (2, 'no user row');

-- @script ALTER TABLE users ADD COLUMN phone text; ALTER TABLE profiles... | accept
ALTER TABLE users ADD COLUMN phone text; ALTER TABLE profiles DROP COLUMN phone

-- @script ALTER TABLE users ADD COLUMN phone text; ALTER TABLE profiles... (2) | accept lose=profiles.phone
ALTER TABLE users ADD COLUMN phone text; ALTER TABLE profiles DROP COLUMN phone

-- @script ALTER TABLE users ADD COLUMN phone text; UPDATE profiles SET ... | accept
ALTER TABLE users ADD COLUMN phone text; UPDATE profiles SET phone = ''

-- @script ALTER TABLE users ADD COLUMN phone text; UPDATE profiles SET ... (2) | accept lose=profiles.phone
ALTER TABLE users ADD COLUMN phone text; UPDATE profiles SET phone = ''

-- @script ALTER TABLE users ADD COLUMN phone text;ALTER TABLE profiles ... | accept
ALTER TABLE users ADD COLUMN phone text;ALTER TABLE profiles ALTER phone TYPE varchar(1) USING left(phone, 1)

-- @script ALTER TABLE users ADD COLUMN phone text;ALTER TABLE profiles ... (2) | accept lose=profiles.phone
ALTER TABLE users ADD COLUMN phone text;ALTER TABLE profiles ALTER phone TYPE varchar(1) USING left(phone, 1)

-- @schema
CREATE TYPE m AS ENUM ('a'); CREATE TABLE b (id int, x m, y int, "Odd" m); INSERT INTO b VALUES (1, 'a');
CREATE TABLE a (id int); CREATE TABLE r (id int); CREATE TABLE of_row (id int, r r);

-- @script ALTER TABLE b RENAME COLUMN x TO keep; ALTER TABLE b RENAME C...
ALTER TABLE b RENAME COLUMN x TO keep; ALTER TABLE b RENAME COLUMN y TO x; ALTER TABLE b DROP COLUMN x;ALTER TABLE b DROP COLUMN "Odd"; DROP TYPE m CASCADE

-- @script ALTER TABLE b RENAME TO keep; ALTER TABLE a RENAME TO b; DROP...
ALTER TABLE b RENAME TO keep; ALTER TABLE a RENAME TO b; DROP TABLE b; DROP TYPE m CASCADE

-- @script DROP TABLE a; ALTER TABLE b RENAME TO a; DROP TYPE m CASCADE
DROP TABLE a; ALTER TABLE b RENAME TO a; DROP TYPE m CASCADE

-- @schema
CREATE SCHEMA a; CREATE TABLE public.t (id int, x text); CREATE TABLE a.z (id int, x text);

-- @script CREATE TABLE IF NOT EXISTS t (id int, x text)
CREATE TABLE IF NOT EXISTS t (id int, x text)

-- @script ALTER TABLE z RENAME TO t; DROP TABLE t
ALTER TABLE z RENAME TO t; DROP TABLE t

-- @script ALTER TABLE z RENAME TO t; ALTER TABLE t DROP COLUMN x
ALTER TABLE z RENAME TO t; ALTER TABLE t DROP COLUMN x

-- @script CREATE TABLE a.t (id int, x text); ALTER TABLE t DROP COLUMN x
CREATE TABLE a.t (id int, x text); ALTER TABLE t DROP COLUMN x

-- @script CREATE TABLE other (id int); ALTER TABLE t DROP COLUMN x
CREATE TABLE other (id int); ALTER TABLE t DROP COLUMN x

-- @script ALTER TABLE a.z RENAME TO t; DROP TABLE a.t
ALTER TABLE a.z RENAME TO t; DROP TABLE a.t

-- @schema
CREATE TABLE t (id int); CREATE VIEW v AS SELECT 1 AS a;

-- @script CREATE TEMP TABLE IF NOT EXISTS t (id int)
CREATE TEMP TABLE IF NOT EXISTS t (id int)

-- @script CREATE TEMP SEQUENCE s
CREATE TEMP SEQUENCE s

-- @script CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS one
CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS one

-- @script CREATE TABLE pg_temp.t (id int)
CREATE TABLE pg_temp.t (id int)

-- @script ALTER TABLE pg_temp.t DROP COLUMN id
ALTER TABLE pg_temp.t DROP COLUMN id

-- @script COMMENT ON DATABASE d IS 'x'
COMMENT ON DATABASE d IS 'x'

-- @script COMMENT ON ROLE d IS 'x'
COMMENT ON ROLE d IS 'x'

-- @script GRANT CONNECT ON DATABASE d TO public
GRANT CONNECT ON DATABASE d TO public

-- @script GRANT SET ON PARAMETER work_mem TO public
GRANT SET ON PARAMETER work_mem TO public

-- @script CREATE OR REPLACE VIEW v AS SELECT 1 AS a; ALTER TABLE v ADD ...
CREATE OR REPLACE VIEW v AS SELECT 1 AS a; ALTER TABLE v ADD COLUMN b int

-- @script CREATE OR REPLACE VIEW t AS SELECT 1 AS id
CREATE OR REPLACE VIEW t AS SELECT 1 AS id

-- @script ALTER TABLE v ADD COLUMN IF NOT EXISTS a int
ALTER TABLE v ADD COLUMN IF NOT EXISTS a int

-- @script CREATE TABLE n (a int); CREATE TABLE IF NOT EXISTS n (b int)
CREATE TABLE n (a int); CREATE TABLE IF NOT EXISTS n (b int)

-- @script ALTER TABLE t ADD COLUMN n int; ALTER TABLE t ADD COLUMN IF N...
ALTER TABLE t ADD COLUMN n int; ALTER TABLE t ADD COLUMN IF NOT EXISTS n text
