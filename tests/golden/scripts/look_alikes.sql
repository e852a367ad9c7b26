-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
INSERT INTO t SELECT g, g, g, 'c' || g FROM generate_series(1, 5) g;
CREATE INDEX there ON t (a) WHERE b < 5;
CREATE UNIQUE INDEX plain ON t (a DESC, b) INCLUDE (c);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';

-- @script CREATE INDEX IF NOT EXISTS there ON t (a) WHERE b > 5
CREATE INDEX IF NOT EXISTS there ON t (a) WHERE b > 5

-- @script CREATE INDEX IF NOT EXISTS there ON t (a)
CREATE INDEX IF NOT EXISTS there ON t (a)

-- @script CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a, b) INCLUDE (c)
CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a, b) INCLUDE (c)

-- @script CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b)
CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b)

-- @script CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a) WHERE ...
CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a) WHERE b > 5

-- @script CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a)
CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a)

-- @script CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b) INCL...
CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b) INCLUDE (c)

-- @script CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS plain ON t (a ...
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS plain ON t (a DESC, b) INCLUDE (c)

-- @script CREATE INDEX CONCURRENTLY i ON t (a) WHERE t.b > 5
CREATE INDEX CONCURRENTLY i ON t (a) WHERE t.b > 5

-- @more
CREATE VIEW v AS SELECT a FROM t; CREATE SEQUENCE s; CREATE TABLE u (a int);

-- @script CREATE TABLE IF NOT EXISTS v (a int)
CREATE TABLE IF NOT EXISTS v (a int)

-- @script CREATE SEQUENCE IF NOT EXISTS t
CREATE SEQUENCE IF NOT EXISTS t

-- @script CREATE TABLE IF NOT EXISTS s (a int)
CREATE TABLE IF NOT EXISTS s (a int)

-- @script CREATE TABLE IF NOT EXISTS u (a int, b int)
CREATE TABLE IF NOT EXISTS u (a int, b int)

-- @script CREATE TABLE IF NOT EXISTS u ()
CREATE TABLE IF NOT EXISTS u ()

-- @script CREATE TABLE IF NOT EXISTS u (a int) PARTITION BY LIST (a)
CREATE TABLE IF NOT EXISTS u (a int) PARTITION BY LIST (a)

-- @script CREATE UNLOGGED TABLE IF NOT EXISTS u (a int)
CREATE UNLOGGED TABLE IF NOT EXISTS u (a int)

-- @script CREATE TABLE IF NOT EXISTS u (LIKE t)
CREATE TABLE IF NOT EXISTS u (LIKE t)

-- @script CREATE TABLE IF NOT EXISTS u () INHERITS (t)
CREATE TABLE IF NOT EXISTS u () INHERITS (t)

-- @script CREATE SEQUENCE IF NOT EXISTS s
CREATE SEQUENCE IF NOT EXISTS s

-- @schema
CREATE TABLE e (a int, b int); CREATE TYPE mood AS ENUM ('calm');
           CREATE TYPE "Odd one" AS ENUM ('x'); CREATE TYPE "a$b" AS ENUM ('x'); CREATE SCHEMA other;
           CREATE TYPE other.mood AS ENUM ('calm'); CREATE DOMAIN other.int4 AS int;
           CREATE DOMAIN public.serial AS int; CREATE DOMAIN positive AS int CHECK (value > 0);

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int)
CREATE TABLE IF NOT EXISTS same (a int, z int)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int (2)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int) (2)
CREATE TABLE IF NOT EXISTS same (a int, z int)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z varchar(20)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z varchar(20)

-- @script CREATE TABLE IF NOT EXISTS same (a int, z varchar(20))
CREATE TABLE IF NOT EXISTS same (a int, z varchar(20))

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z timestamptz
ALTER TABLE e ADD COLUMN IF NOT EXISTS z timestamptz

-- @script CREATE TABLE IF NOT EXISTS same (a int, z timestamptz)
CREATE TABLE IF NOT EXISTS same (a int, z timestamptz)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z interval(3)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z interval(3)

-- @script CREATE TABLE IF NOT EXISTS same (a int, z interval(3))
CREATE TABLE IF NOT EXISTS same (a int, z interval(3))

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z mood
ALTER TABLE e ADD COLUMN IF NOT EXISTS z mood

