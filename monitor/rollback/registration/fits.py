"""What the catalogue says against a statement before it is ever run: would the server take it as it is?

Statements on rows and queries of views are only parsed by the server, never planned or run. Asked is what no
earlier statement of the plan may have changed; where that is not known, a rehearsal says it.
Needs an open transaction, and leaves it as it was.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, Problem
from monitor.pg import PINNED, Connection
from monitor.rollback.forecast.effects_columns import DEFAULT
from monitor.rollback.registration import leaning, replaced
from monitor.rollback.script import shapes
from monitor.rollback.script.kinds import DATA_ONLY, UPKEEP, Class
from monitor.rollback.script.labels import beside
from monitor.rollback.script.plan import Action, Statement, key_of
from monitor.rollback.script.shapes import Reference
from monitor.rollback.stored import set_path

ENTER = "SAVEPOINT fits; SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '2s'"
"""Parsing takes the locks of the statement for a moment; somebody else's are not waited for."""

LEAVE = "ROLLBACK TO SAVEPOINT fits; RELEASE SAVEPOINT fits"

UNCHANGED = DATA_ONLY | UPKEEP | {"comment", "grant", "select"}
"""Kinds after which a table is what it was."""

PARSED = DATA_ONLY - {"truncate"}
"""Kinds of which the server looks at every name when it parses them."""

MAKES = frozenset(
    (
        "create_function",
        "create_type",
        "create_table",
        "create_extension",
        "create_materialized_view",
        "drop_function",
        "drop_type",
        "drop_schema",
        "drop_extension",
        "rename_type",
        "rename_function",
    )
)
"""Kinds after which names of functions and types may mean something else."""

ABSENT = """/* migration-monitor: types, roles and functions that are not there */
SELECT 'type' AS what, t.name FROM pg_catalog.unnest($1::text[]) AS t(name)
 WHERE pg_catalog.to_regtype(t.name) IS NULL
UNION ALL
SELECT 'role', r.name FROM pg_catalog.unnest($2::text[]) AS r(name)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles p WHERE p.rolname OPERATOR(pg_catalog.=) r.name)
UNION ALL
SELECT 'function', f.name FROM pg_catalog.unnest($3::text[]) AS f(name)
 WHERE pg_catalog.to_regprocedure(f.name OPERATOR(pg_catalog.||) '()') IS NULL"""
"""Runs under the registered search_path, as RETURNS and CAST do: every name of ours is qualified."""

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

AVAILABLE = """/* migration-monitor: may an extension be created */
SELECT e.installed_version IS NOT NULL AS there,
       v.superuser AND NOT (r.rolsuper OR (v.trusted AND pg_catalog.has_database_privilege(
         pg_catalog.current_database(), 'CREATE'))) AS forbidden,
       ARRAY(SELECT q::text FROM pg_catalog.unnest(v.requires) q
              WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension x
                                 WHERE x.extname OPERATOR(pg_catalog.=) q)) AS needs
  FROM pg_catalog.pg_available_extensions e
  JOIN pg_catalog.pg_available_extension_versions v ON v.name OPERATOR(pg_catalog.=) e.name
   AND v.version OPERATOR(pg_catalog.=) coalesce(nullif($2::text, ''), e.default_version)
  JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) current_user
 WHERE e.name OPERATOR(pg_catalog.=) $1"""

COLUMNS = """/* migration-monitor: columns of a view */
SELECT a.attname::text AS name, a.atttypid AS type
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'v'
 WHERE c.oid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


@dataclass(frozen=True, slots=True)
class _Asking:
    """One statement, and whether names of types and functions mean in it what they mean now."""

    connection: Connection
    statement: Statement
    resolution: Mapping[str, str]
    search_path: str
    same_names: bool
    touched: frozenset[str]

    def label(self, a: Action) -> str:
        return self.resolution[key_of(a.relation or ())]

    @property
    def same_tables(self) -> bool:
        """Whether the relations of the statement are what they are now."""
        return not {self.resolution[key_of(r)] for r in self.statement.relations} & self.touched

    async def may_be_there(self, a: Action) -> bool:
        """What IF NOT EXISTS then leaves alone: the table, or its column."""
        if self.label(a) in self.touched:
            return True
        await self.connection.execute(PINNED)
        return await leaning.is_there(self.connection, self.label(a), a.name)

    async def value(self, sql: str, *arguments: object) -> Any:
        await self.connection.execute(set_path(self.search_path))
        return await self.connection.fetchval(sql, *arguments)


async def problems(
    connection: Connection, statements: Sequence[Statement], resolution: Mapping[str, str],
    quoted: Mapping[str, str], search_path: str,
) -> list[Problem]:  # fmt: skip
    """In the plan's order; the search_path is pinned afterwards."""
    found: list[Problem] = []
    touched: set[str] = set()
    same_names = True
    for s in statements:
        if s.klass is Class.OPAQUE:
            break
        asking = _Asking(connection, s, resolution, search_path, same_names, frozenset(touched))
        found += [Problem("", what, s.line) async for what in _said(asking) if what]
        touched |= _changed(s, resolution, quoted)
        same_names = same_names and not any(a.kind in MAKES for a in s.actions)
    await connection.execute(PINNED)
    return found


def _changed(s: Statement, resolution: Mapping[str, str], quoted: Mapping[str, str]) -> set[str]:
    """Labels of relations that are not what they were after it."""
    found = set()
    for a in (a for a in s.actions if a.relation and a.kind not in UNCHANGED):
        label = resolution[key_of(a.relation or ())]
        found |= {label, beside(label, quoted[a.new_name])} if a.kind == "rename_relation" else {label}
    return found


