ALTER TABLE contact ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX contact_created ON contact (created_at DESC);
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_positive;
ALTER SEQUENCE orders_id_seq CACHE 10;
