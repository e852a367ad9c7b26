-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE contacts (id int PRIMARY KEY, email text);
INSERT INTO contacts VALUES (1, 'a');
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE old (id int);
CREATE SEQUENCE counted;
CREATE INDEX by_email ON contacts (email);
 CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n); INSERT INTO x (n) VALUES (1);

-- @script DROP TABLE x; DROP TABLE IF EXISTS x; ALTER TABLE contacts DR... | quarantine
DROP TABLE x;
DROP TABLE IF EXISTS x;
ALTER TABLE contacts DROP COLUMN email;

-- @script DROP TABLE x; DROP TABLE IF EXISTS x; ALTER TABLE contacts DR... (2)
DROP TABLE x;
DROP TABLE IF EXISTS x;
ALTER TABLE contacts DROP COLUMN email;

-- @schema
CREATE TABLE contacts (id int PRIMARY KEY, email text);
INSERT INTO contacts VALUES (1, 'a');
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE old (id int);
CREATE SEQUENCE counted;
CREATE INDEX by_email ON contacts (email);

-- @migration
ALTER TABLE contacts ADD CONSTRAINT ix UNIQUE (email);

-- @script index of a dropped constraint
ALTER TABLE contacts DROP CONSTRAINT ix; DROP INDEX IF EXISTS ix

-- @migration
ALTER TABLE contacts ADD CONSTRAINT k CHECK (id > 0);

-- @script constraint
ALTER TABLE contacts DROP CONSTRAINT IF EXISTS k; ALTER TABLE contacts DROP CONSTRAINT IF EXISTS k

-- @migration
ALTER TABLE contacts ADD a int;

-- @script column
ALTER TABLE contacts DROP COLUMN IF EXISTS a; ALTER TABLE contacts DROP COLUMN IF EXISTS a

-- @migration
ALTER TABLE contacts ADD a int; CREATE INDEX ix ON contacts (a);

-- @script index of a dropped column
ALTER TABLE contacts DROP a; DROP INDEX IF EXISTS ix

-- @migration
ALTER TABLE old DROP id;

-- @script column (2)
ALTER TABLE old ADD COLUMN IF NOT EXISTS id int;alter table old add column if not exists id int;

-- @migration
ALTER TABLE old RENAME TO x;

-- @script renamed table
ALTER TABLE x RENAME TO old; ALTER TABLE IF EXISTS x RENAME TO old

-- @migration
CREATE FUNCTION x(int) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- @script function
DROP FUNCTION IF EXISTS x(int); DROP FUNCTION IF EXISTS x(int)

-- @migration
CREATE INDEX x ON contacts (email);

-- @script DROP INDEX IF EXISTS x; DROP INDEX IF EXISTS x
DROP INDEX IF EXISTS x; DROP INDEX IF EXISTS x

-- @script DROP INDEX CONCURRENTLY IF EXISTS x; DROP INDEX CONCURRENTLY ...
DROP INDEX CONCURRENTLY IF EXISTS x; DROP INDEX CONCURRENTLY IF EXISTS x

-- @migration
CREATE MATERIALIZED VIEW x AS SELECT 1 AS a;

-- @script materialized view
DROP MATERIALIZED VIEW x; DROP MATERIALIZED VIEW IF EXISTS x

-- @migration
CREATE POLICY p ON contacts;

-- @script policy
DROP POLICY IF EXISTS p ON contacts; DROP POLICY IF EXISTS p ON contacts

-- @migration
CREATE SCHEMA x;

-- @script schema
DROP SCHEMA IF EXISTS x; DROP SCHEMA IF EXISTS x

-- @migration
CREATE TABLE x (id int) PARTITION BY RANGE (id); CREATE TABLE x1 PARTITION OF x DEFAULT;

-- @script partition of a dropped table
DROP TABLE x; DROP TABLE IF EXISTS x1

-- @migration
CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n);

-- @script DROP TABLE IF EXISTS x; DROP TABLE IF EXISTS x;
DROP TABLE IF EXISTS x; DROP TABLE IF EXISTS x;

