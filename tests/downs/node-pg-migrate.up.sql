CREATE TABLE "team" (
  "id" serial PRIMARY KEY,
  "name" varchar(40) UNIQUE NOT NULL
);
ALTER TABLE "contact"
  ADD "team_id" integer REFERENCES "team" ON DELETE SET NULL,
  ADD "note" text DEFAULT $pga$$pga$ NOT NULL;
ALTER TABLE "contact" RENAME "email" TO "email_address";
ALTER TABLE "contact"
  ADD CONSTRAINT "contact_mail_key" UNIQUE ("email_address");
ALTER TABLE "contact"
  ADD CONSTRAINT "contact_mail_check" CHECK (email_address <> '');
CREATE INDEX "contact_team_id_index" ON "contact" ("team_id");
ALTER TABLE "contact"
  ALTER "name" SET DATA TYPE varchar(80);
ALTER TYPE "mood" RENAME VALUE $pga$ok$pga$ TO $pga$fine$pga$;
DROP INDEX "ix_orders_total";
ALTER TABLE "orders" RENAME TO "purchases";