async def _said(q: _Asking) -> AsyncIterator[str]:
    if absent := [what async for what in _absent(q)]:
        for what in absent:
            yield what
        return  # what else would be asked needs these names
    if (
        q.same_tables
        and q.same_names
        and all(a.kind in DATA_ONLY - {"truncate"} for a in q.statement.actions)
    ):
        yield await _refused(q, f"PREPARE migration_monitor_fits AS {q.statement.text}")
    for a in q.statement.actions:
        yield await READERS[a.kind](q, a) if a.kind in READERS else ""


async def _absent(q: _Asking) -> AsyncIterator[str]:
    s = q.statement
    fires = [a.text for a in s.actions if a.kind == "create_trigger" and a.text]
    await q.connection.execute(set_path(q.search_path))
    known = (s.types, s.roles, fires) if q.same_names else ((), s.roles, ())
    for r in await q.connection.fetch(ABSENT, *(list(names) for names in known)):
        yield f"{r['what']} {r['name']} does not exist: make it first, or correct the name"


async def _refused(q: _Asking, sql: str) -> str:
    """What the server says against the text of a statement, or ""."""
    await q.connection.execute(ENTER)
    try:
        await q.connection.execute(set_path(q.search_path))
        async with pg.translated("parsing the statement"):
            await q.connection.execute(sql)
    except DatabaseError as e:
        return _meant(e)
    finally:
        await _leave(q.connection)
    await q.connection.execute("DEALLOCATE migration_monitor_fits")
    return ""


async def _leave(connection: Connection) -> None:
    if not connection.is_closed():
        await connection.execute(LEAVE)


def _meant(e: DatabaseError) -> str:
    """Names and types that do not fit; a right, a lock or the time that is missing says nothing of them."""
    if isinstance(e, DatabaseUnreachable):
        raise e
    state = e.sqlstate or ""
    return str(e) if (state.startswith("42") and state != "42501") or state == "22P02" else ""


async def _foreign_key(q: _Asking, a: Action) -> str:
    return await _referring(q, shapes.constraint(a.shape).references, frozenset())


async def _create_table(q: _Asking, a: Action) -> str:
    if not a.rows or (a.if_exists and await q.may_be_there(a)):
        return ""
    return await _referring(q, shapes.asked(a.rows).references, frozenset({q.label(a)}))


async def _add_column(q: _Asking, a: Action) -> str:
    if not a.shape or (a.if_exists and await q.may_be_there(a)):
        return ""
    shape = shapes.column(a.shape)
    if what := await _referring(q, shape.references, frozenset({q.label(a)})):
        return what
    return await _rewritten(q, a) if shape.filled not in {"", "virtual"} else ""


async def _referring(q: _Asking, keys: Sequence[Reference], own: frozenset[str]) -> str:
    await q.connection.execute(PINNED)
    return await leaning.unreferable(q.connection, keys, q.resolution, q.touched | own)


async def _rewritten(q: _Asking, a: Action) -> str:
    if q.label(a) in q.touched:
        return ""
    await q.connection.execute(PINNED)
    return await leaning.row_type_used(q.connection, q.label(a), q.touched)


async def _function(q: _Asking, a: Action) -> str:
    if not (a.name and a.if_exists and q.same_names):
        return ""
    await q.connection.execute(set_path(q.search_path))
    return await replaced.unlike(q.connection, a)


async def _alter_type(q: _Asking, a: Action) -> str:
    if what := await _rewritten(q, a):
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


GRANTED = (
    "if the extension is trusted, GRANT CREATE ON DATABASE to it, else let a superuser create it by hand"
)


async def _extension(q: _Asking, a: Action) -> str:
    await q.connection.execute(set_path(q.search_path))
    r = await q.connection.fetchrow(AVAILABLE, a.name, a.text or "")
    if r is None:
        version = f" {a.text}" if a.text else ""
        return f"the server has no extension {a.name}{version}: install its package there first"
    if r["there"]:
        return ""
    if r["forbidden"]:
        return f"the role of rollback_dsn may not create extension {a.name}: {GRANTED}"
    if r["needs"] and not a.cascade and q.same_names:
        return f"extension {a.name} needs {', '.join(r['needs'])}: create that first, or write CASCADE"
    return ""


async def _view(q: _Asking, a: Action) -> str:
    """OR REPLACE may only add columns behind those that are there."""
    if not (a.text and a.if_exists and q.same_names and q.same_tables):
        return ""
    await q.connection.execute(PINNED)
    there = await q.connection.fetch(COLUMNS, q.label(a))
    if not there:
        return ""
    await q.connection.execute(ENTER)
    try:
        await q.connection.execute(set_path(q.search_path))
        async with pg.translated("parsing the query of the view"):
            parsed = await q.connection.prepare(a.text)
            new = [(n.name, n.type.oid) for n in parsed.get_attributes()]
    except DatabaseError as e:
        return _meant(e)
    finally:
        await _leave(q.connection)
    return _unlike(q.label(a), [(r["name"], r["type"]) for r in there], new, json.loads(a.shape or "[]"))


def _unlike(
    view: str, there: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]], named: Sequence[str]
) -> str:
    names = [*named, *(name for name, _ in new[len(named) :])]
    again = "which OR REPLACE can't do: drop the view and make it again"
    if len(new) < len(there):
        return f"{view} would lose column {there[len(new)][0]}, {again}"
    for (was, type_), name, (_, new_type) in zip(there, names, new, strict=False):
        if was != name:
            return f"column {was} of {view} would be called {name}, {again}"
        if type_ != new_type:
            return f"column {was} of {view} would be of another type, {again}"
    return ""


READERS = {
    "add_column": _add_column, "create_table": _create_table,
    "add_constraint": _foreign_key, "create_function": _function, "alter_type": _alter_type,
    "create_view": _view, "create_extension": _extension,
}  # fmt: skip
