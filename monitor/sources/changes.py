"""What changed in the target's database since a watch began: statements, lock waits, invalid indexes.

Read over a connection of its own, at most every 30 s, without query texts but for the few that are shown.
Every failure is a DatabaseError; without pg_stat_statements the statements are left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import quote_identifier
from monitor.ports import Json
from monitor.sources.compared import TOP, Change, Reading, compare
from monitor.sources.literals import shown
from monitor.sources.noise import OWN_ROLES, is_noise
from monitor.sources.session import Session
from monitor.sources.statements import CATALOGUE, usable

CANDIDATES = 5 * TOP
"""Statements of a list whose texts are read: those that are not the application's are left out of it."""

COUNTERS = """
/* migration-monitor */
SELECT s.queryid::text AS id, pg_catalog.sum(s.calls)::float8 AS calls,
    pg_catalog.sum(s.{time})::float8 AS total
FROM {schema}.pg_stat_statements(false) AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()
WHERE s.queryid IS NOT NULL AND s.userid::bigint <> ALL ($1::bigint[])
GROUP BY s.queryid
"""

INFO = """
/* migration-monitor */
SELECT extract(epoch FROM stats_reset)::float8 AS reset_at, dealloc::bigint AS evicted
FROM {schema}.pg_stat_statements_info
"""

TEXTS = """
/* migration-monitor */
SELECT DISTINCT ON (s.queryid) s.queryid::text AS id, s.query
FROM {schema}.pg_stat_statements AS s WHERE s.queryid = ANY ($1::bigint[])
"""

LOCKS = """
/* migration-monitor */
SELECT c.oid::regclass::text AS relation, pg_catalog.count(*) AS waiting,
    coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(a.query_start)), 0)::float8
        AS longest
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE NOT l.granted AND c.relname = ANY ($1::text[])
GROUP BY c.oid ORDER BY 2 DESC LIMIT 10
"""

INVALID = """
/* migration-monitor */
SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS relation
FROM pg_catalog.pg_index AS i
WHERE NOT i.indisvalid
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid
    )
ORDER BY 1 LIMIT 50
"""


class DatabaseChanges:
    """Implements `Statistics` over one session; `rollback_role`: the other role of ours in its database.

    Which roles are ours alone is settled with the baseline: counted before and not since, a statement would
    be told as gone.
    """

    def __init__(self, session: Session, rollback_role: str = "") -> None:
        self._session = session
        self._rollback_role = rollback_role

    async def baseline(self) -> Json:
        """How it is now, to be compared with later; ready for JSON."""
        own = [row["id"] for row in await self._session.rows(OWN_ROLES, self._rollback_role)]
        reading = await self._reading(own)
        return {
            "at": time.time() if reading is None else reading.at,
            "reset_at": reading.reset_at if reading else 0.0,
            "evicted": reading.evicted if reading else 0,
            "statements": {} if reading is None else {k: list(v) for k, v in reading.counters.items()},
            "known": reading is not None,
            "own_roles": own,
            "invalid_indexes": [row["name"] for row in await self._session.rows(INVALID)],
        }

    async def changes(self, baseline: Json, tables: Sequence[str]) -> Json:
        """What is different now; `tables` are names whose lock waits are looked at."""
        told: Mapping[str, Any] = baseline
        invalid = await self._session.rows(INVALID)
        locks = await self._session.rows(LOCKS, list(tables))
        known_invalid = set(told["invalid_indexes"])
        return {
            "since": told["at"],
            "at": time.time(),
            "statements": await self._statements(told),
            "lock_waits": [
                {"relation": r["relation"], "waiting": r["waiting"], "longest_seconds": r["longest"]}
                for r in locks
            ],
            "invalid_indexes": [
                {"name": r["name"], "relation": r["relation"], "new": r["name"] not in known_invalid}
                for r in invalid
            ],
        }

    async def aclose(self) -> None:
        await self._session.aclose()

    async def _statements(self, told: Mapping[str, Any]) -> Json | None:
        """None: the server has no pg_stat_statements that we may read."""
        now = await self._reading(told.get("own_roles", ())) if told["known"] else None
        if now is None:
            return None
        before = Reading(told["at"], told["reset_at"], told["evicted"], told["statements"])
        lists = compare(before, now)
        wanted = {c.id for found in lists.values() for c in found[:CANDIDATES]}
        texts = await self._texts(wanted)
        return {
            "reset": before.reset_at != now.reset_at,
            "evicted": now.evicted - before.evicted,
            **{name: _shown(found, texts) for name, found in lists.items()},
        }

    async def _reading(self, own: Sequence[int]) -> Reading | None:
        found = await self._session.rows(CATALOGUE)
        if not found or not usable(found[0]):
            return None
        schema = quote_identifier(found[0]["schema"])
        column = "total_exec_time" if found[0]["has_exec_time"] else "total_time"
        try:
            info = await self._session.rows(INFO.format(schema=schema)) if found[0]["has_info"] else []
            rows = await self._session.rows(COUNTERS.format(schema=schema, time=column), list(own))
        except DatabaseUnreachable:
            raise
        except DatabaseError:  # dropped, or its rights taken away, at this moment
            return None
        counters = {r["id"]: (r["calls"], r["total"]) for r in rows}
        reset_at, evicted = (info[0]["reset_at"], info[0]["evicted"]) if info else (0.0, 0)
        return Reading(time.time(), reset_at or 0.0, evicted, counters)

    async def _texts(self, ids: set[str]) -> Mapping[str, str]:
        if not ids:
            return {}
        schema = quote_identifier((await self._session.rows(CATALOGUE))[0]["schema"])
        rows = await self._session.rows(TEXTS.format(schema=schema), [int(id) for id in ids])
        return {r["id"]: r["query"] for r in rows}


def _shown(found: Sequence[Change], texts: Mapping[str, str]) -> list[Json]:
    """The first ones of the application, without their values."""
    others = [c for c in found[:CANDIDATES] if not is_noise(texts.get(c.id, ""))]
    return [c.view(shown(texts.get(c.id, ""))) for c in others[:TOP]]
