-- +goose StatementBegin
DROP TRIGGER IF EXISTS contact_noted ON contact;
-- +goose StatementEnd
DROP FUNCTION IF EXISTS noted();
DROP VIEW mails;
CREATE VIEW mails AS SELECT id, email FROM contact;
ALTER TABLE contact DROP COLUMN note;
