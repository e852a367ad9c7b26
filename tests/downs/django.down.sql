BEGIN;
--
-- Raw SQL operation
--
ALTER TABLE shop_order ALTER COLUMN total SET STATISTICS -1;
--
-- Create model Tag
--
DROP TABLE "shop_tag_contacts" CASCADE;
DROP TABLE "shop_tag" CASCADE;
--
-- Rename model Team to Group
--
ALTER TABLE "shop_group" RENAME TO "shop_team";
--
-- Alter field name on contact
--
DROP INDEX IF EXISTS "shop_contact_name_09d5883d";
DROP INDEX IF EXISTS "shop_contact_name_09d5883d_like";
ALTER TABLE "shop_contact" ALTER COLUMN "name" TYPE varchar(40);
--
-- Alter unique_together for order (1 constraint(s))
--
ALTER TABLE "shop_order" DROP CONSTRAINT "shop_order_id_total_5efb617c_uniq";
--
-- Create constraint contact_mail_unique on model contact
--
DROP INDEX IF EXISTS "contact_mail_unique";
--
-- Create constraint contact_mail_at on model contact
--
ALTER TABLE "shop_contact" DROP CONSTRAINT "contact_mail_at";
--
-- Create index contact_mail_idx on field(s) email_address, name of model contact
--
DROP INDEX IF EXISTS "contact_mail_idx";
--
-- Add field contact to order
--
SET CONSTRAINTS "shop_order_contact_id_faad8951_fk_shop_contact_id" IMMEDIATE; ALTER TABLE "shop_order" DROP CONSTRAINT "shop_order_contact_id_faad8951_fk_shop_contact_id";
ALTER TABLE "shop_order" DROP COLUMN "contact_id" CASCADE;
--
-- Rename field email on contact to email_address
--
ALTER TABLE "shop_contact" RENAME COLUMN "email_address" TO "email";
--
-- Add field slug to contact
--
ALTER TABLE "shop_contact" DROP COLUMN "slug" CASCADE;
--
-- Add field note to contact
--
ALTER TABLE "shop_contact" DROP COLUMN "note" CASCADE;
COMMIT;
