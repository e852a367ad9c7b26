SET client_min_messages = 'warning';

ALTER TABLE parts.part DROP COLUMN size;
DROP TYPE parts.size;
DROP TABLE parts.part;
DROP SCHEMA parts;
