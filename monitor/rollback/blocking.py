"""Who holds the relations that a rollback needs: found, described without a value of theirs, and let be.

This file ends nobody; clearing.py does, where the configuration says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.pg import Connection, quote_literal

AUTOVACUUM = "autovacuum worker"
"""Its backend_type."""

DESCRIBED = """/* migration-monitor: {title} */
SELECT h.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename::text, '') AS "user",
       coalesce(a.state, '') AS state, coalesce(a.backend_type, 'prepared transaction') AS backend,
       coalesce(a.query, '') AS query, a.backend_start, a.xact_start, coalesce(p.gid, '') AS gid,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                                     - coalesce(a.xact_start, p.prepared))::float8 AS age,
       coalesce((NOT coalesce(r.rolsuper, false) OR me.rolsuper)
                AND (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
                     OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')), false) AS may_signal,
       pg_catalog.array_agg(DISTINCT h.mode) AS modes
  FROM {source} AS h(pid, virtualtransaction, mode)
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
  LEFT JOIN pg_catalog.pg_locks x ON h.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'
   AND x.granted AND x.virtualtransaction = h.virtualtransaction
  LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
  JOIN pg_catalog.pg_roles me ON me.rolname = current_user
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
 ORDER BY age DESC NULLS LAST
 LIMIT 20"""

OF_RELATIONS = """(
SELECT l.pid, l.virtualtransaction, l.mode FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.relation IN (WITH RECURSIVE below(oid) AS (
                      SELECT pg_catalog.to_regclass(t.label)::oid FROM unnest($1::text[]) t(label)
                       UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i
                                JOIN below ON below.oid = i.inhparent)
                      SELECT oid FROM below))"""
"""With their partitions: LOCK TABLE waits for those of each."""

OF_WAITING = """(
SELECT b.pid, NULL::text, ''::text FROM unnest(pg_catalog.pg_blocking_pids($1)) b(pid) WHERE b.pid > 0
UNION ALL
SELECT NULL, h.virtualtransaction, h.mode
  FROM pg_catalog.pg_locks w JOIN pg_catalog.pg_locks h ON h.granted AND h.pid IS NULL
   AND h.locktype = w.locktype
   AND (h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
       IS NOT DISTINCT FROM
       (w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
 WHERE w.pid = $1 AND NOT w.granted)"""
"""The second half is prepared transactions, of which pg_blocking_pids says only that there are some."""

HOLDERS = DESCRIBED.format(title="who holds the relations", source=OF_RELATIONS)

WAITED_FOR = DESCRIBED.format(title="whom the rollback waits for", source=OF_WAITING)


@dataclass(frozen=True, slots=True)
class Blocker:
    """One session or prepared transaction. `query` holds values: it is never shown as it is."""

    pid: int  # 0: a prepared transaction
    application: str
    user: str
    state: str
    backend: str
    age: float | None  # seconds of its transaction; None when the role may not see it
    modes: tuple[str, ...]
    may_signal: bool = False
    query: str = field(default="", repr=False)
    backend_start: datetime | None = None
    xact_start: datetime | None = None
    gid: str = ""  # of a prepared transaction

    def told(self, statement: str = "") -> str:
        """One line; `statement`: what it does, without literals."""
        age = f", for {self.age:.0f} s" if self.age is not None else ""
        what = f": {statement}" if statement else ""
        if not self.pid:
            gid = quote_literal(self.gid).strip()
            return f"a prepared transaction{age}: end it by COMMIT PREPARED {gid} or ROLLBACK PREPARED {gid}"
        return (
            f"pid {self.pid} ({self.application or self.backend}, {self.state or 'state unknown'}{age}){what}"
        )


async def holders(connection: Connection, labels: Sequence[str]) -> tuple[Blocker, ...]:
    """Sessions that hold a lock on the relations at this moment, longest transaction first.

    All that hold any lock stand in the way: the rollback asks for ACCESS EXCLUSIVE.
    """
    return _read(await connection.fetch(HOLDERS, list(labels)))


async def waited_for(connection: Connection, pid: int) -> tuple[Blocker, ...]:
    """Whom that backend waits for at this moment, whatever the lock is on; asked from another session."""
    return _read(await connection.fetch(WAITED_FOR, pid))


def _read(rows: Sequence[Any]) -> tuple[Blocker, ...]:
    return tuple(
        Blocker(
            r["pid"] or 0, r["application"], r["user"], r["state"], r["backend"], r["age"], tuple(r["modes"]),
            r["may_signal"], r["query"], r["backend_start"], r["xact_start"], r["gid"],
        )
        for r in rows
    )  # fmt: skip


def detail_of(found: Sequence[Blocker], statements: Sequence[str]) -> dict[str, Any]:
    """Blockers as the detail of an event, and a line for people of each; `statements` without literals."""
    both = list(zip(found, statements, strict=True))
    return {
        "blockers": [
            {"pid": b.pid, "application": b.application, "state": b.state, "age": b.age, "query": query}
            | ({"gid": b.gid} if b.gid else {})
            for b, query in both
        ],
        "text": [b.told(query) for b, query in both],
    }
