-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE contacts (tenant int NOT NULL, id int UNIQUE, email text, note text,
                       CONSTRAINT contacts_pkey PRIMARY KEY (tenant, id));
CREATE TABLE orders (id int PRIMARY KEY, contact int CONSTRAINT orders_contact_fkey REFERENCES contacts (id));
CREATE VIEW notes AS SELECT note FROM contacts; CREATE VIEW shown AS SELECT note FROM notes;
CREATE TABLE odd (x int CONSTRAINT "check" REFERENCES contacts (id), half int, twice int
                  GENERATED ALWAYS AS (half * 2) STORED);
CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TYPE old_mood AS ENUM ('a');
CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE felt (id int PRIMARY KEY, m mood, t text); CREATE INDEX felt_t ON felt (plain(t));
CREATE TABLE child () INHERITS (felt);
CREATE TABLE p (id int NOT NULL, a text, b int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9) TO (99);
INSERT INTO contacts VALUES (1, 1, 'a@example.org', 'x');

-- @script COMMENT ON TABLE contacts IS 'of before'; COMMENT ON COLUMN c...
COMMENT ON TABLE contacts IS 'of before'; COMMENT ON COLUMN contacts.email IS 'theirs';ALTER TABLE contacts RENAME COLUMN email TO mail; ALTER TABLE contacts RENAME TO people

-- @script ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE peopl...
ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE people IS 'x'; ALTER TABLE people RENAME TO f;COMMENT ON TABLE f IS 'y'

-- @script CREATE TABLE scratch (id int); CREATE INDEX scratch_id ON scr...
CREATE TABLE scratch (id int); CREATE INDEX scratch_id ON scratch (id); DROP TABLE scratch;CREATE VIEW w AS SELECT id FROM contacts; DROP VIEW w;CREATE INDEX i ON contacts (email); DROP INDEX i; CREATE INDEX kept ON contacts (email)

-- @script CREATE TABLE scratch (id int); ALTER TABLE scratch RENAME TO ...
CREATE TABLE scratch (id int); ALTER TABLE scratch RENAME TO scratched

-- @script ALTER VIEW notes RENAME TO old_notes; ALTER TABLE contacts DR...
ALTER VIEW notes RENAME TO old_notes; ALTER TABLE contacts DROP COLUMN note CASCADE

-- @script ALTER TABLE contacts DROP COLUMN id CASCADE; ALTER TABLE orde...
ALTER TABLE contacts DROP COLUMN id CASCADE; ALTER TABLE orders DROP COLUMN contact

-- @script ALTER TABLE contacts DROP CONSTRAINT contacts_pkey;ALTER TABL...
ALTER TABLE contacts DROP CONSTRAINT contacts_pkey;ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);ALTER TABLE contacts ADD CONSTRAINT valid CHECK (contacts.email <> '' AND contacts IS NOT NULL)

-- @script CREATE INDEX i1 ON contacts (email); ALTER INDEX i1 RENAME TO i2
CREATE INDEX i1 ON contacts (email); ALTER INDEX i1 RENAME TO i2

-- @script ALTER INDEX felt_t RENAME TO aside; CREATE INDEX fresh ON fel...
ALTER INDEX felt_t RENAME TO aside; CREATE INDEX fresh ON felt (t); ALTER INDEX fresh RENAME TO felt_t;DROP INDEX aside

-- @script ALTER TABLE contacts ADD CONSTRAINT u1 UNIQUE (email); ALTER ...
ALTER TABLE contacts ADD CONSTRAINT u1 UNIQUE (email); ALTER INDEX u1 RENAME TO u2

-- @script ALTER TABLE felt ADD CONSTRAINT c1 FOREIGN KEY (id) REFERENCE...
ALTER TABLE felt ADD CONSTRAINT c1 FOREIGN KEY (id) REFERENCES contacts (id);ALTER TABLE felt RENAME CONSTRAINT c1 TO c2; ALTER TABLE contacts DROP COLUMN email

-- @script ALTER TABLE odd RENAME TO odder; ALTER TABLE contacts DROP CO...
ALTER TABLE odd RENAME TO odder; ALTER TABLE contacts DROP COLUMN email

