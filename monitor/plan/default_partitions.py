"""Rows of a DEFAULT partition that belong into one that the plan makes: the server then refuses to make it.

The bounds are texts of the script, read under the registered search_path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.pg import Connection
from monitor.plan.rows_at_risk import ask
from monitor.statements.asked import Beside, Demand

DEFAULT = """/* migration-monitor: the default partition of a table */
SELECT pg_catalog.pg_get_partkeydef(p.partrelid) AS key,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS label
  FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partdefid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.partrelid = pg_catalog.to_regclass($1)"""

KEY = re.compile(r"(?:RANGE|LIST) (\(.+\))", re.DOTALL)

OPEN = {"minvalue", "maxvalue"}


async def beside(connection: Connection, d: Beside) -> Demand | None:
    """None without a DEFAULT partition, and where its bounds can't be written as a condition."""
    rows = await ask(connection, DEFAULT, d.parent)
    key = KEY.fullmatch(rows[0]["key"]) if rows else None
    if key is None or (inside := _inside(key[1], d.bounds)) is None:
        return None
    label = rows[0]["label"]
    what = f"at least one row of {label.removeprefix('public.')} belongs into the new partition"
    remedy = "move such rows out of the default partition before that statement, in the rollback itself"
    sql = f"SELECT EXISTS (SELECT FROM {label} WHERE {inside})"
    return Demand(d.line, d.statement, what, sql, d.path, remedy)


def _inside(key: str, bounds: Mapping[str, Any]) -> str | None:
    if bounds["strategy"] == "l":
        given = [f"{key} = ({text})" for text in bounds["list"] if text.upper() != "NULL"]
        given += [f"{key} IS NULL"] * (len(given) < len(bounds["list"]))
        return " OR ".join(given)
    ends = [_end(key, ">=", bounds["lower"]), _end(key, "<", bounds["upper"])]
    known = [e for e in ends if e is not None]
    return " AND ".join(known) if len(known) == len(ends) else None


def _end(key: str, operator: str, texts: Sequence[str]) -> str | None:
    """No row with a null is in a range; None for an end that is open behind its first column."""
    free = [text.lower() in OPEN for text in texts]
    if free and free[0]:
        return f"{key} IS NOT NULL"
    return None if any(free) or not texts else f"{key} {operator} ({', '.join(texts)})"
