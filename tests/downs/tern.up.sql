CREATE MATERIALIZED VIEW totals AS SELECT sum(total) AS total FROM orders;
CREATE UNIQUE INDEX totals_total ON totals (total);
ALTER TABLE contact ALTER COLUMN name TYPE text;
