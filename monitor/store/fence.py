"""One daemon at a time, whatever stops, hangs or wakes: the SQL that keeps it so.

Three keys and one rule:
1. STORE: a session lock of the daemon that looks after a target. It goes with its session.
2. GATE: held shared by every transaction of that daemon, after which it is asked whether STORE is still
   its own; taken alone for a moment by whoever takes STORE over. So a transaction of the former
   daemon has ended before the next one reads anything, and a later one of it is refused.
3. A daemon whose session has been silent for `LEASE_SECONDS` by the database's clock loses it.
"""

from __future__ import annotations

import hashlib

from monitor import pg

STORE = 0x6D6D0001
REGISTRATION = 0x6D6D0002
SCHEMA = 0x6D6D0003
GATE = 0x6D6D0004
"""First halves of our advisory keys ("mm" and a number)."""

LEASE_SECONDS = 15.0
"""Silent for longer than this, a daemon is replaced. Above the 10 s after which the server ends a
transaction that a stopped daemon left open."""

TRY = "/* migration-monitor */ SELECT pg_catalog.pg_try_advisory_lock($1, $2)"

THROUGH = """/* migration-monitor */
SELECT pg_catalog.pg_advisory_lock($1, $2), pg_catalog.pg_advisory_unlock($1, $2)
"""

SHARE = "/* migration-monitor */ SELECT pg_catalog.pg_advisory_xact_lock_shared($1, $2)"

ALIVE = "/* migration-monitor: this daemon lives */ SELECT 1"

HELD = """/* migration-monitor */
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid = $1
       AND classid::bigint = $2::integer AND objid::bigint = $3::integer
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
"""

STRANGER = """/* migration-monitor: who has the daemon's lock without being able to be one */
SELECT l.pid, coalesce(a.usename::text, '') AS role
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
 WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
   AND l.classid::bigint = $1::integer AND l.objid::bigint = $2::integer
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
   AND NOT coalesce(r.rolsuper OR pg_catalog.has_table_privilege(
         r.oid, 'migration_monitor.watch', 'UPDATE'), false)
 LIMIT 1
"""

END_SILENT = """/* migration-monitor: the session of a daemon that has been silent */
SELECT count(*) FROM (
    SELECT pg_catalog.pg_terminate_backend(l.pid) AS ended
      FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
       AND l.classid::bigint = $1::integer AND l.objid::bigint = $2::integer
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r, pg_catalog.pg_roles m
                        WHERE r.oid = a.usesysid AND r.rolsuper
                          AND m.rolname = current_user AND NOT m.rolsuper)
       AND (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
            OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
       AND a.state_change < pg_catalog.clock_timestamp() - $3::float8 * interval '1 second'
) silent WHERE ended
"""


def advisory_key(kind: int, name: str) -> tuple[int, int]:
    """The two halves of an advisory key; the second is 31 bits of the name's sha256."""
    return kind, int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


async def taken(connection: pg.Connection, target: str) -> bool:
    """Tries the lock once; when it is ours, the former daemon's transactions are over."""
    if not await connection.fetchval(TRY, *advisory_key(STORE, target)):
        return False
    await connection.execute(THROUGH, *advisory_key(GATE, target))
    return True


async def held_by(connection: pg.Connection, pid: int, target: str) -> bool:
    """Whether that backend has the lock; in a transaction, it stays so until its end."""
    await connection.execute(SHARE, *advisory_key(GATE, target))
    return bool(await connection.fetchval(HELD, pid, *advisory_key(STORE, target)))


async def stranger(connection: pg.Connection, target: str) -> str:
    """Who has the lock although its role could be no daemon, as a sentence; "" if nobody."""
    r = await connection.fetchrow(STRANGER, *advisory_key(STORE, target))
    if r is None:
        return ""
    role = pg.quote_identifier(r["role"]) if r["role"] else "unknown"
    return (
        f"a session that is no daemon (role {role}, pid {r['pid']}) has the daemon's advisory lock: "
        f"end it with SELECT pg_terminate_backend({r['pid']})"
    )


async def end_silent(connection: pg.Connection, target: str, seconds: float) -> bool:
    """Ends the session that has the lock if it has said nothing for so long; True if it did."""
    return bool(await connection.fetchval(END_SILENT, *advisory_key(STORE, target), seconds))
