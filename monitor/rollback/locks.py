"""How patient a try is, how long to rest between tries, and who is in the way.

Doubling wins against overlapping readers where a fixed 100 ms never does; the cap keeps the
application's wait behind us short. Nobody is cancelled or terminated here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.pg import Connection

FIRST_TIMEOUT = 0.1
"""Seconds of the first try."""

DEADLOCK_MARGIN = 0.5
"""Beyond deadlock_timeout: a waiting autovacuum is cancelled by the server only after that."""

DEADLOCK_EVERY = 4

BLOCKERS = """/* migration-monitor: who holds the relations */
SELECT l.pid, coalesce(a.application_name, '') AS application, coalesce(a.state, '') AS state,
       coalesce(a.backend_type, 'prepared transaction') AS backend,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::float8 AS age,
       pg_catalog.array_agg(DISTINCT l.mode) AS modes
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(t.label)::oid FROM unnest($1::text[]) t(label))
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY age DESC NULLS LAST
 LIMIT 10"""


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """Seconds. One try waits at most `max_app_stall` for all its locks; `budget` until people are paged."""

    max_app_stall: float = 2.0
    budget: float = 120.0
    rest: float = 0.1  # the first rest between tries, doubled up to rest_max
    rest_max: float = 2.0
    slow_rest: float = 10.0  # after the budget

    def timeout(self, attempt: int, deadlock_timeout: float) -> float:
        """How long try `attempt` (from 1) may wait for its locks, in all."""
        doubled = FIRST_TIMEOUT * 2.0 ** min(attempt - 1, 20)
        if attempt % DEADLOCK_EVERY == 0:
            doubled = max(doubled, deadlock_timeout + DEADLOCK_MARGIN)
        return min(doubled, self.max_app_stall)

    def rest_after(self, attempt: int, spent: float) -> float:
        """Jittered, so that two daemons or two readers in step come out of step."""
        whole = self.rest * 2.0 ** min(attempt - 1, 20)
        longest = self.slow_rest if spent >= self.budget else self.rest_max
        base = longest if spent >= self.budget else min(whole, longest)
        return base * random.uniform(0.5, 1.5)  # noqa: S311 - spreading, not a secret


@dataclass(frozen=True, slots=True)
class Blocker:
    """Who holds a touched relation: no query text, since that can hold values."""

    pid: int
    application: str
    state: str
    backend: str
    age: float | None  # seconds of its transaction; None when the role may not see it
    modes: tuple[str, ...]

    def __str__(self) -> str:
        age = f", for {self.age:.0f} s" if self.age is not None else ""
        return f"pid {self.pid} ({self.application or self.backend}, {self.state or 'state unknown'}{age})"


async def blockers(connection: Connection, labels: Sequence[str]) -> tuple[Blocker, ...]:
    """Sessions that hold a lock on the relations at this moment, longest transaction first."""
    rows = await connection.fetch(BLOCKERS, list(labels))
    return tuple(
        Blocker(r["pid"] or 0, r["application"], r["state"], r["backend"], r["age"], tuple(r["modes"]))
        for r in rows
    )


def told(found: Sequence[Blocker]) -> dict[str, object]:
    """Blockers as the detail of an event, and a line for people of each."""
    return {
        "blockers": [
            {"pid": b.pid, "application": b.application, "state": b.state, "age": b.age} for b in found
        ],
        "text": [str(b) for b in found],
    }
