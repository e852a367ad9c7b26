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

-- @script ALTER TABLE contacts DROP COLUMN IF EXISTS new_column | quarantine
ALTER TABLE contacts DROP COLUMN IF EXISTS new_column