-- @script DROP TABLE public.x; DROP TABLE IF EXISTS x CASCADE;
DROP TABLE public.x; DROP TABLE IF EXISTS x CASCADE;

-- @script DROP TABLE x; DROP INDEX IF EXISTS ix
DROP TABLE x; DROP INDEX IF EXISTS ix

-- @script DROP TABLE x; DROP INDEX CONCURRENTLY IF EXISTS ix
DROP TABLE x; DROP INDEX CONCURRENTLY IF EXISTS ix

-- @script DROP TABLE x; DROP SEQUENCE IF EXISTS x_id_seq
DROP TABLE x; DROP SEQUENCE IF EXISTS x_id_seq

-- @script DROP TABLE x; ALTER TABLE IF EXISTS x DROP CONSTRAINT k
DROP TABLE x; ALTER TABLE IF EXISTS x DROP CONSTRAINT k

-- @script DROP TABLE x; CREATE TABLE x (id int); DROP TABLE IF EXISTS x
DROP TABLE x; CREATE TABLE x (id int); DROP TABLE IF EXISTS x

-- @migration
CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n); CREATE TABLE y (id int);

-- @script table written with its schema, beside another
DROP TABLE x; DROP TABLE IF EXISTS y, x

-- @migration
CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n); CREATE TRIGGER p BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION noted();

-- @script trigger of a dropped table
DROP TABLE x; DROP TRIGGER IF EXISTS p ON x

-- @migration
CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n); CREATE VIEW v AS TABLE x;

-- @script view that goes with its table
DROP TABLE x CASCADE; DROP VIEW IF EXISTS v

-- @migration
CREATE TRIGGER p BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION noted();

-- @script trigger
DROP TRIGGER IF EXISTS p ON contacts; DROP TRIGGER IF EXISTS p ON contacts

-- @migration
CREATE TYPE x AS ENUM ('a');

-- @script type
DROP TYPE IF EXISTS x; DROP TYPE IF EXISTS x

-- @migration
CREATE VIEW x AS SELECT 1 AS a;

-- @script view
DROP VIEW IF EXISTS x; DROP VIEW IF EXISTS x

-- @migration
DROP INDEX by_email;

-- @script index
CREATE INDEX IF NOT EXISTS by_email ON contacts (email);create index if not exists by_email on contacts (email);

-- @migration
DROP SEQUENCE counted;

-- @script sequence
CREATE SEQUENCE IF NOT EXISTS counted;create sequence if not exists counted;

-- @migration
DROP TABLE old;

-- @script table
CREATE TABLE IF NOT EXISTS old (id int);create table if not exists old (id int);

-- @more
CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n);

-- @script DROP TABLE x; ALTER TABLE x DROP COLUMN IF EXISTS n
DROP TABLE x; ALTER TABLE x DROP COLUMN IF EXISTS n

-- @script DROP TABLE x; ALTER TABLE x DROP CONSTRAINT IF EXISTS k
DROP TABLE x; ALTER TABLE x DROP CONSTRAINT IF EXISTS k

-- @script DROP TABLE x; DROP TABLE x
DROP TABLE x; DROP TABLE x

-- @script DROP TABLE x; CREATE VIEW v AS SELECT n FROM x
DROP TABLE x; CREATE VIEW v AS SELECT n FROM x

-- @script DROP TABLE x; CREATE VIEW v AS SELECT n FROM public.x
DROP TABLE x; CREATE VIEW v AS SELECT n FROM public.x

-- @script DROP TABLE x; ALTER TABLE old ADD FOREIGN KEY (id) REFERENCES x
DROP TABLE x; ALTER TABLE old ADD FOREIGN KEY (id) REFERENCES x

-- @script DROP TABLE x; INSERT INTO x (n) VALUES (1)
DROP TABLE x; INSERT INTO x (n) VALUES (1)

-- @script CREATE TABLE IF NOT EXISTS new (a int); CREATE TABLE IF NOT E...
CREATE TABLE IF NOT EXISTS new (a int); CREATE TABLE IF NOT EXISTS new (b int)
