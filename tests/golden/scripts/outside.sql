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
CREATE TABLE events (at int NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
INSERT INTO events SELECT n, 'x' FROM generate_series(0, 19) n;
CREATE TABLE kept (at int) PARTITION BY RANGE (at);
CREATE TABLE kept_1 PARTITION OF kept FOR VALUES FROM (0) TO (10);
CREATE TABLE kept_rest PARTITION OF kept DEFAULT;
CREATE INDEX events_at ON events (at); CREATE VIEW seen AS SELECT email_address FROM contacts;CREATE TABLE rooms (at int4range, EXCLUDE USING gist (at WITH &&));CREATE INDEX broken ON contacts (email_address);UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;

-- @script CREATE INDEX CONCURRENTLY i ON events (at)
CREATE INDEX CONCURRENTLY i ON events (at)

-- @script CREATE INDEX CONCURRENTLY i ON nope (at)
CREATE INDEX CONCURRENTLY i ON nope (at)

-- @script CREATE INDEX CONCURRENTLY contacts_new ON contacts (id)
CREATE INDEX CONCURRENTLY contacts_new ON contacts (id)

-- @script CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_new ON conta...
CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_new ON contacts (id)

-- @script CREATE INDEX CONCURRENTLY IF NOT EXISTS broken ON contacts (e...
CREATE INDEX CONCURRENTLY IF NOT EXISTS broken ON contacts (email_address)

-- @script CREATE INDEX CONCURRENTLY i ON seen (email_address)
CREATE INDEX CONCURRENTLY i ON seen (email_address)

-- @script DROP INDEX CONCURRENTLY nope
DROP INDEX CONCURRENTLY nope

-- @script DROP INDEX CONCURRENTLY contacts_pkey
DROP INDEX CONCURRENTLY contacts_pkey

-- @script DROP INDEX CONCURRENTLY events_at
DROP INDEX CONCURRENTLY events_at

-- @script DROP INDEX CONCURRENTLY contacts
DROP INDEX CONCURRENTLY contacts

-- @script REINDEX TABLE CONCURRENTLY events
REINDEX TABLE CONCURRENTLY events

-- @script REINDEX INDEX CONCURRENTLY rooms_at_excl
REINDEX INDEX CONCURRENTLY rooms_at_excl

-- @script REINDEX TABLE CONCURRENTLY pg_catalog.pg_class
REINDEX TABLE CONCURRENTLY pg_catalog.pg_class

-- @script ALTER TABLE events DETACH PARTITION contacts CONCURRENTLY
ALTER TABLE events DETACH PARTITION contacts CONCURRENTLY

-- @script ALTER TABLE kept DETACH PARTITION kept_1 CONCURRENTLY
ALTER TABLE kept DETACH PARTITION kept_1 CONCURRENTLY

-- @script VACUUM seen
VACUUM seen

-- @script ANALYZE nope
ANALYZE nope
