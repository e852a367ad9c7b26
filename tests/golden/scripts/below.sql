-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE pt (id int, d int, v text, w text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (d);
CREATE TABLE pt2a PARTITION OF pt2 FOR VALUES FROM (100) TO (200);
CREATE INDEX pti ON pt (v);
INSERT INTO pt SELECT g, g, 'v' || g FROM generate_series(0, 29) g;
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE INDEX alone ON pt1 (v);

-- @script ALTER TABLE pt DROP COLUMN v
ALTER TABLE pt DROP COLUMN v

-- @more
CREATE VIEW seen AS SELECT v FROM pt1;

-- @script ALTER TABLE pt DROP COLUMN v (2)
ALTER TABLE pt DROP COLUMN v

-- @script DROP TABLE pt
DROP TABLE pt

-- @script DROP VIEW seen; ALTER TABLE pt DROP COLUMN v
DROP VIEW seen; ALTER TABLE pt DROP COLUMN v

-- @schema
CREATE TABLE pt (id int, d int, v text, w text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (d);
CREATE TABLE pt2a PARTITION OF pt2 FOR VALUES FROM (100) TO (200);
CREATE INDEX pti ON pt (v);
INSERT INTO pt SELECT g, g, 'v' || g FROM generate_series(0, 29) g;
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';

CREATE TABLE p (id int PRIMARY KEY, v text, CONSTRAINT ck CHECK (id > 0));
CREATE TABLE ch (extra text) INHERITS (p);
CREATE TABLE gch () INHERITS (ch);
CREATE TYPE ty AS (a int, b text);
CREATE TABLE typed OF ty;
CREATE TABLE t (id serial PRIMARY KEY, b text, k serial, g int);
CREATE RULE r AS ON DELETE TO t WHERE old.b = 'x' DO INSTEAD NOTHING;
CREATE SEQUENCE sq;
ALTER TABLE t ALTER g SET DEFAULT nextval('sq');
CREATE TABLE o (x int DEFAULT nextval('t_k_seq'));
CREATE TABLE guarded (a int, b int, c int, d int GENERATED ALWAYS AS (c + 1) STORED);
CREATE POLICY pol ON guarded USING (a > 0);
CREATE TRIGGER tr BEFORE UPDATE OF b ON guarded FOR EACH ROW EXECUTE FUNCTION fires();

-- @script ALTER TABLE t DROP COLUMN b
ALTER TABLE t DROP COLUMN b

-- @script DELETE FROM p | accept lose=p
DELETE FROM p

-- @script DELETE FROM p (2) | accept lose=p lose=ch lose=gch
DELETE FROM p

-- @script TRUNCATE p | accept lose=p
TRUNCATE p

-- @script TRUNCATE p (2) | accept lose=p lose=ch lose=gch
TRUNCATE p

-- @script UPDATE p SET v = '' | accept lose=p
UPDATE p SET v = ''

-- @script UPDATE p SET v = '' (2) | accept lose=p lose=ch lose=gch
UPDATE p SET v = ''

-- @script DELETE FROM ONLY p; TRUNCATE ONLY p | accept lose=p
DELETE FROM ONLY p; TRUNCATE ONLY p

-- @script DELETE FROM pt | accept lose=pt
DELETE FROM pt

-- @script ALTER TABLE t ALTER COLUMN b TYPE int USING 1 | accept
ALTER TABLE t ALTER COLUMN b TYPE int USING 1

-- @script DROP SEQUENCE sq
DROP SEQUENCE sq

-- @script DROP SEQUENCE t_k_seq
DROP SEQUENCE t_k_seq

-- @script ALTER TABLE t DROP COLUMN k
ALTER TABLE t DROP COLUMN k

-- @script ALTER TABLE ONLY pt DROP COLUMN v
ALTER TABLE ONLY pt DROP COLUMN v

-- @script ALTER TABLE ONLY p RENAME COLUMN v TO w
ALTER TABLE ONLY p RENAME COLUMN v TO w

-- @script ALTER TABLE pt1 RENAME COLUMN v TO x
ALTER TABLE pt1 RENAME COLUMN v TO x

-- @script ALTER TABLE ch RENAME COLUMN v TO x
ALTER TABLE ch RENAME COLUMN v TO x

-- @script ALTER TABLE pt1 ALTER COLUMN v TYPE varchar | accept
ALTER TABLE pt1 ALTER COLUMN v TYPE varchar

-- @script ALTER TABLE pt DROP COLUMN d CASCADE
ALTER TABLE pt DROP COLUMN d CASCADE

-- @script ALTER TABLE ch DROP CONSTRAINT ck
ALTER TABLE ch DROP CONSTRAINT ck

-- @script DROP INDEX pt1_v_idx
DROP INDEX pt1_v_idx

-- @script ALTER TABLE typed DROP COLUMN b
ALTER TABLE typed DROP COLUMN b

-- @script ALTER TABLE guarded ALTER COLUMN a TYPE bigint | accept
ALTER TABLE guarded ALTER COLUMN a TYPE bigint

-- @script ALTER TABLE guarded ALTER COLUMN b TYPE bigint | accept
ALTER TABLE guarded ALTER COLUMN b TYPE bigint

-- @script ALTER TABLE guarded ALTER COLUMN c TYPE bigint | accept
ALTER TABLE guarded ALTER COLUMN c TYPE bigint

-- @schema
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text);
CREATE UNIQUE INDEX ri ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX ri;
CREATE TABLE k (id int PRIMARY KEY, b text);
CREATE TABLE free (id int PRIMARY KEY);
CREATE PUBLICATION pb FOR TABLE t, k;

-- @script DROP INDEX ri
DROP INDEX ri

-- @script DROP INDEX CONCURRENTLY ri
DROP INDEX CONCURRENTLY ri

-- @script ALTER TABLE t DROP COLUMN a
ALTER TABLE t DROP COLUMN a

-- @script ALTER TABLE k DROP CONSTRAINT k_pkey
ALTER TABLE k DROP CONSTRAINT k_pkey

-- @script ALTER TABLE k DROP COLUMN id
ALTER TABLE k DROP COLUMN id

-- @script ALTER TABLE t DROP CONSTRAINT t_pkey
ALTER TABLE t DROP CONSTRAINT t_pkey

-- @script ALTER TABLE free DROP CONSTRAINT free_pkey
ALTER TABLE free DROP CONSTRAINT free_pkey

-- @script ALTER TABLE k DROP CONSTRAINT k_pkey; ALTER TABLE k ADD CONST...
ALTER TABLE k DROP CONSTRAINT k_pkey; ALTER TABLE k ADD CONSTRAINT k2 PRIMARY KEY (id)

-- @script DROP TABLE k
DROP TABLE k
