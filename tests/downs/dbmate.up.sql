ALTER TABLE contact ADD COLUMN state mood NOT NULL DEFAULT 'sad';
ALTER TABLE contact ADD CONSTRAINT contact_mail_key UNIQUE (email);
COMMENT ON COLUMN contact.state IS 'how it feels';
