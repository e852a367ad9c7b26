ALTER TABLE public.contact ADD phone VARCHAR(20);
ALTER TABLE public.contact ADD CONSTRAINT uc_contact_phone UNIQUE (phone);
ALTER TABLE public.orders ADD contact_id INTEGER;
ALTER TABLE public.orders ADD CONSTRAINT fk_orders_contact FOREIGN KEY (contact_id) REFERENCES public.contact (id);
CREATE INDEX idx_orders_contact ON public.orders (contact_id);
