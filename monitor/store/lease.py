"""The row that says which daemon may act on a target. It stands in the target's own database.

How one daemon at a time acts, whatever stops, hangs or wakes:
1. Whoever takes the row writes a token of its own into it. Each of its transactions first reads the row
   under a lock and goes on only if the token is still there (`confirmed`). Until such a transaction has ended
   nobody takes the row, so a former daemon's writes are over before the next one reads anything, and a later
   one of it is refused.
2. It is free when the session that took it is gone, at once, or when it was not renewed for LEASE_SECONDS by
   the server's clock. No clock of a daemon counts.
3. Only a role that may write the ledger can take, lock or renew it. An advisory lock, which everybody who may
   connect can take, decides nothing.
A standby that is promoted has the row as it was: its session is on another server, so it is free.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor import pg
from monitor.store.session import transaction

LEASE_SECONDS = 15.0
"""Silent for longer than this, a daemon is replaced. Above the 10 s after which the server ends a
transaction that a stopped daemon left open."""

FREE = """(l.renewed_at < pg_catalog.clock_timestamp() - $2::float8 * interval '1 second'
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                        WHERE a.pid = l.session_pid
                          AND coalesce(a.backend_start = l.session_start, true)))"""
"""When a session began is not shown to every role: then its pid must do, and the time of its last renewal."""

LOOK = f"""/* migration-monitor */
SELECT l.holder, {FREE} AS free, $3 <> '' AND l.token = $3 AS ours
  FROM migration_monitor.lease l WHERE l.name = $1
"""

PLACE = """/* migration-monitor */
INSERT INTO migration_monitor.lease (name, holder, renewed_at) VALUES ($1, '', '-infinity')
ON CONFLICT (name) DO NOTHING
"""

LOCK = "/* migration-monitor */ SELECT FROM migration_monitor.lease WHERE name = $1 FOR UPDATE"

TAKE = """/* migration-monitor */
UPDATE migration_monitor.lease
   SET holder = $2, token = $3, session_pid = pg_catalog.pg_backend_pid(),
       session_start = (SELECT a.backend_start FROM pg_catalog.pg_stat_activity a
                         WHERE a.pid = pg_catalog.pg_backend_pid()),
       acquired_at = pg_catalog.clock_timestamp(), renewed_at = pg_catalog.clock_timestamp()
 WHERE name = $1
"""

CONFIRM = """/* migration-monitor: does this daemon still look after the target */
SELECT token FROM migration_monitor.lease WHERE name = $1 FOR KEY SHARE
"""
"""Not in the way of RENEW, which may come while a rollback's transaction lasts; LOCK waits for it."""

RENEW = """/* migration-monitor: this daemon lives */
UPDATE migration_monitor.lease SET renewed_at = pg_catalog.clock_timestamp() WHERE name = $1 AND token = $2
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The row is ours. `before`: who had it; `ours`: that was us, by the token we gave."""

    before: str
    ours: bool


async def holder_of(connection: pg.Connection, name: str) -> str:
    """Who took it last, as `host:pid`; "" if nobody ever did."""
    row = await connection.fetchrow(LOOK, name, LEASE_SECONDS, "")
    return "" if row is None else str(row["holder"])


async def is_held(connection: pg.Connection, name: str, seconds: float) -> bool:
    """Whether a daemon monitors the target now."""
    row = await connection.fetchrow(LOOK, name, seconds, "")
    return row is not None and not row["free"]


async def take(
    connection: pg.Connection, name: str, holder: str, token: str, former: str, seconds: float
) -> Taken | None:
    """Writes our `token` if the row is free, or still has our `former` one; None: another daemon has it.

    The row belongs to the session of this connection. Waits for transactions that the former one confirmed.
    """
    row = await connection.fetchrow(LOOK, name, seconds, former)
    if row is not None and not (row["free"] or row["ours"]):
        return None  # most of the time: nobody's lock is asked for
    await connection.execute(PLACE, name)
    async with transaction(connection):
        await connection.execute(LOCK, name)
        row = await connection.fetchrow(LOOK, name, seconds, former)  # what the lock waited for is seen
        if row is None or not (row["free"] or row["ours"]):
            return None
        await connection.execute(TAKE, name, holder, token)
    return Taken(row["holder"], row["ours"])


async def confirmed(connection: pg.Connection, name: str, token: str) -> bool:
    """Whether it still has our token; in a transaction, it stays so until its end."""
    return bool(await connection.fetchval(CONFIRM, name) == token)


async def renewed(connection: pg.Connection, name: str, token: str) -> bool:
    """A sign of life; False when another daemon has taken it."""
    tag: str = await connection.execute(RENEW, name, token)
    return tag.endswith(" 1")
