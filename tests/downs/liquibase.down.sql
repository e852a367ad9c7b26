DROP INDEX public.idx_orders_contact;
ALTER TABLE public.orders DROP CONSTRAINT fk_orders_contact;
ALTER TABLE public.orders DROP COLUMN contact_id;
ALTER TABLE public.contact DROP CONSTRAINT uc_contact_phone;
ALTER TABLE public.contact
  DROP COLUMN phone;
