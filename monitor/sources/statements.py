"""Mean execution time out of `pg_stat_statements`: which columns it has, its sums, and their increase.

The sums are one more column list of the poll's statement (`joined`), without the query texts. This
file does not run anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.pg import quote_identifier
from monitor.ports import Json

CATALOGUE = """
/* migration-monitor */
SELECT n.nspname AS schema,
    pg_catalog.bool_or(a.attname = 'total_exec_time') AS has_exec_time,
    EXISTS (SELECT FROM pg_catalog.pg_class AS i
             WHERE i.relnamespace = n.oid AND i.relname = 'pg_stat_statements_info') AS has_info,
    EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max') AS is_loaded,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c
                       WHERE c.relnamespace = n.oid AND c.relname LIKE 'pg_stat_statements%'
                         AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT'))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS f
                       WHERE f.pronamespace = n.oid
                         AND f.proname IN ('pg_stat_statements', 'pg_stat_statements_info')
                         AND NOT pg_catalog.has_function_privilege(f.oid, 'EXECUTE')) AS is_allowed,
    current_user AS role
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
JOIN pg_catalog.pg_class AS v ON v.relnamespace = n.oid AND v.relname = 'pg_stat_statements'
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0
WHERE e.extname = 'pg_stat_statements'
GROUP BY n.nspname, n.oid
"""
"""By the catalogue alone: a name looked up in a schema without the right to use it is an error, which the
server's log has each time."""

LARGE_SECONDS = 0.005
LARGE_EVERY = 30 * SECOND
"""Summing 5,000 entries takes 8 ms and holds a shared lock meanwhile: every 30 s is enough."""

LOOKS = 3
"""Reads by the quickest of which it is judged: a slow one says more of the network than of the entries."""

OWN_CALLS = 2
"""Statements of our own since the last read, at most: the poll and one more."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Cumulative calls and milliseconds, of all users and of others than ours; `era` changes with resets."""

    era: str
    calls: float
    total: float
    calls_of_others: float
    total_of_others: float


def usable(catalogue: Mapping[str, Any]) -> bool:
    """Whether the sums can be read at all."""
    return bool(catalogue["is_loaded"] and catalogue["is_allowed"])


def lacking(catalogue: Mapping[str, Any] | None) -> str:
    """Why query_latency is the time of our own poll, and the remedy; "" when it is not."""
    own = "so query_latency is the time of our own poll"
    if catalogue is None:
        return (
            f"pg_stat_statements is not installed here, {own}:"
            " add it to shared_preload_libraries and CREATE EXTENSION pg_stat_statements"
        )
    if not catalogue["is_loaded"]:
        return f"pg_stat_statements is not loaded, {own}: add it to shared_preload_libraries and restart"
    if not catalogue["is_allowed"]:
        schema, role = quote_identifier(catalogue["schema"]), quote_identifier(catalogue["role"])
        return (
            f"the role may not use pg_stat_statements in schema {schema}, {own}:"
            f" GRANT USAGE ON SCHEMA {schema} TO {role}, and SELECT and EXECUTE on what is in it"
        )
    return ""


def joined(poll: str, catalogue: Mapping[str, Any]) -> str:
    """The poll's statement with the sums in the same round trip."""
    schema = quote_identifier(catalogue["schema"])
    time = "total_exec_time" if catalogue["has_exec_time"] else "total_time"
    era = f"(SELECT i.dealloc::text || ' ' || i.stats_reset::text FROM {schema}.pg_stat_statements_info AS i)"
    other = "FILTER (WHERE s.userid <> me.oid)"
    return f"""
/* migration-monitor */
SELECT poll.*, sums.* FROM ({poll}) AS poll, (
    SELECT {era if catalogue["has_info"] else "''"} AS era,
        coalesce(pg_catalog.sum(s.calls), 0)::float8 AS calls,
        coalesce(pg_catalog.sum(s.{time}), 0)::float8 AS total,
        coalesce(pg_catalog.sum(s.calls) {other}, 0)::float8 AS calls_of_others,
        coalesce(pg_catalog.sum(s.{time}) {other}, 0)::float8 AS total_of_others
    FROM {schema}.pg_stat_statements(false) AS s
    JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()
    CROSS JOIN (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) AS me
) AS sums
"""


def mean_ms(before: Sums, after: Sums) -> float | None:
    """Mean milliseconds of the calls between two reads; None without calls, or after a reset or eviction."""
    if before.era != after.era or after.calls < before.calls or after.total < before.total:
        return None
    others = after.calls_of_others - before.calls_of_others
    if others > 0:
        return max(0.0, after.total_of_others - before.total_of_others) / others
    calls = after.calls - before.calls
    return (after.total - before.total) / calls if calls > OWN_CALLS else None


def due_after(seconds: Sequence[float]) -> Micros:
    """How long to wait before the next sums when the latest ones took so long beyond the poll itself."""
    return LARGE_EVERY if min(seconds) > LARGE_SECONDS else 0


def sums_of(row: Mapping[str, Any]) -> Sums:
    return Sums(
        str(row["era"] or ""), float(row["calls"]), float(row["total"]),
        float(row["calls_of_others"]), float(row["total_of_others"]),
    )  # fmt: skip


def stored(sums: Sums | None) -> Json:
    """For `restore`."""
    if sums is None:
        return {}
    return {
        "era": sums.era, "calls": sums.calls, "total": sums.total,
        "calls_of_others": sums.calls_of_others, "total_of_others": sums.total_of_others,
    }  # fmt: skip
