-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE contacts (id int PRIMARY KEY, email text NOT NULL, note text);
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE VIEW emails AS SELECT email FROM contacts;
CREATE FUNCTION greet(name text) RETURNS text LANGUAGE sql AS 'SELECT ''hello '' || name';
INSERT INTO contacts VALUES (1, 'a@example.org', 'x');

-- @migration
ALTER TABLE contacts ADD COLUMN phone text; ALTER TABLE contacts RENAME COLUMN email TO address;

-- @script ALTER TABLE contacts DROP COLUMN phone; ALTER TABLE contacts ...
ALTER TABLE contacts DROP COLUMN phone; ALTER TABLE contacts RENAME COLUMN address TO email
