ALTER TABLE contact ADD COLUMN nick text;
CREATE INDEX contact_nick ON contact (nick);
