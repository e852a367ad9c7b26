-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer int REFERENCES customers,
    code text NOT NULL DEFAULT 'none' UNIQUE CHECK (code <> ''),
    total numeric(10, 2),
    doubled numeric GENERATED ALWAYS AS (total * 2) STORED
);
CREATE INDEX orders_code ON orders (lower(code), customer);
INSERT INTO customers VALUES (1);
INSERT INTO orders (customer, code, total) SELECT 1, 'c' || n, n FROM generate_series(1, 20) n;

-- @script -- ALTER TABLE orders DROP COLUMN IF EXISTS code; ALTER TABLE... | quarantine
--
ALTER TABLE orders
  DROP COLUMN IF EXISTS code;
ALTER TABLE orders DROP COLUMN doubled

-- @script DROP TABLE IF EXISTS absent, orders | quarantine
DROP TABLE IF EXISTS absent, orders

-- @script ALTER TABLE orders DROP COLUMN code, ADD COLUMN x int | quarantine
ALTER TABLE orders DROP COLUMN code, ADD COLUMN x int

-- @script DELETE FROM orders | quarantine
DELETE FROM orders

-- @script DROP TABLE customers CASCADE | quarantine
DROP TABLE customers CASCADE

-- @script ALTER TABLE orders SET SCHEMA elsewhere | quarantine
ALTER TABLE orders SET SCHEMA elsewhere

-- @script DROP TABLE nowhere | quarantine
DROP TABLE nowhere

-- @schema
CREATE TABLE customers (id int PRIMARY KEY);

-- @migration
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer int REFERENCES customers,
    code text NOT NULL DEFAULT 'none' UNIQUE CHECK (code <> ''),
    total numeric(10, 2),
    doubled numeric GENERATED ALWAYS AS (total * 2) STORED
);
CREATE INDEX orders_code ON orders (lower(code), customer);
INSERT INTO customers VALUES (1);
INSERT INTO orders (customer, code, total) SELECT 1, 'c' || n, n FROM generate_series(1, 20) n;
ALTER TABLE customers ADD COLUMN code text NOT NULL DEFAULT '' UNIQUE;

-- @script DROP TABLE orders; ALTER TABLE customers DROP COLUMN code | quarantine
DROP TABLE orders; ALTER TABLE customers DROP COLUMN code
