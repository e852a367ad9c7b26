-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TYPE mood AS ENUM ('good', 'bad', 'ugly');
CREATE TYPE two AS ENUM ('good', 'bad');
CREATE TABLE typed (id int, m mood, n text, b bigint);
INSERT INTO typed VALUES (1, 'good', ' 12', 7), (2, NULL, NULL, NULL);

-- @script ALTER TABLE typed ALTER m TYPE two USING m::text::two | accept lose=typed.m
ALTER TABLE typed ALTER m TYPE two USING m::text::two

-- @script CREATE TYPE old AS ENUM ('good', 'bad'); ALTER TABLE typed AL... | accept lose=typed.m
CREATE TYPE old AS ENUM ('good', 'bad'); ALTER TABLE typed ALTER m TYPE old USING m::text::old

-- @script ALTER TYPE mood RENAME TO gone; CREATE TYPE mood AS ENUM ('go... | accept lose=typed.m
ALTER TYPE mood RENAME TO gone; CREATE TYPE mood AS ENUM ('good', 'bad');ALTER TABLE typed ALTER m TYPE mood USING m::text::mood

-- @script ALTER TABLE typed ALTER n TYPE int USING n::int | accept lose=typed.n
ALTER TABLE typed ALTER n TYPE int USING n::int

-- @script ALTER TABLE typed ALTER n TYPE smallint USING n::smallint | accept lose=typed.n
ALTER TABLE typed ALTER n TYPE smallint USING n::smallint

-- @script ALTER TABLE typed ALTER b TYPE int USING b::int | accept lose=typed.b
ALTER TABLE typed ALTER b TYPE int USING b::int

-- @schema
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, email text, a int, during int4range);
INSERT INTO places VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, '[1,2)'), (2, 'b', NULL, NULL);;

-- @script CREATE UNIQUE INDEX u ON t (lower(email), a)
CREATE UNIQUE INDEX u ON t (lower(email), a)

-- @script ALTER TABLE t RENAME COLUMN email TO mail; CREATE UNIQUE INDE...
ALTER TABLE t RENAME COLUMN email TO mail; CREATE UNIQUE INDEX u ON t (lower(t.mail))

-- @script CREATE UNIQUE INDEX u ON t (email) WHERE a IS NULL
CREATE UNIQUE INDEX u ON t (email) WHERE a IS NULL

-- @script CREATE UNIQUE INDEX u ON t (email COLLATE "C")
CREATE UNIQUE INDEX u ON t (email COLLATE "C")

-- @script ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;ALTER ...
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;ALTER TABLE t VALIDATE CONSTRAINT k

-- @script ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES pla...
ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES places NOT VALID;ALTER TABLE t VALIDATE CONSTRAINT k

-- @script ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (during WIT...
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (during WITH &&) WHERE (id > 0)

-- @schema
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, email text, a int, during int4range);
INSERT INTO places VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, '[1,2)'), (2, 'b', NULL, NULL);
;ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;

-- @script a CHECK that is there
ALTER TABLE t VALIDATE CONSTRAINT k

-- @schema
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, email text, a int, during int4range);
INSERT INTO places VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, '[1,2)'), (2, 'b', NULL, NULL);
;ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES places NOT VALID;

-- @script a foreign key that is there
ALTER TABLE t VALIDATE CONSTRAINT k

-- @schema
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a, b);
CREATE TABLE p_rest PARTITION OF p DEFAULT;
INSERT INTO p VALUES (9, 'z'), (10, NULL), (20, 'b');
CREATE TABLE q (a int) PARTITION BY RANGE (a);
CREATE TABLE q_rest PARTITION OF q DEFAULT;
INSERT INTO q VALUES (9), (NULL);
CREATE TABLE l (a text) PARTITION BY LIST (a);
CREATE TABLE l_rest PARTITION OF l DEFAULT;
INSERT INTO l VALUES ('a');;

-- @script CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10, 'a') TO (...
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10, 'a') TO (20, 'b')

-- @script CREATE TABLE q2 PARTITION OF q FOR VALUES FROM (10) TO (MAXVA...
CREATE TABLE q2 PARTITION OF q FOR VALUES FROM (10) TO (MAXVALUE)

-- @script CREATE TABLE l2 PARTITION OF l FOR VALUES IN ('b', NULL)
CREATE TABLE l2 PARTITION OF l FOR VALUES IN ('b', NULL)

-- @schema
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, email text, a int, during int4range);
INSERT INTO places VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, '[1,2)'), (2, 'b', NULL, NULL);

-- @more
INSERT INTO t VALUES (3, NULL);

-- @script ALTER TABLE t ADD CONSTRAINT k NOT NULL email NOT VALID; ALTE...
ALTER TABLE t ADD CONSTRAINT k NOT NULL email NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k

-- @more
INSERT INTO t VALUES (3, NULL);
ALTER TABLE t ADD CONSTRAINT k NOT NULL email NOT VALID;

-- @script ALTER TABLE t VALIDATE CONSTRAINT k
ALTER TABLE t VALIDATE CONSTRAINT k
