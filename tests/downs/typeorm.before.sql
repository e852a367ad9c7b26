CREATE TYPE "public"."contact_mood_enum" AS ENUM('sad', 'ok');
CREATE TABLE "contact" ("id" SERIAL NOT NULL, "email" character varying(100) NOT NULL, "name" character varying(40), "mood" "public"."contact_mood_enum", CONSTRAINT "PK_2cbbe00f59ab6b3bb5b8d19f989" PRIMARY KEY ("id"));
CREATE TABLE "orders" ("id" SERIAL NOT NULL, "total" integer NOT NULL, CONSTRAINT "PK_710e2d4957aa5878dfe94e4ac2f" PRIMARY KEY ("id"));
CREATE INDEX "ix_orders_total" ON "orders"  ("total") ;
