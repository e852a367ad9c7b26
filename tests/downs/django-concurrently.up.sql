--
-- Concurrently create index order_total_idx on field(s) total of model order
--
CREATE INDEX "order_total_idx" ON "shop_order" ("total");
