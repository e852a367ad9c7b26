--
-- Concurrently create index order_total_idx on field(s) total of model order
--
DROP INDEX CONCURRENTLY IF EXISTS "order_total_idx";
