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

-- @script -- header BEGIN; SET LOCAL lock_timeout = '5s'; -- ours hold ...
-- header
BEGIN;
SET LOCAL lock_timeout = '5s'; -- ours hold
ALTER TABLE contacts DROP COLUMN new_column;
COMMIT /* done */ ;
-- footer

-- @more
CREATE SCHEMA app; 
CREATE TABLE orders (id int PRIMARY KEY, contact int);
ALTER TABLE orders ADD CONSTRAINT orders_contact FOREIGN KEY (contact) REFERENCES contacts DEFERRABLE
      INITIALLY DEFERRED;
ALTER TABLE orders ADD CONSTRAINT fixed FOREIGN KEY (contact) REFERENCES contacts;

-- @script SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE contacts DROP COLU...
SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS ALL DEFERRED; ALTER TABLE contacts DROP COLUM...
SET CONSTRAINTS ALL DEFERRED; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS public.orders_contact, orders_contact DEFERRE...
SET CONSTRAINTS public.orders_contact, orders_contact DEFERRED; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS fixed IMMEDIATE; ALTER TABLE contacts DROP CO...
SET CONSTRAINTS fixed IMMEDIATE; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS fixed DEFERRED; ALTER TABLE contacts DROP COL...
SET CONSTRAINTS fixed DEFERRED; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS nope IMMEDIATE; ALTER TABLE contacts DROP COL...
SET CONSTRAINTS nope IMMEDIATE; ALTER TABLE contacts DROP COLUMN new_column;

-- @script SET CONSTRAINTS app.orders_contact IMMEDIATE; ALTER TABLE con...
SET CONSTRAINTS app.orders_contact IMMEDIATE; ALTER TABLE contacts DROP COLUMN new_column;

-- @script ALTER TABLE orders DROP CONSTRAINT fixed; SET CONSTRAINTS fix...
ALTER TABLE orders DROP CONSTRAINT fixed; SET CONSTRAINTS fixed IMMEDIATE; ALTER TABLE contacts DROP COLUMN new_column;

-- @script ALTER TABLE orders ADD CONSTRAINT u UNIQUE (contact) DEFERRAB...
ALTER TABLE orders ADD CONSTRAINT u UNIQUE (contact) DEFERRABLE; SET CONSTRAINTS u DEFERRED; ALTER TABLE contacts DROP COLUMN new_column;
