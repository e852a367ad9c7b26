CREATE TABLE posts (id SERIAL PRIMARY KEY, title VARCHAR NOT NULL, contact_id INTEGER NOT NULL REFERENCES contact (id));
ALTER TABLE contact DROP COLUMN feels;
CREATE UNIQUE INDEX contact_email ON contact (lower(email));
