"""May CREATE OR REPLACE change a function that is there? Its result, the names of what goes in, its defaults.

Read only, under the search_path that the caller has set: every name of ours is qualified.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from monitor.sql.scripts import Action

if TYPE_CHECKING:
    from monitor.pg import Connection

THERE = """/* migration-monitor: what a function takes and returns */
SELECT pg_catalog.pg_get_function_result(p.oid) AS result,
       p.proretset IS DISTINCT FROM $3::bool
         OR p.prorettype OPERATOR(pg_catalog.<>) pg_catalog.to_regtype($2)::oid AS other_result,
       p.prorettype OPERATOR(pg_catalog.=) 'pg_catalog.record'::pg_catalog.regtype::oid AS is_record,
       p.pronargdefaults AS defaults, p.proargnames::text[] AS names, p.proargmodes::text[] AS modes,
       p.proallargtypes::oid[] AS types, p.pronargs AS inputs
  FROM pg_catalog.pg_proc p
 WHERE p.oid OPERATOR(pg_catalog.=) pg_catalog.to_regprocedure($1)::oid"""

TYPES = """/* migration-monitor: types by their names */
SELECT pg_catalog.to_regtype(t.name)::oid AS type
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS t(name, place) ORDER BY t.place"""

FIRST = "which OR REPLACE can't change: drop it first"


async def unlike(connection: Connection, a: Action) -> str:
    """What stands against it, or ""."""
    result = a.part.removeprefix("SETOF ") or "pg_catalog.void"  # a procedure without OUT has none
    r = await connection.fetchrow(THERE, a.name, result, a.part.startswith("SETOF "))
    if r is None:
        return ""
    if a.part and r["other_result"]:
        return f"function {a.name} returns {r['result']}, {FIRST}"
    if not a.shape:
        return ""
    wanted = json.loads(a.shape)
    if r["is_record"] and wanted["out"] and r["modes"]:
        types = await connection.fetch(TYPES, [type_ for _, type_ in wanted["out"]])
        new = [(name, t["type"]) for (name, _), t in zip(wanted["out"], types, strict=True)]
        if _numbered(_of(r, "obt")) != _numbered(new):
            return f"function {a.name} returns {r['result']}, {FIRST}"
    return _inputs(a, r, wanted)


def _inputs(a: Action, r: Any, wanted: Any) -> str:
    for n, (was, _) in enumerate(_of(r, "ibv")):
        name = wanted["names"][n] if n < len(wanted["names"]) else ""
        if was and was != name:
            return f"parameter {n + 1} of function {a.name} is called {was}, {FIRST}"
    if wanted["defaults"] < r["defaults"]:
        has = f"{r['defaults']} of the parameters of function {a.name} have a default"
        return f"{has} and {wanted['defaults']} would, and OR REPLACE can't take one away: drop it first"
    return ""


def _of(r: Any, modes: str) -> list[tuple[str, Any]]:
    """Names and types of the parameters of these modes; the server notes no modes when all go in."""
    names = r["names"] or []
    types = r["types"] or [None] * r["inputs"]
    each = r["modes"] or ["i"] * len(types)
    named = [*names, *[""] * (len(types) - len(names))]
    return [(name, t) for name, t, mode in zip(named, types, each, strict=True) if mode in modes]


def _numbered(columns: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """As the server calls columns without a name."""
    return [(name or f"column{n}", type_) for n, (name, type_) in enumerate(columns, 1)]
