-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE orders (id int PRIMARY KEY, note text, price int);
CREATE VIEW recent WITH (security_barrier) AS SELECT id, note, price FROM orders;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER keep INSTEAD OF INSERT ON recent FOR EACH ROW EXECUTE FUNCTION keep();
COMMENT ON VIEW recent IS 'of today'; COMMENT ON COLUMN recent.id IS 'number';
GRANT SELECT ON recent TO pg_monitor; GRANT UPDATE (note) ON recent TO pg_read_all_data;
CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2';
REVOKE EXECUTE ON FUNCTION secret() FROM PUBLIC; ALTER FUNCTION secret() OWNER TO pg_monitor;
COMMENT ON COLUMN orders.note IS 'free text';
CREATE INDEX notes ON orders (note); COMMENT ON INDEX notes IS 'for searching';
CREATE TRIGGER audit BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
ALTER TABLE orders ENABLE ALWAYS TRIGGER audit;

-- @script DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM ...
DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM orders

-- @script DROP FUNCTION secret(); CREATE FUNCTION secret() RETURNS int ...
DROP FUNCTION secret(); CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'

-- @script DROP TRIGGER audit ON orders; CREATE TRIGGER audit BEFORE UPD...
DROP TRIGGER audit ON orders; CREATE TRIGGER audit BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep()

-- @script DROP VIEW recent; CREATE VIEW recent WITH (security_barrier) ...
DROP VIEW recent; CREATE VIEW recent WITH (security_barrier) AS SELECT id, note FROM orders; CREATE TRIGGER keep INSTEAD OF INSERT ON recent FOR EACH ROW EXECUTE FUNCTION keep();COMMENT ON VIEW recent IS 'of today'; COMMENT ON COLUMN recent.id IS 'number';GRANT SELECT ON recent TO pg_monitor; GRANT UPDATE (note) ON recent TO pg_read_all_data

-- @script DROP FUNCTION secret(); CREATE FUNCTION secret() RETURNS int ... (2)
DROP FUNCTION secret(); CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION secret() OWNER TO pg_monitor; REVOKE EXECUTE ON FUNCTION secret() FROM PUBLIC

-- @script CREATE OR REPLACE VIEW recent WITH (security_barrier) AS SELE...
CREATE OR REPLACE VIEW recent WITH (security_barrier) AS SELECT id, note, price FROM orders WHERE id > 0

-- @script DROP VIEW recent
DROP VIEW recent

-- @more
DROP VIEW recent;

-- @script ALTER TABLE orders DROP 
ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders ADD COLUMN note text; CREATE INDEX notes ON orders (note)

-- @schema
CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE VIEW recent AS SELECT id FROM orders;

-- @migration
DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM orders;COMMENT ON VIEW recent IS 'new'; GRANT SELECT ON recent TO PUBLIC;

-- @script DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders
DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders
