"""What the catalogue says against a statement before it is ever run: would the server take it as it is?

Statements on rows and queries of views are only parsed by the server, never planned or run. Asked is what no
earlier statement of the plan may have changed; where that is not known, a rehearsal says it.
Needs an open transaction, and leaves it as it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, Problem
from monitor.pg import PINNED, Connection
from monitor.plan.stored import set_path
from monitor.sql.action_shapes import Reference
from monitor.sql.classes import Class
from monitor.sql.scripts import Action, Statement, key_of
from monitor.statements import leaning
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of

ENTER = "SAVEPOINT fits; SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '2s'"
"""Parsing takes the locks of the statement for a moment; somebody else's are not waited for."""

LEAVE = "ROLLBACK TO SAVEPOINT fits; RELEASE SAVEPOINT fits"

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

    async def named(self) -> None:
        await self.connection.execute(set_path(self.search_path))

    async def value(self, sql: str, *arguments: object) -> Any:
        await self.named()
        return await self.connection.fetchval(sql, *arguments)

    async def referring(self, keys: Sequence[Reference], own: frozenset[str]) -> str:
        await self.connection.execute(PINNED)
        return await leaning.unreferable(self.connection, keys, self.resolution, self.touched | own)

    async def rewritten(self, a: Action) -> str:
        if self.label(a) in self.touched:
            return ""
        await self.connection.execute(PINNED)
        return await leaning.row_type_used(self.connection, self.label(a), self.touched)

    async def columns_of_view(self, label: str) -> list[tuple[str, int]]:
        await self.connection.execute(PINNED)
        return [(r["name"], r["type"]) for r in await self.connection.fetch(COLUMNS, label)]

    async def columns_of_query(self, text: str) -> tuple[list[tuple[str, int]], str]:
        await self.connection.execute(ENTER)
        try:
            await self.named()
            async with pg.translated("parsing the query of the view"):
                parsed = await self.connection.prepare(text)
                return [(n.name, n.type.oid) for n in parsed.get_attributes()], ""
        except DatabaseError as e:
            return [], _meant(e)
        finally:
            await _leave(self.connection)


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
        same_names = same_names and not any(kind_of(a).has(Trait.MAKES_NAMES) for a in s.actions)
    await connection.execute(PINNED)
    return found


def _changed(s: Statement, resolution: Mapping[str, str], quoted: Mapping[str, str]) -> set[str]:
    """Labels of relations that are not what they were after it."""
    found = set()
    for a in (a for a in s.actions if a.relation and not _leaves(a)):
        label = resolution[key_of(a.relation or ())]
        renamed = kind_of(a).has(Trait.RENAMES_RELATION)
        found |= {label, kind_of(a).new_label(a, label, quoted)} if renamed else {label}
    return found


def _leaves(a: Action) -> bool:
    """Whether its relation is afterwards what it was."""
    kind = kind_of(a)
    return kind.writes or bool(kind.traits & (Trait.UPKEEP | Trait.LEAVES_RELATION))


def _is_parsed(a: Action) -> bool:
    """Whether the server looks at every name of it when it parses the statement."""
    return kind_of(a).writes and kind_of(a).has(Trait.ROWS_HIDDEN)


async def _said(q: _Asking) -> AsyncIterator[str]:
    if absent := [what async for what in _absent(q)]:
        for what in absent:
            yield what
        return  # what else would be asked needs these names
    if q.same_tables and q.same_names and all(_is_parsed(a) for a in q.statement.actions):
        yield await _refused(q, f"PREPARE migration_monitor_fits AS {q.statement.text}")
    for a in q.statement.actions:
        if fits := kind_of(a).fits:
            yield await fits(q, a)


async def _absent(q: _Asking) -> AsyncIterator[str]:
    s = q.statement
    fires = [a.text for a in s.actions if kind_of(a).made == "triggers" and a.text]
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
