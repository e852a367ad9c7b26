CREATE TABLE contact (id bigserial PRIMARY KEY, email text NOT NULL, name text);
CREATE VIEW mails AS SELECT id, email FROM contact;