-- @script ALTER TABLE felt ADD COLUMN c int REFERENCES contacts (id); A...
ALTER TABLE felt ADD COLUMN c int REFERENCES contacts (id); ALTER TABLE contacts DROP COLUMN email

-- @script DROP TABLE child; ALTER TABLE felt DROP COLUMN t
DROP TABLE child; ALTER TABLE felt DROP COLUMN t

-- @script ALTER TABLE felt DROP COLUMN t; DROP FUNCTION plain(text)
ALTER TABLE felt DROP COLUMN t; DROP FUNCTION plain(text)

-- @script DROP VIEW notes, shown; DROP TABLE contacts, orders, odd
DROP VIEW notes, shown; DROP TABLE contacts, orders, odd

-- @script ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd ADD ...
ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd ADD COLUMN z int

-- @script ALTER TABLE p ADD COLUMN c int; CREATE INDEX i ON p1 (c); DRO...
ALTER TABLE p ADD COLUMN c int; CREATE INDEX i ON p1 (c); DROP TABLE p2; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE p DROP COLUMN a; ALTER TABLE p1 ALTER COLUMN b SE...
ALTER TABLE p DROP COLUMN a; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE p RENAME COLUMN a TO aa; ALTER TABLE p1 ALTER COL...
ALTER TABLE p RENAME COLUMN a TO aa; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE p ADD COLUMN c int; ALTER TABLE p DROP COLUMN c; ...
ALTER TABLE p ADD COLUMN c int; ALTER TABLE p DROP COLUMN c; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE p ALTER COLUMN b DROP NOT NULL; ALTER TABLE p1 AL...
ALTER TABLE p ALTER COLUMN b DROP NOT NULL; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script CREATE INDEX i ON p (b); ALTER TABLE p1 ALTER COLUMN b SET DE...
CREATE INDEX i ON p (b); ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE p ADD CONSTRAINT k PRIMARY KEY (id); ALTER TABLE ...
ALTER TABLE p ADD CONSTRAINT k PRIMARY KEY (id); ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1

-- @script ALTER TABLE contacts ADD CONSTRAINT k PRIMARY KEY (id)
ALTER TABLE contacts ADD CONSTRAINT k PRIMARY KEY (id)

-- @script ALTER TABLE contacts DROP COLUMN id CASCADE;ALTER TABLE order...
ALTER TABLE contacts DROP COLUMN id CASCADE;ALTER TABLE orders DROP CONSTRAINT orders_contact_fkey

-- @script ALTER TABLE contacts DROP COLUMN email; ALTER TABLE contacts ...
ALTER TABLE contacts DROP COLUMN email; ALTER TABLE contacts ADD CONSTRAINT e CHECK (email <> '')

-- @script ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (nope)
ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (nope)

-- @script ALTER VIEW notes RENAME TO n; ALTER TABLE contacts DROP COLUM...
ALTER VIEW notes RENAME TO n; ALTER TABLE contacts DROP COLUMN note

-- @script ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd DROP...
ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd DROP COLUMN h

-- @script ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE conta...
ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE contacts IS 'x'

-- @script ALTER TABLE felt ALTER COLUMN m TYPE old_mood USING m::text::... | accept lose=public.felt.m
ALTER TABLE felt ALTER COLUMN m TYPE old_mood USING m::text::old_mood; DROP TYPE mood

-- @migration
ALTER TABLE orders ADD COLUMN shop int NOT NULL DEFAULT 1, DROP CONSTRAINT orders_pkey, ADD CONSTRAINT orders_pkey PRIMARY KEY (shop, id);

-- @script a key made again
ALTER TABLE orders DROP COLUMN shop;ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id)

-- @migration
CREATE TABLE later (id int PRIMARY KEY, t text UNIQUE);

-- @script a table put aside | quarantine
DROP TABLE later

-- @schema
CREATE TABLE contacts (id int PRIMARY KEY, email text CONSTRAINT nn NOT NULL);

-- @script ALTER TABLE contacts DROP CONSTRAINT contacts_id_not_null
ALTER TABLE contacts DROP CONSTRAINT contacts_id_not_null

-- @script ALTER TABLE contacts RENAME COLUMN email TO mail; ALTER TABLE...
ALTER TABLE contacts RENAME COLUMN email TO mail; ALTER TABLE contacts DROP CONSTRAINT nn
