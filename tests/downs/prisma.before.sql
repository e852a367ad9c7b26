CREATE TYPE "Mood" AS ENUM ('SAD', 'OK');
CREATE TABLE "Contact" ("id" SERIAL NOT NULL, "email" TEXT NOT NULL, "mood" "Mood", CONSTRAINT "Contact_pkey" PRIMARY KEY ("id"));
