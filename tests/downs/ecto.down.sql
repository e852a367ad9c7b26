ALTER TABLE "contact" RENAME COLUMN "full_name" TO "name";
ALTER TABLE "contact" DROP CONSTRAINT "mail_has_at";
ALTER TABLE "contact" DROP COLUMN "team_id";
DROP INDEX "teams_name_index";
DROP TABLE "teams";
