/* migration-monitor */
SELECT
    coalesce(pg_catalog.sum(a.sessions), 0)::bigint AS connections,
    coalesce(pg_catalog.jsonb_object_agg(a.state, a.sessions) FILTER (WHERE a.state IS NOT NULL), '{}')::text AS states,
    coalesce(pg_catalog.max(a.longest_transaction), 0)::float8 AS longest_transaction,
    coalesce(pg_catalog.max(a.longest_idle), 0)::float8 AS longest_idle_in_transaction,
    coalesce(pg_catalog.sum(a.lock_waiters), 0)::bigint AS lock_waiters,
    pg_catalog.max(d.deadlocks)::bigint AS deadlocks,
    pg_catalog.max(d.xact_commit)::bigint AS commits,
    pg_catalog.max(d.xact_rollback)::bigint AS rollbacks
FROM pg_catalog.pg_stat_database AS d
LEFT JOIN (
    SELECT
        coalesce(state, 'unknown') AS state,
        pg_catalog.count(*) AS sessions,
        pg_catalog.max(extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)) AS longest_transaction,
        pg_catalog.max(extract(epoch FROM pg_catalog.clock_timestamp() - state_change))
            FILTER (WHERE state LIKE 'idle in transaction%') AS longest_idle,
        pg_catalog.count(*) FILTER (WHERE wait_event_type = 'Lock') AS lock_waiters
    FROM pg_catalog.pg_stat_activity
    WHERE datname = pg_catalog.current_database()
        -- without pg_read_all_stats the type of others' sessions is hidden: count them rather than miss them
        AND coalesce(backend_type, 'client backend') = 'client backend'
        AND application_name NOT LIKE 'migration-monitor/%'
    GROUP BY 1
) AS a ON true
WHERE d.datname = pg_catalog.current_database()
