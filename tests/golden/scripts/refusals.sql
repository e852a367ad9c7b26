-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email_address text NOT NULL,
    new_column text,
    CONSTRAINT valid_email CHECK (email_address LIKE '%@%')
);
CREATE INDEX contacts_new ON contacts (new_column);
INSERT INTO contacts (email_address, new_column)
SELECT 'a' || n || '@example.org', 'v' || n FROM generate_series(1, 100) n;

-- @more
CREATE VIEW addresses AS SELECT email_address FROM contacts;CREATE TYPE mood AS ENUM ('a');CREATE TABLE orders (contact int REFERENCES contacts (id), mood mood);CREATE FUNCTION own(int) RETURNS int LANGUAGE sql AS 'SELECT 1';

-- @script UPDATE contacts SET new_column = '' | accept lose=contacts.email
UPDATE contacts SET new_column = ''

-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS new_column
ALTER TABLE contacts DROP COLUMN IF EXISTS new_column

-- @script ALTER TABLE contacts RENAME COLUMN email_address TO new_column
ALTER TABLE contacts RENAME COLUMN email_address TO new_column

-- @script ALTER TABLE contacts RENAME COLUMN nope TO x
ALTER TABLE contacts RENAME COLUMN nope TO x

-- @script ALTER TABLE contacts DROP COLUMN nope
ALTER TABLE contacts DROP COLUMN nope

-- @script ALTER TABLE contacts DROP CONSTRAINT nope
ALTER TABLE contacts DROP CONSTRAINT nope

-- @script ALTER TABLE contacts ADD CONSTRAINT u UNIQUE USING INDEX nope
ALTER TABLE contacts ADD CONSTRAINT u UNIQUE USING INDEX nope

-- @script CREATE INDEX i ON contacts (nope, lower(email))
CREATE INDEX i ON contacts (nope, lower(email))

-- @script CREATE INDEX CONCURRENTLY i ON contacts (id) INCLUDE (nope)
CREATE INDEX CONCURRENTLY i ON contacts (id) INCLUDE (nope)

-- @script ALTER TABLE nope DROP COLUMN x
ALTER TABLE nope DROP COLUMN x

-- @script ALTER TABLE contacts RENAME TO orders
ALTER TABLE contacts RENAME TO orders

-- @script ALTER TABLE contacts DROP COLUMN email_address
ALTER TABLE contacts DROP COLUMN email_address

-- @script ALTER TABLE contacts DROP CONSTRAINT contacts_pkey
ALTER TABLE contacts DROP CONSTRAINT contacts_pkey

-- @script DROP TABLE contacts
DROP TABLE contacts

-- @script DROP VIEW contacts
DROP VIEW contacts

-- @script DROP INDEX contacts_pkey
DROP INDEX contacts_pkey

-- @script DROP TYPE mood
DROP TYPE mood

-- @script ALTER TABLE contacts ALTER COLUMN id DROP NOT NULL
ALTER TABLE contacts ALTER COLUMN id DROP NOT NULL

-- @script CREATE INDEX contacts_new ON contacts (id)
CREATE INDEX contacts_new ON contacts (id)

-- @script DELETE FROM contacts
DELETE FROM contacts

-- @script UPDATE contacts SET new_column = '' (2)
UPDATE contacts SET new_column = ''

-- @script TRUNCATE contacts
TRUNCATE contacts

-- @script ALTER TABLE contacts ALTER COLUMN new_column TYPE int USING 1
ALTER TABLE contacts ALTER COLUMN new_column TYPE int USING 1

-- @script WITH gone AS (DELETE FROM contacts RETURNING id) INSERT INTO ...
WITH gone AS (DELETE FROM contacts RETURNING id) INSERT INTO orders SELECT id FROM gone

-- @script WITH a AS (UPDATE contacts SET new_column = '' RETURNING id) ...
WITH a AS (UPDATE contacts SET new_column = '' RETURNING id) DELETE FROM orders

