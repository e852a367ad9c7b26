"""The advisory lock beside the lease: a sign that a daemon is there, and a trap for whoever should not be.

It decides nothing, since everybody who may connect can take it. A daemon has it for as long as it has the
lease, if it can. Who has it instead without being able to be a daemon is named to people.
"""

from __future__ import annotations

import hashlib

from monitor import pg

STORE = 0x6D6D0001
"""First half of our advisory key ("mm" and a number)."""

TRY = "/* migration-monitor */ SELECT pg_catalog.pg_try_advisory_lock($1, $2)"

STRANGER = """/* migration-monitor: who has the daemon's lock without being able to be one */
SELECT l.pid, coalesce(a.usename::text, '') AS role
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'migration_monitor'
  LEFT JOIN pg_catalog.pg_class w ON w.relnamespace = n.oid AND w.relname = 'watch'
 WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
   AND l.classid::bigint = $1::integer AND l.objid::bigint = $2::integer
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND NOT coalesce(r.rolsuper OR r.rolname = current_user
                    OR pg_catalog.has_table_privilege(r.oid, w.oid, 'UPDATE'), false)
 ORDER BY l.pid LIMIT 1
"""


def advisory_key(kind: int, name: str) -> tuple[int, int]:
    """The two halves of an advisory key; the second is 31 bits of the name's sha256."""
    return kind, int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


async def given(connection: pg.Connection, target: str) -> bool:
    """Tries the lock once; it is the session's until that ends."""
    return bool(await connection.fetchval(TRY, *advisory_key(STORE, target)))


async def stranger(connection: pg.Connection, target: str) -> str:
    """Who has the lock although its role could be no daemon, as a sentence; "" if nobody."""
    r = await connection.fetchrow(STRANGER, *advisory_key(STORE, target))
    if r is None:
        return ""
    if r["pid"] is None:
        who, remedy = "a prepared transaction", "end it with ROLLBACK PREPARED, see pg_prepared_xacts"
    else:
        role = pg.quote_identifier(r["role"]) if r["role"] else "unknown"
        who = f"a session that is no daemon (role {role}, pid {r['pid']})"
        remedy = f"end it with SELECT pg_terminate_backend({r['pid']})"
    what = "it keeps no daemon out, but nobody takes it by chance"
    return f"{who} has the daemon's advisory lock: {what}; {remedy}"
