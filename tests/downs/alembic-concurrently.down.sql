BEGIN;

-- Running downgrade ae2 -> ae1

COMMIT;

DROP INDEX CONCURRENTLY IF EXISTS ix_contact_nick;

BEGIN;

ALTER TABLE contact DROP COLUMN nick;

UPDATE alembic_version SET version_num='ae1' WHERE alembic_version.version_num = 'ae2';

COMMIT;
