-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE goods (
    id int PRIMARY KEY, code varchar(40), name text, many bigint, few smallint, price numeric(12, 2),
    weight numeric
);
INSERT INTO goods VALUES (1, 'short', 'short', 7, 7, 1.25, 1.5);

-- @script ALTER TABLE goods ALTER COLUMN code TYPE varchar(20)
ALTER TABLE goods ALTER COLUMN code TYPE varchar(20)

-- @script ALTER TABLE goods ALTER COLUMN price TYPE numeric(12, 1)
ALTER TABLE goods ALTER COLUMN price TYPE numeric(12, 1)

-- @script ALTER TABLE goods ALTER COLUMN price TYPE integer
ALTER TABLE goods ALTER COLUMN price TYPE integer

-- @script ALTER TABLE goods ALTER COLUMN weight TYPE numeric(10, 2)
ALTER TABLE goods ALTER COLUMN weight TYPE numeric(10, 2)

-- @script ALTER TABLE goods ALTER COLUMN many TYPE text
ALTER TABLE goods ALTER COLUMN many TYPE text

-- @script ALTER TABLE goods ALTER COLUMN code TYPE varchar(20) USING le...
ALTER TABLE goods ALTER COLUMN code TYPE varchar(20) USING left(code, 20)

-- @script ALTER TABLE goods ALTER COLUMN code TYPE char(20)
ALTER TABLE goods ALTER COLUMN code TYPE char(20)

-- @more
UPDATE goods SET code = repeat('x', 21);

-- @script ALTER TABLE goods ALTER COLUMN code TYPE varchar(20) (2)
ALTER TABLE goods ALTER COLUMN code TYPE varchar(20)

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;

-- @script ALTER TABLE goods ALTER COLUMN code TYPE varchar(60)
ALTER TABLE goods ALTER COLUMN code TYPE varchar(60)

-- @script ALTER TABLE goods ALTER COLUMN code TYPE text
ALTER TABLE goods ALTER COLUMN code TYPE text

-- @script ALTER TABLE goods ALTER COLUMN name TYPE varchar(10)
ALTER TABLE goods ALTER COLUMN name TYPE varchar(10)

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);

-- @script ALTER TABLE goods ALTER COLUMN name TYPE varchar(10) (2)
ALTER TABLE goods ALTER COLUMN name TYPE varchar(10)

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;

-- @script ALTER TABLE goods ALTER COLUMN many TYPE integer
ALTER TABLE goods ALTER COLUMN many TYPE integer

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;

-- @script ALTER TABLE goods ALTER COLUMN many TYPE integer (2)
ALTER TABLE goods ALTER COLUMN many TYPE integer

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;

-- @script ALTER TABLE goods ALTER COLUMN many TYPE smallint
ALTER TABLE goods ALTER COLUMN many TYPE smallint

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = -32769;

-- @script ALTER TABLE goods ALTER COLUMN many TYPE smallint (2)
ALTER TABLE goods ALTER COLUMN many TYPE smallint

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = -32769;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;

-- @script ALTER TABLE goods ALTER COLUMN few TYPE bigint
ALTER TABLE goods ALTER COLUMN few TYPE bigint

-- @script ALTER TABLE goods ALTER COLUMN price TYPE numeric(10, 2)
ALTER TABLE goods ALTER COLUMN price TYPE numeric(10, 2)

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = -32769;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET price = 123456789.00;

-- @script ALTER TABLE goods ALTER COLUMN price TYPE numeric(10, 2) (2)
ALTER TABLE goods ALTER COLUMN price TYPE numeric(10, 2)

-- @more
UPDATE goods SET code = repeat('x', 21);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET name = repeat('x', 11);
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = 2147483648;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET many = -32769;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;
UPDATE goods SET price = 123456789.00;
UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1;

-- @script ALTER TABLE goods ALTER COLUMN price TYPE numeric(14, 3)
ALTER TABLE goods ALTER COLUMN price TYPE numeric(14, 3)

-- @script ALTER TABLE goods ALTER COLUMN price TYPE numeric
ALTER TABLE goods ALTER COLUMN price TYPE numeric

-- @schema
CREATE TABLE x (id int);
CREATE FUNCTION f1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION f2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION f2();

-- @script CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW ...
CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION  public.f2(); DROP FUNCTION f2()

-- @script CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW ... (2)
CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION  f1(); DROP FUNCTION f1()
