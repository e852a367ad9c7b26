CREATE TABLE team (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE);
ALTER TABLE contact ADD COLUMN team_id bigint REFERENCES team (id) ON DELETE CASCADE;
CREATE INDEX IF NOT EXISTS contact_team ON contact (team_id);
ALTER TABLE contact RENAME COLUMN name TO full_name;
ALTER TABLE orders ALTER COLUMN total SET NOT NULL, ALTER COLUMN total SET DEFAULT 0;
