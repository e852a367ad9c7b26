-- This file should undo anything in `up.sql`
DROP INDEX contact_email;
ALTER TABLE contact ADD COLUMN feels mood DEFAULT 'ok';
DROP TABLE posts;
