-- Undo of V1.2
ALTER SEQUENCE orders_id_seq CACHE 1;
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_total_positive;
DROP INDEX IF EXISTS contact_created;
ALTER TABLE contact DROP COLUMN IF EXISTS created_at;
