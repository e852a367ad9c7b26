-- Running upgrade ae2 -> ae3

ALTER TABLE contact ADD COLUMN nick TEXT;

CREATE INDEX ix_contact_nick ON contact (nick);
