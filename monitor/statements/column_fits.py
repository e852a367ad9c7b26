"""What the server has against a column as it is written: a part of columns.py."""

from __future__ import annotations

from monitor.sql import action_shapes
from monitor.sql.scripts import Action
from monitor.statements.fitting import Server

DEFAULT = (
    "the default of {what} does not become {type} by itself, whatever USING says of the rows: DROP DEFAULT "
    "before, and SET DEFAULT behind"
)


CAST = """/* migration-monitor: do values become another type by themselves */
SELECT pg_catalog.format_type(t.oid, NULL)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type f ON f.oid OPERATOR(pg_catalog.=) a.atttypid
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) pg_catalog.to_regtype($3)::oid
 WHERE a.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::oid
   AND a.attname OPERATOR(pg_catalog.=) $2::text
   AND f.typtype OPERATOR(pg_catalog.=) ANY ('{b,e,r}') AND t.typtype OPERATOR(pg_catalog.=) ANY ('{b,e,r}')
   AND f.typelem OPERATOR(pg_catalog.=) 0::oid AND t.typelem OPERATOR(pg_catalog.=) 0::oid
   AND f.oid OPERATOR(pg_catalog.<>) t.oid AND t.typcategory OPERATOR(pg_catalog.<>) 'S'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast k
                    WHERE k.castsource OPERATOR(pg_catalog.=) f.oid
                      AND k.casttarget OPERATOR(pg_catalog.=) t.oid
                      AND k.castcontext OPERATOR(pg_catalog.<>) 'e')
   AND ($4 OR (a.atthasdef AND a.attgenerated OPERATOR(pg_catalog.=) ''))"""
"""`$4`: of the values; else of the column's default, where it has one."""


async def added(q: Server, a: Action) -> str:
    if not a.shape or (a.if_exists and await q.may_be_there(a)):
        return ""
    shape = action_shapes.column(a.shape)
    if what := await q.referring(shape.references, frozenset({q.label(a)})):
        return what
    return await q.rewritten(a) if shape.filled not in {"", "virtual"} else ""


async def retyped(q: Server, a: Action) -> str:
    if what := await q.rewritten(a):
        return what
    type_ = a.text or a.shape
    if not type_ or not q.same_names or q.label(a) in q.touched:
        return ""
    if not a.text and any(b.kind == "drop_default" and b.name == a.name for b in q.statement.actions):
        return ""
    written = await q.value(CAST, q.label(a), a.name, type_, bool(a.text))
    if not a.text:
        what = DEFAULT.format(what=f"column {a.name} of {q.label(a)}", type=written)
        return what if written else ""
    what = f"values of {q.label(a)}.{a.name} do not become {written} by themselves: say how with USING"
    return what if written else ""