-- @script CREATE TABLE IF NOT EXISTS same (a int, z mood)
CREATE TABLE IF NOT EXISTS same (a int, z mood)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int (3)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int) (3)
CREATE TABLE IF NOT EXISTS same (a int, z int)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int NOT NULL
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int NOT NULL

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int NOT NULL)
CREATE TABLE IF NOT EXISTS same (a int, z int NOT NULL)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int DEFAULT 1
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int DEFAULT 1

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int DEFAULT 1)
CREATE TABLE IF NOT EXISTS same (a int, z int DEFAULT 1)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int (4)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int) (4)
CREATE TABLE IF NOT EXISTS same (a int, z int)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z serial
ALTER TABLE e ADD COLUMN IF NOT EXISTS z serial

-- @script CREATE TABLE IF NOT EXISTS same (a int, z serial)
CREATE TABLE IF NOT EXISTS same (a int, z serial)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int NOT NULL DEFAULT 1
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int NOT NULL DEFAULT 1

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int NOT NULL DEFAUL...
CREATE TABLE IF NOT EXISTS same (a int, z int NOT NULL DEFAULT 1)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int GENERATED ALWAYS...
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int GENERATED ALWAYS AS IDENTITY

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int GENERATED ALWAY...
CREATE TABLE IF NOT EXISTS same (a int, z int GENERATED ALWAYS AS IDENTITY)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z text COLLATE "C"
ALTER TABLE e ADD COLUMN IF NOT EXISTS z text COLLATE "C"

-- @script CREATE TABLE IF NOT EXISTS same (a int, z text COLLATE "C")
CREATE TABLE IF NOT EXISTS same (a int, z text COLLATE "C")

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text COLLATE "C";
CREATE TABLE public.same (a int, z text COLLATE "C");

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z text
ALTER TABLE e ADD COLUMN IF NOT EXISTS z text

-- @script CREATE TABLE IF NOT EXISTS same (a int, z text)
CREATE TABLE IF NOT EXISTS same (a int, z text)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text COLLATE "C";
CREATE TABLE public.same (a int, z text COLLATE "C");
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z public.mood;
CREATE TABLE public.same (a int, z public.mood);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z other.mood
ALTER TABLE e ADD COLUMN IF NOT EXISTS z other.mood

-- @script CREATE TABLE IF NOT EXISTS same (a int, z other.mood)
CREATE TABLE IF NOT EXISTS same (a int, z other.mood)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text COLLATE "C";
CREATE TABLE public.same (a int, z text COLLATE "C");
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z public.mood;
CREATE TABLE public.same (a int, z public.mood);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z other.int4;
CREATE TABLE public.same (a int, z other.int4);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int (5)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int) (5)
CREATE TABLE IF NOT EXISTS same (a int, z int)

-- @more
ALTER TABLE public.e ADD COLUMN z bigint;
CREATE TABLE public.same (a int, z bigint);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int[];
CREATE TABLE public.same (a int, z int[]);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z varchar(10);
CREATE TABLE public.same (a int, z varchar(10));
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z timestamp;
CREATE TABLE public.same (a int, z timestamp);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int;
CREATE TABLE public.same (a int, z int);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int DEFAULT 1;
CREATE TABLE public.same (a int, z int DEFAULT 1);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int NOT NULL;
CREATE TABLE public.same (a int, z int NOT NULL);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE public.same (a int, z int GENERATED BY DEFAULT AS IDENTITY);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text;
CREATE TABLE public.same (a int, z text);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z text COLLATE "C";
CREATE TABLE public.same (a int, z text COLLATE "C");
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z public.mood;
CREATE TABLE public.same (a int, z public.mood);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z other.int4;
CREATE TABLE public.same (a int, z other.int4);
DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z;
ALTER TABLE public.e ADD COLUMN z int GENERATED ALWAYS AS (a + 1) STORED;
CREATE TABLE public.same (a int, z int GENERATED ALWAYS AS (a + 1) STORED);

-- @script ALTER TABLE e ADD COLUMN IF NOT EXISTS z int (6)
ALTER TABLE e ADD COLUMN IF NOT EXISTS z int

-- @script CREATE TABLE IF NOT EXISTS same (a int, z int) (6)
CREATE TABLE IF NOT EXISTS same (a int, z int)
