"""Who holds the relations that a rollback needs: found, described without a value of theirs, and let be.

This file ends nobody; clearing.py does, where the configuration says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.pg import Connection

BLOCKERS = """/* migration-monitor: who holds the relations */
SELECT l.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename::text, '') AS "user",
       coalesce(a.state, '') AS state, coalesce(a.backend_type, 'prepared transaction') AS backend,
       coalesce(a.query, '') AS query, a.backend_start, a.xact_start,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                                     - coalesce(a.xact_start, p.prepared))::float8 AS age,
       coalesce((NOT coalesce(r.rolsuper, false) OR me.rolsuper)
                AND (pg_catalog.pg_has_role(a.usesysid, 'USAGE')
                     OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')), false) AS may_signal,
       pg_catalog.array_agg(DISTINCT l.mode) AS modes
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_prepared_xacts p
    ON l.pid IS NULL AND p.transaction::text = pg_catalog.split_part(l.virtualtransaction, '/', 2)
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
  JOIN pg_catalog.pg_roles me ON me.rolname = current_user
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(t.label)::oid FROM unnest($1::text[]) t(label))
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
 ORDER BY age DESC NULLS LAST
 LIMIT 20"""


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

    def told(self, statement: str = "") -> str:
        """One line; `statement`: what it does, without literals."""
        age = f", for {self.age:.0f} s" if self.age is not None else ""
        what = f": {statement}" if statement else ""
        if not self.pid:
            return f"a prepared transaction{age}"
        return (
            f"pid {self.pid} ({self.application or self.backend}, {self.state or 'state unknown'}{age}){what}"
        )


async def blockers(connection: Connection, labels: Sequence[str]) -> tuple[Blocker, ...]:
    """Sessions that hold a lock on the relations at this moment, longest transaction first.

    All that hold any lock stand in the way: the rollback asks for ACCESS EXCLUSIVE.
    """
    rows = await connection.fetch(BLOCKERS, list(labels))
    return tuple(
        Blocker(
            r["pid"] or 0, r["application"], r["user"], r["state"], r["backend"], r["age"], tuple(r["modes"]),
            r["may_signal"], r["query"], r["backend_start"], r["xact_start"],
        )
        for r in rows
    )  # fmt: skip


def detail_of(found: Sequence[Blocker], statements: Sequence[str] = ()) -> dict[str, Any]:
    """Blockers as the detail of an event, and a line for people of each."""
    texts = list(statements) or [""] * len(found)
    return {
        "blockers": [
            {"pid": b.pid, "application": b.application, "state": b.state, "age": b.age} for b in found
        ],
        "text": [b.told(text) for b, text in zip(found, texts, strict=True)],
    }
