CREATE SCHEMA parts;
CREATE TABLE parts.part (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, contact int REFERENCES contact (id));
CREATE TYPE parts.size AS ENUM ('small', 'large');
ALTER TABLE parts.part ADD COLUMN size parts.size;
