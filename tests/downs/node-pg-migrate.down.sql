ALTER TABLE "purchases" RENAME TO "orders";
CREATE INDEX "ix_orders_total" ON "orders" ("total");
ALTER TYPE "mood" RENAME VALUE $pga$fine$pga$ TO $pga$ok$pga$;
ALTER TABLE "contact"
  ALTER "name" SET DATA TYPE varchar(40);
DROP INDEX "contact_team_id_index";
ALTER TABLE "contact" DROP CONSTRAINT "contact_mail_check";
ALTER TABLE "contact" DROP CONSTRAINT "contact_mail_key";
ALTER TABLE "contact" RENAME "email_address" TO "email";
ALTER TABLE "contact"
  DROP "team_id",
  DROP "note";
DROP TABLE "team";
