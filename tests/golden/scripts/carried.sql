-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE top (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY REFERENCES top ON DELETE CASCADE, a text);
CREATE TABLE ch (x int PRIMARY KEY, tid int);
CREATE TABLE deep (y int PRIMARY KEY REFERENCES ch ON DELETE CASCADE);
INSERT INTO top VALUES (1); INSERT INTO t VALUES (1, 'x');
INSERT INTO ch VALUES (1, 1); INSERT INTO deep VALUES (1);

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE; DELETE FROM t WHERE id = 1

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (2) | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE SET NULL; DELETE FROM t WHERE id = 1

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (3) | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE; DELETE FROM top WHERE id = 1

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (4) | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON UPDATE CASCADE; UPDATE t SET id = 2

-- @script ALTER TABLE ch ADD COLUMN z int DEFAULT 1 REFERENCES t ON DEL... | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD COLUMN z int DEFAULT 1 REFERENCES t ON DELETE CASCADE; DELETE FROM t

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (5) | accept lose=public.t lose=public.t.id lose=public.top
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE; ALTER TABLE t RENAME TO u; DELETE FROM u

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (6) | accept lose=public.t
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id); DELETE FROM t WHERE id = 2

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (7) | accept lose=public.t.a
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE; UPDATE t SET a = 'y'

-- @script ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES ... (8) | accept lose=public.t.a
ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON UPDATE CASCADE; UPDATE t SET a = 'y'

-- @script DELETE FROM t; ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (t... | accept lose=public.t
DELETE FROM t; ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE NOT VALID
