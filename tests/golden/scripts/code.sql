-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t VALUES (1, 1), (2, 2);
CREATE TABLE log (x int);
CREATE FUNCTION wipe(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
CREATE FUNCTION wipes(int, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN true; END $$;
CREATE OPERATOR ### (leftarg = int, rightarg = int, function = wipe);
CREATE OPERATOR public.= (leftarg = int, rightarg = text, function = wipes);
CREATE VIEW v AS SELECT wipe(1, 2) AS e;
CREATE VIEW over_v AS SELECT e FROM v;
CREATE TYPE mm AS (x int);
CREATE FUNCTION as_int(mm) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
CREATE CAST (mm AS int) WITH FUNCTION as_int(mm) AS ASSIGNMENT;
CREATE FUNCTION checks(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN true; END $$;
CREATE DOMAIN dd AS int CHECK (checks(VALUE));
CREATE TABLE domains (d dd);
CREATE TABLE checked (x int CHECK (checks(x)));
CREATE TABLE defaults (x int, y int DEFAULT (1 ### 2));
CREATE TABLE composites (m mm);
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN new; END $$;
CREATE TABLE fired (x int);
CREATE TRIGGER tr BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION fires();
CREATE TABLE off (x int);
CREATE TRIGGER tr BEFORE INSERT ON off FOR EACH ROW EXECUTE FUNCTION fires();
ALTER TABLE off DISABLE TRIGGER tr;
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (parent int REFERENCES parents ON DELETE CASCADE);
CREATE TRIGGER tr AFTER DELETE ON children FOR EACH ROW EXECUTE FUNCTION fires();
CREATE VIEW windows AS SELECT x FROM fired;
CREATE TABLE ruled (x int);
CREATE RULE r AS ON INSERT TO ruled DO INSTEAD DELETE FROM t;

-- @script INSERT INTO log SELECT 1 ### 2
INSERT INTO log SELECT 1 ### 2

-- @script INSERT INTO log SELECT x FROM log WHERE x = 'a'::text
INSERT INTO log SELECT x FROM log WHERE x = 'a'::text

-- @script INSERT INTO log SELECT x FROM log WHERE x OPERATOR(public.=) 'a'
INSERT INTO log SELECT x FROM log WHERE x OPERATOR(public.=) 'a'

-- @script ALTER TABLE log ADD COLUMN y int DEFAULT (1 ### 2)
ALTER TABLE log ADD COLUMN y int DEFAULT (1 ### 2)

-- @script CREATE TABLE n (id int DEFAULT (1 ### 2)); INSERT INTO n DEFA...
CREATE TABLE n (id int DEFAULT (1 ### 2)); INSERT INTO n DEFAULT VALUES

-- @script INSERT INTO log SELECT e FROM v
INSERT INTO log SELECT e FROM v

-- @script INSERT INTO log SELECT e FROM over_v
INSERT INTO log SELECT e FROM over_v

-- @script INSERT INTO log SELECT ROW(1)::mm
INSERT INTO log SELECT ROW(1)::mm

-- @script INSERT INTO log SELECT m FROM composites
INSERT INTO log SELECT m FROM composites

-- @script INSERT INTO log SELECT 1::dd
INSERT INTO log SELECT 1::dd

-- @script INSERT INTO domains VALUES (1)
INSERT INTO domains VALUES (1)

-- @script INSERT INTO checked VALUES (1)
INSERT INTO checked VALUES (1)

-- @script INSERT INTO defaults (x) VALUES (1)
INSERT INTO defaults (x) VALUES (1)

-- @script INSERT INTO fired VALUES (1)
INSERT INTO fired VALUES (1)

-- @script INSERT INTO windows VALUES (1)
INSERT INTO windows VALUES (1)

-- @script ALTER TABLE fired RENAME TO shot; INSERT INTO shot VALUES (1)
ALTER TABLE fired RENAME TO shot; INSERT INTO shot VALUES (1)

-- @script ALTER TABLE off ENABLE TRIGGER tr; INSERT INTO off VALUES (1)
ALTER TABLE off ENABLE TRIGGER tr; INSERT INTO off VALUES (1)

-- @script CREATE TRIGGER n AFTER INSERT ON log EXECUTE FUNCTION fires()...
CREATE TRIGGER n AFTER INSERT ON log EXECUTE FUNCTION fires(); INSERT INTO log VALUES (1)

-- @script DELETE FROM parents
DELETE FROM parents

-- @script INSERT INTO ruled VALUES (1)
INSERT INTO ruled VALUES (1)

-- @schema
CREATE TABLE contacts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
                       name text CHECK (length(name) < 100), made timestamptz DEFAULT now(),
                       lower text GENERATED ALWAYS AS (lower(email)) STORED);
CREATE TABLE orders (id serial PRIMARY KEY, contact int REFERENCES contacts (id) ON DELETE CASCADE);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE feelings (m mood, a address, b mood[]);
CREATE VIEW emails AS SELECT email, count(*) FROM contacts GROUP BY 1;
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER tr BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION fires();
CREATE FUNCTION short(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT length($1) < 9';
CREATE TABLE shorts (s text CHECK (short(s)));

-- @script INSERT INTO contacts (email, name) SELECT email // 'x', upper...
INSERT INTO contacts (email, name) SELECT email || 'x', upper(email) FROM emails WHERE email LIKE 'a%'

-- @script INSERT INTO contacts (email) VALUES ('a@example.org') ON CONF...
INSERT INTO contacts (email) VALUES ('a@example.org') ON CONFLICT (email) DO NOTHING

-- @script INSERT INTO feelings VALUES ('good'::mood, 'a@b'::address, AR...
INSERT INTO feelings VALUES ('good'::mood, 'a@b'::address, ARRAY['bad']::mood[])

-- @script INSERT INTO shorts VALUES ('a')
INSERT INTO shorts VALUES ('a')

-- @script INSERT INTO orders (contact) SELECT id FROM contacts WHERE id...
INSERT INTO orders (contact) SELECT id FROM contacts WHERE id IN (1, 2) OR id BETWEEN 3 AND 4

-- @script DROP TRIGGER tr ON orders; INSERT INTO orders (contact) VALUE...
DROP TRIGGER tr ON orders; INSERT INTO orders (contact) VALUES (1)

-- @script ALTER TABLE contacts ADD COLUMN a address, ADD COLUMN n int D...
ALTER TABLE contacts ADD COLUMN a address, ADD COLUMN n int DEFAULT 1 + 1

-- @script ALTER TABLE contacts ALTER COLUMN name SET DEFAULT 'a' // 'b'...
ALTER TABLE contacts ALTER COLUMN name SET DEFAULT 'a' || 'b'; CREATE INDEX i ON contacts (lower(name))
