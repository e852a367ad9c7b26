"""A deadlock with the application while a try takes its locks: seen early, and lost by us.

The server looks for one only after deadlock_timeout, and ends whoever has waited longest: perhaps the
application. This file decides on no try.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.pg import Connection
from monitor.rollback.advance import Lock

EMBRACED = """/* migration-monitor: does the rollback wait for somebody who waits for it? */
WITH RECURSIVE chain(pid) AS (
         SELECT b.pid FROM unnest(pg_catalog.pg_blocking_pids($1)) b(pid) WHERE b.pid > 0
          UNION
         SELECT b.pid FROM chain, unnest(pg_catalog.pg_blocking_pids(chain.pid)) b(pid) WHERE b.pid > 0),
     embraced AS MATERIALIZED (SELECT EXISTS (SELECT FROM chain WHERE pid = $1) AS value),
     waiting AS (
         SELECT l.pid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS label
           FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE l.locktype = 'relation' AND NOT l.granted
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                               WHERE d.datname = pg_catalog.current_database()))
SELECT embraced.value AS embraced,
       CASE WHEN embraced.value THEN pg_catalog.pg_cancel_backend($1) END AS cancelled,
       (SELECT w.label FROM waiting w WHERE w.pid = $1 LIMIT 1) AS awaited,
       ARRAY(SELECT DISTINCT w.label FROM waiting w JOIN chain USING (pid)
              WHERE w.pid <> $1 AND $1 = ANY (pg_catalog.pg_blocking_pids(w.pid))) AS wanted
  FROM embraced"""


@dataclass(frozen=True, slots=True)
class Embrace:
    """`awaited`: the table that we wait for; `wanted`: those for which somebody waits for us."""

    embraced: bool
    awaited: str
    wanted: frozenset[str]


@dataclass(slots=True)
class Queue:
    """The order of the locks: by name, until the application shows that it takes them in another."""

    _labels: list[str] = field(default_factory=list)

    def ordered(self, locks: Sequence[Lock]) -> list[Lock]:
        known = {label: n for n, label in enumerate(self._labels)}
        self._labels += sorted(lock.label for lock in locks if lock.label not in known)
        return sorted(locks, key=lambda lock: self._labels.index(lock.label))

    def learn(self, found: Embrace) -> None:
        """Who has `awaited` and wants one of ours has taken it before that one."""
        if found.awaited not in self._labels:
            return
        self._labels.remove(found.awaited)
        places = [n for n, label in enumerate(self._labels) if label in found.wanted]
        self._labels.insert(min(places, default=0), found.awaited)


async def look(connection: Connection, pid: int) -> Embrace:
    """Whether the session waits, over others, for itself; then it is cancelled. From another session."""
    r = await connection.fetchrow(EMBRACED, pid)
    if r is None:
        raise AssertionError
    return Embrace(r["embraced"], r["awaited"] or "", frozenset(r["wanted"]))
