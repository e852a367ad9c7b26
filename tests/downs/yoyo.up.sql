ALTER TABLE contact ADD COLUMN score numeric(5, 2) NOT NULL DEFAULT 0;
CREATE POLICY own ON contact USING (email = current_user);
ALTER TABLE contact ENABLE ROW LEVEL SECURITY;
