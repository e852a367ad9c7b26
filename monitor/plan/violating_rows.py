"""Are there rows now that would make the rollback fail, because it brings back what they break?

Asked like what is at risk: read only, with tiny timeouts, within one second in all. What the server does not
say at once is not known, and nothing is said. Answers are yes or no; no value of a row is read.
"""

from __future__ import annotations

import re
import time

from monitor.pg import PINNED, Connection, quote_identifier
from monitor.plan import default_partitions, not_valid
from monitor.plan.row_requirements import demands
from monitor.plan.rows_at_risk import BUDGET, ask
from monitor.plan.stored import Plan
from monitor.statements.asked import Asked, Beside, Demand, Parents, Standing

MARK = "/* migration-monitor: rows that the rollback would fail on */ "

PARENT = (
    MARK
    + """SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       pg_catalog.array_position(k.conkey, a.attnum) AS place
  FROM pg_catalog.pg_attribute a
  LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
 WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"""
)

WHOLE_NUMBERS = {"smallint", "integer", "bigint"}

_LENGTH = re.compile(r"\([^)]*\)")


async def read(connection: Connection, plan: Plan) -> tuple[str, ...]:
    """Sentences, in the plan's order. Needs no transaction."""
    until = time.monotonic() + BUDGET
    found = []
    for demand in demands(plan):
        if time.monotonic() >= until:
            break
        asked = await _made(connection, demand)
        if asked is not None and str(asked) not in found and await _broken(connection, asked):
            found.append(str(asked))
    return tuple(found)


async def _made(connection: Connection, asked: Asked | None) -> Demand | None:
    """As SQL, with what the catalogue says; None when that is not known."""
    if isinstance(asked, Standing):
        asked = await not_valid.constraint(connection, asked)
    if isinstance(asked, Beside):
        return await default_partitions.beside(connection, asked)
    if isinstance(asked, Parents):
        return await _orphans(connection, asked)
    return asked


async def _broken(connection: Connection, demand: Demand) -> bool:
    rows = await ask(connection, MARK + demand.sql, path=demand.path or PINNED)
    return bool(rows and rows[0][0])


async def _orphans(connection: Connection, d: Parents) -> Demand | None:
    """None when equality might mean something else to the key: only the server's own types are compared."""
    rows = {r["name"]: r for r in await ask(connection, PARENT, d.parent)}
    key = sorted((r for r in rows.values() if r["place"]), key=lambda r: int(r["place"]))
    named = d.named or tuple(r["name"] for r in key)
    if len(named) != len(d.columns) or not all(n in rows for n in named):
        return None
    if not all(_alike(t, rows[n]["type"]) for (_, t), n in zip(d.columns, named, strict=True)):
        return None
    equal = " AND ".join(
        f"p.{quote_identifier(n)} OPERATOR(pg_catalog.=) c.{quote_identifier(c)}"
        for (c, _), n in zip(d.columns, named, strict=True)
    )
    given = " AND ".join(f"c.{quote_identifier(c)} IS NOT NULL" for c, _ in d.columns)
    sql = (
        f"SELECT EXISTS (SELECT FROM {d.child} c WHERE {given} "
        f"AND NOT EXISTS (SELECT FROM {d.parent} p WHERE {equal}))"
    )
    child, parent = d.child.removeprefix("public."), d.parent.removeprefix("public.")
    return Demand(d.line, d.statement, f"at least one row of {child} has no parent in {parent}", sql)


def _alike(child: str, parent: str) -> bool:
    child, parent = _LENGTH.sub("", child), _LENGTH.sub("", parent)
    if "." in child + parent or '"' in child + parent:
        return False
    return child == parent or {child, parent} <= WHOLE_NUMBERS
