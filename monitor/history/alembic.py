"""Alembic: the SQL is rendered by `alembic downgrade REV:PREV --sql` and given by --rollback.

The rendered text brings its transactions and its own statements on alembic_version. Both are taken out:
the rollback is one transaction, and what is said to the table is checked and recorded as bookkeeping.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from monitor.history.files import listed, read
from monitor.history.rows import MARK
from monitor.history.tool import Place, Rendered, Script, Section, Tool, Unusable
from monitor.history.wrapper import blank, without_transactions
from monitor.pg import quote_identifier
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_T = rb'(?:[\w"]+\.)?"?[\w]+"?'
_STATEMENTS = re.compile(
    rb"^(?:UPDATE\s+(?P<ut>" + _T + rb")\s+SET\s+version_num\s*=\s*'(?P<to>[\w.-]+)'\s+WHERE\s+"
    + _T + rb"\.version_num\s*=\s*'(?P<from>[\w.-]+)'"
    rb"|DELETE\s+FROM\s+(?P<dt>" + _T + rb")\s+WHERE\s+" + _T + rb"\.version_num\s*=\s*'(?P<gone>[\w.-]+)'"
    rb"|INSERT\s+INTO\s+(?P<it>" + _T + rb")\s*\(version_num\)\s*VALUES\s*\('(?P<new>[\w.-]+)'\)"
    rb"(?:\s+RETURNING\s+" + _T + rb"\.version_num)?"
    rb"|DROP\s+TABLE\s+(?P<drop>" + _T + rb"))\s*;[ \t]*\r?$",
    re.MULTILINE,
)  # fmt: skip

Change = tuple[str, str]
"""(version that goes or "", version that comes or "")."""


def rendered(sql: bytes) -> Rendered:
    """Rendered SQL without transactions and without its statements on the version table."""
    text = bytearray(without_transactions(sql))
    changes: list[Change] = []
    tables: set[str] = set()
    for m in _STATEMENTS.finditer(sql):
        if m["drop"] and _last(m["drop"]) not in {*tables, ALEMBIC.table}:
            continue  # a table of the application
        blank(text, m.start(), m.end())
        if not m["drop"]:
            gone, new = m["from"] or m["gone"] or b"", m["to"] or m["new"] or b""
            changes.append((gone.decode(), new.decode()))
            tables.add(_last(m["ut"] or m["dt"] or m["it"]))
    section = Section(bytes(text))
    return Rendered(
        section, partial(_books_said, changes=tuple(changes), tables=sorted(tables)) if changes else None
    )


def _last(name: bytes) -> str:
    """Without schema and quotes."""
    return name.decode().rpartition(".")[2].strip('"')


def _books_said(place: Place, changes: Sequence[Change], tables: Sequence[str]) -> Bookkeeping:
    """Of SQL that speaks to these tables: it must be the configured one alone."""
    if [quote_identifier(name) for name in tables] != [place.table]:
        raise Unusable(
            f"the SQL sets version_num of {', '.join(tables)}, configured is {place.table}: "
            "set `migrations.table`"
        )
    return _books_of(place, changes)


def _books_of(place: Place, changes: Sequence[Change]) -> Bookkeeping:
    """What the rendered text would have said to the table. The first version that goes is ours."""
    ours = next((gone for gone, _ in changes if gone), "")
    if not ours:
        raise Unusable(f"the SQL takes no version out of {place.table}: it is no downgrade")
    before = [new for _, new in changes if new]
    state = f"""{MARK}
SELECT coalesce(pg_catalog.bool_or(r.version_num = $1::text), false) AS applied, NULL::text AS newer,
       CASE WHEN pg_catalog.bool_or(r.version_num = $1::text) THEN ''
            WHEN pg_catalog.bool_and(r.version_num = ANY (pg_catalog.string_to_array($2::text, ',')))
              OR pg_catalog.count(*) = 0 THEN ''
            ELSE 'it is at ' || pg_catalog.string_agg(r.version_num, ', ') || ', not at ' || $1::text
                 || ': a later migration was applied, or this one was taken back' END AS trouble
  FROM {place.books} r"""
    needs = tuple(sorted({"SELECT", "UPDATE", *(p for c in changes for p in _privileges(c))}))
    table = BookTable(place.books, needs)
    writes = tuple(_write(place, *c) for c in changes)
    return Bookkeeping("alembic", ours, (table,), state, (ours, ",".join(before)), writes)


def _privileges(change: Change) -> tuple[str, ...]:
    gone, new = change
    return ("UPDATE",) if gone and new else ("DELETE",) if gone else ("INSERT",)


def _write(place: Place, gone: str, new: str) -> BookWrite:
    table, where = f"{place.books} AS r", "WHERE r.version_num = $1::text"
    if gone and new:
        return BookWrite(f"{MARK} UPDATE {table} SET version_num = $2::text {where}", (gone, new), 1)
    if gone:
        return BookWrite(f"{MARK} DELETE FROM {table} {where}", (gone,), 1)
    return BookWrite(f"{MARK} INSERT INTO {table} (version_num) VALUES ($1::text)", (new,), 1)


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    """For SQL that says nothing to the table: the revision before, as the files of `dir` have it."""
    known = revisions(place.directory) if place.directory is not None else {}
    if key not in known:
        where = f"and {key} is no revision in {place.directory}" if place.directory else "and no `dir` is set"
        raise Unusable(
            f"the SQL says nothing to {place.table}, {where}: render it by `alembic downgrade REV:PREV --sql`"
        )
    if len(known[key]) > 1:
        raise Unusable(f"{key} merges {', '.join(known[key])}: render the SQL by `alembic downgrade --sql`")
    return _books_of(place, [(key, known[key][0] if known[key] else "")])


def revisions(directory: Path) -> Mapping[str, tuple[str, ...]]:
    """Revision -> the revisions before it, of every revision file; nothing of a file is executed."""
    found: dict[str, tuple[str, ...]] = {}
    for path in (p for p in listed(directory) if p.suffix == ".py"):
        values = _constants(read(path))
        if isinstance(revision := values.get("revision"), str):
            down = values.get("down_revision")
            found[revision] = (down,) if isinstance(down, str) else tuple(down or ())
    return found


def _constants(source: bytes) -> dict[str, str | tuple[str, ...] | None]:
    """`revision` and `down_revision` as they are assigned; {} for a file that is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return {}
    found = {}
    for name, value in (pair for node in body for pair in _assigned(node)):
        if name in {"revision", "down_revision"}:
            with contextlib.suppress(ValueError):  # no constant
                found[name] = ast.literal_eval(value)
    return found


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement assigns, each with its value."""
    if isinstance(node, ast.Assign):
        yield from ((t.id, node.value) for t in node.targets if isinstance(t, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


ALEMBIC = Tool(
    "alembic",
    reads="`--rollback` with `alembic downgrade REV:PREV --sql`; its transactions are taken out",
    marks="its own statements on the table, taken out of the SQL, each checked",
    proven="Alembic 1.20.1",
    table="alembic_version",
    rendered=rendered,
    books=_books,
)
