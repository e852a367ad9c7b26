/*
  Warnings:

  - The values [FINE] on the enum `Mood` will be removed. If these variants are still used in the database, this will fail.
  - You are about to drop the column `teamId` on the `Contact` table. All the data in the column will be lost.

*/
-- AlterEnum
BEGIN;
CREATE TYPE "Mood_new" AS ENUM ('SAD', 'OK');
ALTER TABLE "Contact" ALTER COLUMN "mood" TYPE "Mood_new" USING ("mood"::text::"Mood_new");
ALTER TYPE "Mood" RENAME TO "Mood_old";
ALTER TYPE "Mood_new" RENAME TO "Mood";
DROP TYPE "Mood_old";
COMMIT;

-- DropForeignKey
ALTER TABLE "Contact" DROP CONSTRAINT "Contact_teamId_fkey";

-- DropIndex
DROP INDEX "Contact_email_key";

-- AlterTable
ALTER TABLE "Contact" DROP COLUMN "teamId";

-- DropTable
DROP TABLE "Team";
