"""The session in which a statement outside a transaction runs: its lock, its settings, its waiting.

Settings are the session's, since there is no transaction to set them for; they are taken back after it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from monitor import pg
from monitor.errors import DatabaseError
from monitor.pg import Connection, quote_literal
from monitor.plan.stored import Plan
from monitor.ports import Progress, ProgressKind
from monitor.rollback.blocking import detail_of, waited_for
from monitor.rollback.held import Session, answer
from monitor.rollback.means import Means
from monitor.sql.redaction import bare
from monitor.sql.scripts import Statement, key_of

RELEASE_DEADLINE = 3.0
"""Seconds to take lock and settings back; after that the socket is cut, which does it too."""

CLAIM = """/* migration-monitor: this step is ours to run */
SELECT pg_catalog.pg_try_advisory_lock(k.key) OR EXISTS (
    SELECT FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
     WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
       AND (l.classid::bigint << 32) | l.objid::bigint = k.key
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       AND NOT coalesce(r.rolsuper OR r.rolname = current_user OR pg_catalog.has_table_privilege(
             r.oid, 'migration_monitor.rollback_step', 'UPDATE'), false))
  FROM (SELECT pg_catalog.hashtextextended($1, 0) AS key) k"""
"""A session that may not write the ledger runs no step: its lock, which everybody who may connect can take,
keeps nobody from it."""

UNCLAIM = """/* migration-monitor: this step is not ours any more */
SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1, 0))"""

IDLE_SINCE = 14
"""The first major that ends a session which stands still outside a transaction."""

SET_IDLE = "SET idle_session_timeout = '10s'"
"""A daemon that was stopped loses its claim with its session, and another one goes on; the one that wakes
must claim anew."""

AT_WORK = """/* migration-monitor: who else changes the table or builds on it */
SELECT l.pid FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                  'AccessExclusiveLock')
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.relation IN (SELECT coalesce(i.indrelid, r.oid) FROM unnest($1::text[]) t(label)
                       CROSS JOIN LATERAL (SELECT pg_catalog.to_regclass(t.label)::oid) r(oid)
                        LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid)
 LIMIT 1"""


def key_of_step(watch_id: str, step: int) -> str:
    """What the advisory lock is of."""
    return f"migration_monitor/{watch_id}/{step}"


async def claim(connection: Connection, watch_id: str, step: int) -> None:
    """Tried, never waited for: a session that waits holds a snapshot, for which CONCURRENTLY waits."""
    trying = connection.fetchval(CLAIM, key_of_step(watch_id, step))
    if not await answer(connection, trying, "claiming the step"):
        raise DatabaseError(f"another session still runs statement {step} of this rollback", "55P03")
    if connection.get_server_version().major >= IDLE_SINCE:
        await answer(connection, connection.execute(SET_IDLE), "limiting how long the claim may stand still")


async def release(connection: Connection, watch_id: str, step: int) -> None:
    """Never raises but for cancellation: a connection that does not answer is cut."""
    if connection.is_closed():
        return
    try:
        async with asyncio.timeout(RELEASE_DEADLINE):
            await connection.fetchval(UNCLAIM, key_of_step(watch_id, step))
            if connection.get_server_version().major >= IDLE_SINCE:
                await connection.execute("SET idle_session_timeout = 0")
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception:  # lost, silent or broken: the lock goes with the session
        connection.terminate()


async def alone(connection: Connection, plan: Plan, s: Statement) -> None:
    """Raises DatabaseError while another session holds a lock that says it builds or changes something."""
    labels = [plan.resolution[key_of(a.relation)] for a in s.actions if a.relation]
    pid = await connection.fetchval(AT_WORK, labels)
    if pid is not None:
        raise DatabaseError(f"session {pid} is at work on {', '.join(labels)}: waiting for its end", "55P03")


@contextlib.asynccontextmanager
async def applied(
    connection: Connection, plan: Plan, lock_seconds: float, statement_seconds: float
) -> AsyncIterator[None]:
    """Our own values win over whatever the role or the database sets, for as long as the block lasts.

    How long the session may stand still is set by `claim`, and stands until `release`.
    """
    version = connection.get_server_version().major
    values = {
        "lock_timeout": f"{round(lock_seconds * 1000)}ms",
        "statement_timeout": f"{round(statement_seconds * 1000)}ms",
        "standard_conforming_strings": "on",
        "search_path": plan.search_path,
        **({"client_connection_check_interval": "2s"} if version >= 14 else {}),
    }
    pairs = ", ".join(f"({quote_literal(k)}, {quote_literal(v)})" for k, v in values.items())
    chosen = f"(VALUES {pairs}) AS s(name, value)"
    setting = f"{pg.MARK} SELECT pg_catalog.set_config(s.name, s.value, false) FROM {chosen}"
    await answer(connection, connection.execute(setting), "setting the session up")
    try:
        yield
    finally:
        await _taken_back(connection, list(values))


async def _taken_back(connection: Connection, names: list[str]) -> None:
    if connection.is_closed():
        return
    try:
        async with asyncio.timeout(RELEASE_DEADLINE):
            await connection.execute("; ".join(f"RESET {name}" for name in names))
            await pg.pin(connection)
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception:  # the next session has no settings of ours
        connection.terminate()


@contextlib.asynccontextmanager
async def paging(
    means: Means, plan: Plan, session: Session, report: Callable[[Progress], None], what: str
) -> AsyncIterator[None]:
    """Pages once, with whom it waits for, when what runs in the block takes longer than the lock budget."""
    pager = asyncio.create_task(_page(means, plan, session, report, what), name=f"page/{what}")
    try:
        yield
    finally:
        pager.cancel()
        await asyncio.gather(pager, return_exceptions=True)


async def _page(
    means: Means, plan: Plan, session: Session, report: Callable[[Progress], None], what: str
) -> None:
    await asyncio.sleep(means.policy.budget)
    text = f"{what} has been running for {means.policy.budget:.0f} s: it blocks nobody, and continues"
    report(Progress(ProgressKind.BUDGET_SPENT, text, await _waits_for(means, plan, session)))


async def _waits_for(means: Means, plan: Plan, session: Session) -> dict[str, object]:
    """From a second session: the first one is busy."""
    try:
        fresh = (await means.held.fresh(plan.system_identifier)).connection
    except DatabaseError:
        return {"blockers": []}
    try:
        found = await answer(fresh, waited_for(fresh, session.server.pid), "finding blockers")
        return detail_of(found, await bare([b.query for b in found]))
    except DatabaseError:
        return {"blockers": []}
    finally:
        await pg.close(fresh)
