BEGIN;

-- Running downgrade ae2 -> ae1

ALTER TYPE mood RENAME VALUE 'fine' TO 'ok';

ALTER TABLE purchases RENAME TO orders;

CREATE INDEX ix_orders_total ON orders (total);

ALTER TABLE contact DROP CONSTRAINT uq_contact_email;

ALTER TABLE contact DROP CONSTRAINT ck_contact_email;

ALTER TABLE contact ALTER COLUMN name TYPE VARCHAR(40);

ALTER TABLE contact RENAME email_address TO email;

DROP INDEX ix_contact_team_id;

ALTER TABLE contact DROP CONSTRAINT fk_contact_team;

ALTER TABLE contact DROP COLUMN note;

ALTER TABLE contact DROP COLUMN team_id;

DROP TABLE team;

UPDATE alembic_version SET version_num='ae1' WHERE alembic_version.version_num = 'ae2';

COMMIT;
