"""How much data a rollback would take away if it ran now: counted where that is cheap, else estimated.

Each question is a read-only transaction of its own with tiny timeouts, so that nobody waits for us and
no old snapshot is kept. An estimate is the planner's: pg_class.reltuples, scaled to the present size,
times (1 - pg_stats.null_frac). This file reads numbers, never values.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection, quote_identifier
from monitor.plan.forecast.schema_after import Destroyed
from monitor.ports import AtRisk, Fate
from monitor.schema.relation import Column, Fingerprint, Relation
from monitor.statements.kind import Trait
from monitor.statements.registry import KINDS

EXACT_BYTES = 64 << 20
"""A table up to this size is counted: from memory that takes a few tens of milliseconds."""

COUNT_TIMEOUT = "300ms"
"""Of one count; a table on a slow disk is estimated instead."""

BUDGET = 1.0
"""Seconds for all counts of a plan; what is left then is estimated."""

SETTINGS = (
    "SET LOCAL lock_timeout = '50ms'; SET LOCAL max_parallel_workers_per_gather = 0; "
    f"SET LOCAL row_security = off; SET LOCAL statement_timeout = '{COUNT_TIMEOUT}'"
)

SIZE = """/* migration-monitor: how large is what a rollback would drop */
WITH RECURSIVE tree(oid) AS (
     SELECT pg_catalog.to_regclass($1)::oid
      UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid)
SELECT pg_catalog.sum(pg_catalog.pg_relation_size(c.oid))::bigint AS bytes,
       pg_catalog.bool_or(c.relkind = 'f') AS is_foreign
  FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"""

CONSTANT = re.compile(r"(?:'(?:[^']|'')*'|-?[0-9]+(?:\.[0-9]+)?|true|false)(?:::[\w .\"\[\](),]+)?")
"""A default that is the same for every row, as pg_get_expr writes it."""


async def read(
    connection: Connection, losses: Sequence[Destroyed], fate_of: Callable[[Destroyed], Fate],
    fingerprint: Fingerprint,
    exact_bytes: int = EXACT_BYTES,
) -> tuple[AtRisk, ...]:  # fmt: skip
    """One value for each loss, in the plan's order; up to `exact_bytes` counted. Needs no transaction."""
    found = []
    until = time.monotonic() + BUDGET
    for loss in losses:
        entry = fingerprint.relation(loss.label)
        if not KINDS[loss.kind].has(Trait.UNCOUNTED) and entry is not None:
            found.append(
                await _one(
                    connection, loss, fate_of(loss), entry, exact_bytes if time.monotonic() < until else -1
                )
            )
    return tuple(found)


async def _one(
    connection: Connection, loss: Destroyed, fate: Fate, entry: Relation, exact_bytes: int
) -> AtRisk:
    number, bound = await _number(connection, loss, entry, exact_bytes)
    if number is not None and KINDS[loss.kind].has(Trait.SPARES_ROWS):
        bound = "at most"
    what = "values" if loss.column else "rows"
    return AtRisk(loss.name.removeprefix("public."), what, number, bound, fate)


async def _number(
    connection: Connection, loss: Destroyed, entry: Relation, exact_bytes: int
) -> tuple[int | None, str]:
    """(the number, "" or "about"); None when the server does not say it at once."""
    size = await ask(connection, SIZE, loss.label)
    if not size or size[0]["bytes"] is None or size[0]["is_foreign"]:
        return None, ""
    rows = f"FROM {loss.label}{_held_by(loss, entry)}"
    if size[0]["bytes"] <= exact_bytes:
        counted = await ask(connection, f"/* migration-monitor: rows at risk */ SELECT count(*) {rows}")
        if counted:
            return int(counted[0][0]), ""
    planned = await ask(connection, f"{pg.MARK} EXPLAIN (FORMAT JSON) SELECT 1 {rows}")
    return (int(json.loads(planned[0][0])[0]["Plan"]["Plan Rows"]), "about") if planned else (None, "")


def _held_by(loss: Destroyed, entry: Relation) -> str:
    """The rows that hold anything: a null, or the default that every row has, is no loss."""
    column = entry.columns.get(loss.column)
    if not isinstance(column, Column):
        return ""
    name = quote_identifier(loss.column)
    default = column.default if isinstance(column.default, str) else ""
    if column.generated or not CONSTANT.fullmatch(default):
        return f" WHERE {name} IS NOT NULL"
    return f" WHERE {name} IS NOT NULL AND {name}::text IS DISTINCT FROM ({default})::text"


async def ask(connection: Connection, sql: str, *values: object, path: str = pg.PINNED) -> list[Any]:
    """Rows; [] when a lock, the time or a right stands in the way. `path`: a statement that sets it."""
    try:
        async with pg.translated("reading what is at risk"), connection.transaction(readonly=True):
            await connection.execute(f"{SETTINGS}; {path}")
            return list(await connection.fetch(sql, *values))
    except DatabaseUnreachable:
        raise
    except DatabaseError:
        return []
