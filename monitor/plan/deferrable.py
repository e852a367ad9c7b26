"""Would SET CONSTRAINTS find what it names? The server says so only when the rollback is under way.

Asked at registration and by readiness; a constraint that the plan itself adds first is not asked for.
"""

from __future__ import annotations

from monitor.errors import Problem
from monitor.pg import PINNED, Connection
from monitor.plan.stored import Plan
from monitor.sql.scripts import Action
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of

NAMES = Trait.NAMES_CONSTRAINTS

FIND = """/* migration-monitor: constraints by name, in the first schema of the path that has one */
WITH path AS MATERIALIZED (SELECT pg_catalog.set_config('search_path', $3, true) IS NOT NULL AS pinned),
     schema AS (SELECT n.oid, s.place
                  FROM pg_catalog.unnest(CASE WHEN $2::text = ''
                         THEN pg_catalog.current_schemas((SELECT pinned FROM path))
                         ELSE ARRAY[$2::name] END) WITH ORDINALITY s(name, place)
                  JOIN pg_catalog.pg_namespace n ON n.nspname = s.name),
     named AS (SELECT k.condeferrable, schema.place FROM schema
                 JOIN pg_catalog.pg_constraint k ON k.connamespace = schema.oid
                WHERE k.conname = $1::name)
SELECT pg_catalog.count(*)::int AS found, pg_catalog.bool_and(condeferrable) AS deferrable
  FROM named WHERE place = (SELECT pg_catalog.min(place) FROM named)"""


async def problems(connection: Connection, plan: Plan) -> list[Problem]:
    """Constraints that are not there, or may not be DEFERRED. Pins the path of an open transaction."""
    found: list[Problem] = []
    named = [(s, a) for s in plan.statements for a in s.actions if kind_of(a).has(NAMES) and a.name]
    if not named:
        return found
    for s, a in named:
        before = [b for t in plan.statements if t.step < s.step for b in t.actions if b.name == a.name]
        if not any(kind_of(b).made == "constraints" for b in before):
            r = await connection.fetchrow(FIND, a.name, a.new_name, plan.search_path)
            dropped = [b for b in before if kind_of(b).dropped == "constraints"]
            if r is not None and (what := _against(a, r["found"] - len(dropped), r["deferrable"])):
                found.append(Problem("", what, s.line))
    await connection.execute(PINNED)
    return found


def _against(a: Action, found: int, deferrable: bool | None) -> str:
    if found < 1:
        return f"constraint {a.name} is not there for SET CONSTRAINTS: correct its name, or leave it out"
    if a.part == "DEFERRED" and not deferrable:
        return (
            f"constraint {a.name} is not deferrable, and SET CONSTRAINTS … DEFERRED would fail: leave it out"
        )
    return ""