-- @script DO $$ BEGIN END $$
DO $$ BEGIN END $$

-- @script SELECT 1 FROM contacts
SELECT 1 FROM contacts

-- @script SELECT 1 AS a INTO copied FROM contacts
SELECT 1 AS a INTO copied FROM contacts

-- @script INSERT INTO orders SELECT own(1)
INSERT INTO orders SELECT own(1)

-- @script INSERT INTO orders SELECT pg_terminate_backend(1)::int
INSERT INTO orders SELECT pg_terminate_backend(1)::int

-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS nope
ALTER TABLE contacts DROP COLUMN IF EXISTS nope

-- @script ALTER TABLE contacts DROP COLUMN email_address CASCADE
ALTER TABLE contacts DROP COLUMN email_address CASCADE

-- @script DROP TABLE orders; DROP TYPE mood
DROP TABLE orders; DROP TYPE mood

-- @schema


-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS new_column (2)
ALTER TABLE contacts DROP COLUMN IF EXISTS new_column

-- @schema
CREATE TYPE face AS ENUM ('a');
CREATE DOMAIN age AS int;
CREATE TABLE th (face face, face_2 face);
CREATE TABLE things (face face);
CREATE TABLE lists (ages age[]);
CREATE TABLE rows (id int);
CREATE TABLE copies (r rows, rs rows[]);
CREATE TABLE found (id int PRIMARY KEY, a int, b int);
CREATE UNIQUE INDEX found_a ON found (a);
CREATE TABLE finders (a int REFERENCES found (a));
CREATE SCHEMA app;
CREATE TABLE app.x (id serial PRIMARY KEY, y int GENERATED ALWAYS AS IDENTITY, z text);
CREATE FUNCTION five(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 5';
CREATE TABLE fives (a int DEFAULT five(1));
CREATE INDEX fives_a ON fives (five(a));
CREATE FUNCTION all_found() RETURNS SETOF found LANGUAGE sql AS 'SELECT * FROM found';

-- @script ALTER TABLE th DROP COLUMN face; DROP TYPE face CASCADE
ALTER TABLE th DROP COLUMN face; DROP TYPE face CASCADE

-- @script DROP TABLE th; DROP TYPE face CASCADE
DROP TABLE th; DROP TYPE face CASCADE

-- @script DROP TYPE age CASCADE
DROP TYPE age CASCADE

-- @script DROP TABLE rows CASCADE
DROP TABLE rows CASCADE

-- @script DROP TABLE rows
DROP TABLE rows

-- @script DROP TABLE found
DROP TABLE found

-- @script DROP INDEX found_a
DROP INDEX found_a

-- @script DROP INDEX CONCURRENTLY found_a
DROP INDEX CONCURRENTLY found_a

-- @script DROP FUNCTION five(int)
DROP FUNCTION five(int)

-- @script DROP SCHEMA app
DROP SCHEMA app

-- @script DROP TABLE th; DROP TABLE things; DROP TYPE face
DROP TABLE th; DROP TABLE things; DROP TYPE face

-- @script ALTER TABLE th DROP COLUMN face, DROP COLUMN face_2; DROP TAB...
ALTER TABLE th DROP COLUMN face, DROP COLUMN face_2; DROP TABLE things; DROP TYPE face

-- @script DROP TABLE copies; DROP TABLE rows
DROP TABLE copies; DROP TABLE rows

-- @script ALTER TABLE copies DROP COLUMN r; ALTER TABLE copies DROP COL...
ALTER TABLE copies DROP COLUMN r; ALTER TABLE copies DROP COLUMN rs; DROP TABLE rows

-- @script DROP FUNCTION all_found(); ALTER TABLE finders DROP CONSTRAIN...
DROP FUNCTION all_found(); ALTER TABLE finders DROP CONSTRAINT finders_a_fkey; DROP TABLE found

-- @script DROP TABLE finders; DROP INDEX found_a
DROP TABLE finders; DROP INDEX found_a

-- @script DROP INDEX found_a CASCADE
DROP INDEX found_a CASCADE

-- @script DROP TABLE app.x; DROP SCHEMA app
DROP TABLE app.x; DROP SCHEMA app

-- @script DROP INDEX fives_a; ALTER TABLE fives ALTER COLUMN a DROP DEF...
DROP INDEX fives_a; ALTER TABLE fives ALTER COLUMN a DROP DEFAULT; DROP FUNCTION five(int)

-- @schema
CREATE TABLE parents (id int PRIMARY KEY, name text);
CREATE TABLE children (parent int REFERENCES parents (id) ON DELETE CASCADE);
CREATE TABLE notes (parent int REFERENCES parents (id) ON UPDATE SET NULL);

-- @script DELETE FROM parents | accept lose=parents
DELETE FROM parents

-- @script DELETE FROM parents (2) | accept lose=parents lose=public.children
DELETE FROM parents

-- @script UPDATE parents SET id = id + 1 | accept lose=parents
UPDATE parents SET id = id + 1

-- @script UPDATE parents SET id = id + 1 (2) | accept lose=parents lose=public.notes
UPDATE parents SET id = id + 1

-- @script UPDATE parents SET name = '' | accept lose=parents
UPDATE parents SET name = ''

-- @schema
CREATE TABLE orders (id int PRIMARY KEY, previous int REFERENCES orders (id) ON DELETE CASCADE);
CREATE TABLE items (id int PRIMARY KEY, "order" int REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE parts (id int PRIMARY KEY, item int REFERENCES items (id) ON DELETE SET NULL);
CREATE TABLE labels (part int REFERENCES parts (id) ON DELETE CASCADE);
CREATE TABLE holds (item int REFERENCES items (id));

-- @script DELETE FROM orders | accept lose=orders
DELETE FROM orders

-- @script DELETE FROM orders (2) | accept lose=orders lose=items lose=parts
DELETE FROM orders

-- @schema
CREATE SCHEMA arch; CREATE TABLE arch.orders (id int); CREATE TABLE orders (id int);
CREATE SCHEMA users; CREATE TABLE users.email (id int); CREATE TABLE users (id int, email text);
CREATE SCHEMA "we.ird"; CREATE TABLE "we.ird"."Ta.b" (id int, "Co.l" text);

-- @script DROP TABLE orders; DROP TABLE arch.orders | accept lose=orders
DROP TABLE orders; DROP TABLE arch.orders

-- @script DROP TABLE orders; DROP TABLE arch.orders (2) | accept lose=orders lose=arch.orders
DROP TABLE orders; DROP TABLE arch.orders

-- @script DROP TABLE orders; DROP TABLE arch.orders (3) | accept lose=public.orders lose=arch.orders
DROP TABLE orders; DROP TABLE arch.orders

-- @script DROP TABLE orders | accept lose=orders
DROP TABLE orders

-- @script ALTER TABLE users DROP COLUMN email; DROP TABLE users.email | accept lose=users.email
ALTER TABLE users DROP COLUMN email; DROP TABLE users.email

-- @script ALTER TABLE users DROP COLUMN email; DROP TABLE users.email (2) | accept lose=users.email lose=public.users.email
ALTER TABLE users DROP COLUMN email; DROP TABLE users.email

-- @script ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l" | accept lose="we.ird"."Ta.b"."Co.l"
ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l"

-- @script ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l" (2) | accept lose="Ta.b"."Co.l"
ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l"

-- @script DROP TABLE "we.ird"."Ta.b" | accept lose="Ta.b"
DROP TABLE "we.ird"."Ta.b"

-- @script DROP TABLE "we.ird"."Ta.b" (2) | accept lose=Ta.b
DROP TABLE "we.ird"."Ta.b"
