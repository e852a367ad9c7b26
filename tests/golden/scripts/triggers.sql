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
CREATE TABLE ddl_log (tag text);
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO ddl_log VALUES (tg_tag); END';
CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION note_ddl();

-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS new_column
ALTER TABLE contacts DROP COLUMN IF EXISTS new_column

-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS new_column (2) | quarantine
ALTER TABLE contacts DROP COLUMN IF EXISTS new_column

-- @script DROP TABLE contacts | quarantine
DROP TABLE contacts
