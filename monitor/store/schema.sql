-- migration-monitor: the ledger and the history of watches.
-- Applied by whoever comes first; every statement may be run again.
-- Times are UTC. "at" is the daemon's own clock (microseconds kept), *_at of a person is database time.

CREATE SCHEMA IF NOT EXISTS migration_monitor;
REVOKE ALL ON SCHEMA migration_monitor FROM PUBLIC;

-- One migration on one target, from registration to its verdict.
CREATE TABLE IF NOT EXISTS migration_monitor.watch (
    id                 text PRIMARY KEY,
    seq                bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- order of registration: the last one may roll back
    migration          text NOT NULL,
    target             text NOT NULL,
    mode               text NOT NULL CHECK (mode IN ('auto', 'approve', 'observe')),
    registered_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    registered_by      text NOT NULL DEFAULT session_user,
    started_at         timestamptz NOT NULL,
    ends_at            timestamptz NOT NULL, -- started_at + success_after
    -- the plan: what was registered is what is executed, byte for byte
    plan_sql           text NOT NULL,
    plan_sha256        text NOT NULL,        -- hex, of the UTF-8 bytes of plan_sql
    plan               jsonb NOT NULL,       -- statements: text, sha256, class, kind, touched objects, options
    search_path        text NOT NULL,        -- the rollback role's, as it was at registration
    system_identifier  text NOT NULL,
    timeline           integer NOT NULL,
    fingerprint        jsonb NOT NULL,       -- of the touched objects, taken at registration
    plan_digest        text NOT NULL DEFAULT '', -- hex, of everything above that the rollback relies on
    -- where it is: written by the daemon after each round
    phase              text NOT NULL DEFAULT 'watching',
    verdict            text,
    verdict_at         timestamptz,
    reason             text NOT NULL DEFAULT '', -- of the verdict, one sentence
    state              jsonb,                -- of the decision core; null until the daemon first sees it
    view               jsonb,                -- the watch as JSON, for people and programs
    updated_at         timestamptz,
    -- a person's controls: a row lock on this row orders them against the intent
    paused_at          timestamptz,
    resumed_at         timestamptz,
    cancelled_at       timestamptz,
    approved_at        timestamptz,
    rollback_at        timestamptz,          -- a person asked for the rollback
    control_by         text,
    control_reason     text,
    -- the rollback: set in the transaction that commits the intent, null again when it is withdrawn
    intent_at          timestamptz
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS watch_target ON migration_monitor.watch (target, seq);
CREATE INDEX IF NOT EXISTS watch_open ON migration_monitor.watch (target, seq) WHERE verdict IS NULL;
CREATE INDEX IF NOT EXISTS watch_migration ON migration_monitor.watch (migration, seq);

-- The ledger: one row for each statement of a plan that took effect.
CREATE TABLE IF NOT EXISTS migration_monitor.rollback_step (
    watch_id     text NOT NULL REFERENCES migration_monitor.watch (id) ON DELETE CASCADE,
    step         integer NOT NULL,           -- 1-based, as in the plan
    sha256       text NOT NULL,              -- of the statement
    state        text NOT NULL CHECK (state IN ('started', 'done')),
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at      timestamptz,
    PRIMARY KEY (watch_id, step)
);

-- What was measured, by target (a target is sampled without a watch too).
CREATE TABLE IF NOT EXISTS migration_monitor.sample (
    target    text NOT NULL,
    metric    text NOT NULL,
    at        timestamptz NOT NULL,
    value     double precision,              -- null: could not be measured, see reason
    reason    text NOT NULL DEFAULT '',
    quiet     boolean NOT NULL DEFAULT false,
    errors    double precision,
    requests  double precision,
    PRIMARY KEY (target, metric, at)
);

-- What happened. Intent, salvage and bookkeeping of a rollback are rows here, in the target's database.
CREATE TABLE IF NOT EXISTS migration_monitor.event (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    watch_id  text,
    target    text NOT NULL,
    at        timestamptz NOT NULL,
    kind      text NOT NULL,                 -- registered, pending, firing, cleared, blind, intent, rolled_back, ...
    detail    jsonb NOT NULL DEFAULT '{}',
    key       text UNIQUE                    -- written again after a lost answer, it stays one row
);
CREATE INDEX IF NOT EXISTS event_watch ON migration_monitor.event (watch_id, id);

-- The outbox: one row for each message and channel.
CREATE TABLE IF NOT EXISTS migration_monitor.alert (
    key           text PRIMARY KEY,          -- watch + transition + channel
    watch_id      text,
    target        text NOT NULL,
    channel       text NOT NULL,
    at            timestamptz NOT NULL,
    message       jsonb NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    delivered_at  timestamptz,
    given_up_at   timestamptz,
    last_error    text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS alert_open ON migration_monitor.alert (at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;

-- What running a plan on a clone of the schema showed: the latest rehearsal of each rollback's text.
CREATE TABLE IF NOT EXISTS migration_monitor.rehearsal (
    target       text NOT NULL,
    plan_sha256  text NOT NULL,              -- as in watch
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome      text NOT NULL CHECK (outcome IN ('reversed', 'ran', 'not_reversed', 'failed')),
    said         text NOT NULL,              -- one sentence
    detail       jsonb NOT NULL,             -- each statement: locks, seconds, rewrites, error; differences
    before       jsonb,                      -- fingerprint of the schema before the migration, if taken then
    after        jsonb,                      -- what the migration made of the clone, if rehearsed then
    PRIMARY KEY (target, plan_sha256)
);

-- Who looks after a target. Who has written its token may act, until its session is gone or it was silent.
CREATE TABLE IF NOT EXISTS migration_monitor.lease (
    name         text PRIMARY KEY,
    holder       text NOT NULL,              -- host:pid
    acquired_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    renewed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE migration_monitor.lease
    ADD COLUMN IF NOT EXISTS token text NOT NULL DEFAULT ''; -- of this taking; every transaction asks for it
ALTER TABLE migration_monitor.lease
    ADD COLUMN IF NOT EXISTS session_pid integer;            -- it goes with this session
ALTER TABLE migration_monitor.lease
    ADD COLUMN IF NOT EXISTS session_start timestamptz;

-- What a target needs to go on after a restart: counters' last values, streaks seen without a watch.
CREATE TABLE IF NOT EXISTS migration_monitor.target (
    name        text PRIMARY KEY,
    memory      jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How the database was when a watch began (statements' counters, invalid indexes), and what is different now.
CREATE TABLE IF NOT EXISTS migration_monitor.comparison (
    watch_id    text PRIMARY KEY,         -- no reference: its lock would meet that of a rollback
    baseline    jsonb NOT NULL,
    changes     jsonb,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
