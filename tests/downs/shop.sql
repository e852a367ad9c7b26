CREATE TYPE mood AS ENUM ('sad','ok');
CREATE TABLE contact (id serial PRIMARY KEY, email varchar(100) NOT NULL, name varchar(40), feels mood DEFAULT 'ok');
CREATE TABLE orders (id serial PRIMARY KEY, total integer);
CREATE INDEX ix_orders_total ON orders (total);
INSERT INTO contact (email, name) SELECT 'a'||n||'@b.org','n' FROM generate_series(1,9) n; INSERT INTO orders (total) SELECT n FROM generate_series(1,9) n;
