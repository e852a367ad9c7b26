-- The roles of migration-monitor, each with no more than it needs. Run as a superuser (or what your
-- provider gives instead), once for each watched database; running it again changes nothing.
--
--   psql -d shop -v owner=shop_owner -v polling=shop_monitor -v rollback=shop_rollback -f deploy/roles.sql
--
--   owner      the role that owns the application's tables; it exists already
--   polling    for `dsn`: reads statistics, no table
--   rollback   for `rollback_dsn`: may do with those tables what their owner may, and keeps the ledger
--   history    for `store.dsn`: run this once more with -d STORE -v history=NAME alone
--   blockers   -v blockers=yes: the rollback role may cancel or terminate sessions that are in its way
--
-- Only what is named is made. No passwords here: `\password shop_monitor`, or certificates.
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
SET LOCAL client_min_messages = warning;

\if :{?polling}
SELECT format('CREATE ROLE %I LOGIN', :'polling')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'polling') \gexec
GRANT CONNECT ON DATABASE :"DBNAME" TO :"polling";
-- sees every session and pg_stat_statements, but no row of a table
GRANT pg_monitor TO :"polling";
ALTER ROLE :"polling" SET default_transaction_read_only = on;
\endif

\if :{?rollback}
SELECT format('CREATE ROLE %I LOGIN', :'rollback')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'rollback') \gexec
GRANT CONNECT ON DATABASE :"DBNAME" TO :"rollback";
-- ALTER and DROP need the owner's rights; by membership, so that the application's role stays its own
GRANT :"owner" TO :"rollback";
-- which cluster this is: a rollback never runs on another one behind the same name
GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO :"rollback";
-- who is in the way of a rollback, and since when
GRANT pg_read_all_stats TO :"rollback";
-- its schemas are made here and closed, so that it needs no right to create any
CREATE SCHEMA IF NOT EXISTS migration_monitor AUTHORIZATION :"rollback";
CREATE SCHEMA IF NOT EXISTS migration_monitor_salvage AUTHORIZATION :"rollback";
CREATE SCHEMA IF NOT EXISTS migration_monitor_quarantine AUTHORIZATION :"rollback";
REVOKE ALL ON SCHEMA migration_monitor, migration_monitor_salvage, migration_monitor_quarantine FROM PUBLIC;
\if :{?blockers}
-- sessions of other roles than superusers; without it a policy of cancel or terminate reaches only its own
GRANT pg_signal_backend TO :"rollback";
\endif
\endif

\if :{?history}
SELECT format('CREATE ROLE %I LOGIN', :'history')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'history') \gexec
GRANT CONNECT ON DATABASE :"DBNAME" TO :"history";
CREATE SCHEMA IF NOT EXISTS migration_monitor AUTHORIZATION :"history";
REVOKE ALL ON SCHEMA migration_monitor FROM PUBLIC;
\endif

COMMIT;
