"""The target's database itself: `connections` and `query_latency`, one round trip per poll.

`connections` are client backends of the database without our own sessions. `query_latency` is the
mean time of the calls since the last read out of pg_stat_statements (between its reads, when it is
large, the last mean); without it, or without calls, the round trip of the poll itself.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from monitor import pg
from monitor.core.samples import Micros, Reading
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.ports import Finding, Gauge, Json, note, problem
from monitor.sources import statements
from monitor.sources.session import Session, reason_of
from monitor.sources.statements import (
    CATALOGUE,
    LOOKS,
    Sums,
    due_after,
    joined,
    lacking,
    mean_ms,
    sums_of,
    usable,
)

CONNECTIONS = "connections"
QUERY_LATENCY = "query_latency"

FROM_DATABASE = (CONNECTIONS, QUERY_LATENCY)
"""Metrics that the target's database gives; they have no source of their own."""

POLL = files("monitor.sources").joinpath("database.sql").read_text(encoding="utf-8")

RIGHTS = """
/* migration-monitor */
SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all_stats
"""

PLAIN_GAUGES = {
    "longest_transaction": "database_longest_transaction_seconds",
    "longest_idle_in_transaction": "database_longest_idle_in_transaction_seconds",
    "lock_waiters": "database_lock_waiters",
    "deadlocks": "database_deadlocks",
    "commits": "database_commits",
    "rollbacks": "database_rollbacks",
}


class DatabaseProbe:
    """Serves both metrics from one held connection; every failure is a reading with its reason."""

    def __init__(self, session: Session, metrics: Sequence[str] = (CONNECTIONS, QUERY_LATENCY)) -> None:
        self._session = session
        self._metrics = tuple(metrics)
        self._generation = 0
        self._with_sums: str | None = None  # the statement; None: no pg_stat_statements on this server
        self._before: Sums | None = None
        self._mean: float | None = None
        self._quickest = float("inf")
        self._extra: deque[float] = deque(maxlen=LOOKS)  # seconds that the sums took beyond the poll
        self._sums_due: Micros = 0
        self._gauges: tuple[Gauge, ...] = ()

    @property
    def name(self) -> str:
        return "database"

    @property
    def metrics(self) -> tuple[str, ...]:
        return self._metrics

    async def read(self, now: Micros) -> Sequence[Reading]:
        try:
            row, took = await self._poll(now)
        except DatabaseError as e:
            return [Reading(metric, reason=reason_of(e)) for metric in self._metrics]
        self._gauges = _gauges(row)
        latency = took * 1000 if self._mean is None else self._mean
        values = {CONNECTIONS: float(row["connections"]), QUERY_LATENCY: latency}
        return [Reading(metric, values[metric]) for metric in self._metrics]

    def gauges(self) -> Sequence[Gauge]:
        return self._gauges

    def memory(self) -> Json:
        return statements.stored(self._before)

    def restore(self, memory: Json) -> None:
        try:
            self._before = sums_of(memory) if memory else None
        except (KeyError, TypeError, ValueError):
            self._before = None

    async def check(self) -> Sequence[Finding]:
        """What is wrong with the polling role, and what it does without."""
        try:
            rights = (await self._session.rows(RIGHTS))[0]
            found = await self._session.rows(CATALOGUE)
            await self._session.rows(POLL)
        except DatabaseError as e:
            remedy = "" if pg.is_pooler(e) else ": check that the server runs and that the role may connect"
            return [problem(f"{e}{remedy}")]
        told = []
        if not rights["reads_all_stats"]:
            told.append(problem("the role can't see other sessions: GRANT pg_monitor TO it"))
        if said := lacking(found[0] if found else None):
            told.append(note(said))
        return told

    async def aclose(self) -> None:
        await self._session.aclose()

    async def _poll(self, now: Micros) -> tuple[Mapping[str, Any], float]:
        if self._session.generation != self._generation or self._generation == 0:
            await self._learn()
        if self._with_sums is None:
            self._mean = None
        elif now >= self._sums_due:
            try:
                return await self._poll_with_sums(now, self._with_sums)
            except DatabaseUnreachable:
                raise
            except DatabaseError:  # dropped, or its rights taken away: do without until we reconnect
                self._with_sums = self._mean = None
        return await self._timed(POLL)

    async def _poll_with_sums(self, now: Micros, sql: str) -> tuple[Mapping[str, Any], float]:
        row, took = await self._timed(sql)
        after = sums_of(row)
        self._mean = None if self._before is None else mean_ms(self._before, after)
        self._before = after
        self._extra.append(took - self._quickest)
        self._sums_due = now + due_after(self._extra)
        return row, took

    async def _timed(self, sql: str) -> tuple[Mapping[str, Any], float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        row = (await self._session.rows(sql))[0]
        took = loop.time() - started
        self._quickest = min(self._quickest, took) if sql is POLL else self._quickest
        return row, took

    async def _learn(self) -> None:
        """Once per connection: what this server has. The poll that follows is also its own timing."""
        found = await self._session.rows(CATALOGUE)
        self._generation = self._session.generation
        self._with_sums = joined(POLL, found[0]) if found and usable(found[0]) else None
        await self._timed(POLL)
        self._sums_due = 0


def _gauges(row: Mapping[str, Any]) -> tuple[Gauge, ...]:
    states: Mapping[str, int] = json.loads(row["states"])
    return (
        *(Gauge("database_sessions", float(count), (("state", state),)) for state, count in states.items()),
        *(Gauge(name, float(row[column] or 0)) for column, name in PLAIN_GAUGES.items()),
    )
