CREATE TABLE "teams" ("id" bigserial, "name" varchar(255) NOT NULL, "inserted_at" timestamp(0) NOT NULL, PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "teams_name_index" ON "teams" ("name");
ALTER TABLE "contact" ADD COLUMN "team_id" bigint CONSTRAINT "contact_team_id_fkey" REFERENCES "teams" ("id") ON DELETE SET NULL;
ALTER TABLE "contact" ADD CONSTRAINT "mail_has_at" CHECK (email LIKE '%@%');
ALTER TABLE "contact" RENAME COLUMN "name" TO "full_name";
