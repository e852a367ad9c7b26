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
CREATE TABLE orders (id int PRIMARY KEY, note text);
CREATE TABLE "Notes" (id int PRIMARY KEY);
INSERT INTO orders SELECT n, 'n' || n FROM generate_series(1, 5) n;
INSERT INTO "Notes" SELECT n FROM generate_series(1, 7) n;

-- @script DELETE FROM orders; ALTER TABLE contacts DROP COLUMN new_colu... | lose=public.orders lose=public."Notes"
DELETE FROM orders; ALTER TABLE contacts DROP COLUMN new_column; TRUNCATE "Notes"

-- @script DELETE FROM orders; ALTER TABLE contacts DROP COLUMN new_colu... (2)
DELETE FROM orders; ALTER TABLE contacts DROP COLUMN new_column; TRUNCATE "Notes"

-- @script DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLU... | lose=orders
DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLUMN note

-- @script DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLU... (2) | lose=orders lose=orders.note
DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note | lose=orders
ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note (2)
ALTER TABLE orders DROP COLUMN note

-- @script DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLU... (3) | accept lose=orders
DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLUMN note

-- @script DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLU... (4) | accept lose=orders lose=orders.note
DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note (3) | accept lose=orders
ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note (4) | accept
ALTER TABLE orders DROP COLUMN note

-- @script DROP TABLE orders, "Notes"; UPDATE contacts SET email_address... | quarantine lose=orders lose=contacts.email_address
DROP TABLE orders, "Notes"; UPDATE contacts SET email_address = '@'; ALTER TABLE contacts DROP COLUMN new_column

-- @script ALTER TABLE orders DROP COLUMN note (5) | lose=contact
ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note (6) | quarantine lose=contact
ALTER TABLE orders DROP COLUMN note

-- @script ALTER TABLE orders DROP COLUMN note (7) | accept lose=contact
ALTER TABLE orders DROP COLUMN note
