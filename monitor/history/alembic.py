"""Alembic: the SQL is rendered by `alembic downgrade REV:PREV --sql` and given by --rollback.

The rendered text brings its transactions and its own statements on alembic_version. Both are taken out:
the rollback is one transaction, and what is said to the table is checked and recorded as bookkeeping.
"""

from __future__ import annotations

import ast
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
    """What the rendered text would have said to the table. The first version that goes is ours.

    SQL that was rendered without a database does not know the table's other rows: a version from which
    another row descends is not written, as Alembic on a database does not write it.
    """
    ours = next((gone for gone, _ in changes if gone), "")
    if not ours:
        raise Unusable(f"the SQL takes no version out of {place.table}: it is no downgrade")
    above = standing_on(place.directory, changes) if place.directory is not None else {}
    before = [new for _, new in changes if new]
    unknown = ", ".join(new for new in before if new not in above)
    after = sorted({*before, *(r for found in above.values() for r in found)})
    state = f"""{MARK}
SELECT coalesce(pg_catalog.bool_or(r.version_num = $1::text), false) AS applied, NULL::text AS newer,
       CASE WHEN pg_catalog.bool_or(r.version_num = $1::text) AND (pg_catalog.count(*) = 1 OR $3::text = '')
            THEN ''
            WHEN pg_catalog.bool_or(r.version_num = $1::text)
            THEN 'it has several heads, ' || pg_catalog.string_agg(r.version_num, ', ' ORDER BY r.version_num)
                 || ', and whether one of them stands on ' || $3::text || ' is not known: '
                 || 'set `migrations.dir` to the folder of the revisions, or merge the heads'
            WHEN pg_catalog.bool_and(r.version_num = ANY (pg_catalog.string_to_array($2::text, ',')))
              OR pg_catalog.count(*) = 0 THEN ''
            ELSE 'it is at ' || pg_catalog.string_agg(r.version_num, ', ') || ', not at ' || $1::text
                 || ': a later migration was applied, or this one was taken back' END AS trouble
  FROM {place.books} r"""
    writes = tuple(w for gone, new in changes for w in _writes(place, gone, new, above.get(new, ())))
    verbs = {w.sql.removeprefix(MARK).split()[0] for w in writes}
    table = BookTable(place.books, tuple(sorted({"SELECT", "UPDATE", *verbs})))
    return Bookkeeping("alembic", ours, (table,), state, (ours, ",".join(after), unknown), writes)


def _writes(place: Place, gone: str, new: str, above: Sequence[str]) -> Iterator[BookWrite]:
    """One change; `above`: other revisions that stand on the new one, and keep it out of the table."""
    table, where = f"{place.books} AS r", "WHERE r.version_num = $1::text"
    if gone and new and not above:
        yield BookWrite(f"{MARK} UPDATE {table} SET version_num = $2::text {where}", (gone, new), 1)
        return
    if gone:
        yield BookWrite(f"{MARK} DELETE FROM {table} {where}", (gone,), 1)
    if new and above:
        other = (
            f"SELECT FROM {place.books} o "
            "WHERE o.version_num = ANY (pg_catalog.string_to_array($2::text, ','))"
        )
        insert = f"{MARK} INSERT INTO {table} (version_num) SELECT $1::text WHERE NOT EXISTS ({other})"
        yield BookWrite(insert, (new, ",".join(above)), None)
    elif new:
        yield BookWrite(f"{MARK} INSERT INTO {table} (version_num) VALUES ($1::text)", (new,), 1)


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
    return {revision: down for revision, (down, _) in _files(directory).items()}


def standing_on(directory: Path, changes: Sequence[Change]) -> Mapping[str, tuple[str, ...]]:
    """For each version that comes, if a file has it: itself and all that stand on it beside those that go.

    What stands on one that goes is in no table that has that one.
    """
    files = _files(directory)
    under = {revision: {*down, *needs} for revision, (down, needs) in files.items()}
    going = _with_all_above({gone for gone, _ in changes}, under)
    found = {}
    for new in (new for _, new in changes if new in files):
        others = _with_all_above({new}, under) - going - {new}
        found[new] = tuple(sorted({*others, new})) if others else ()
    return found


def _with_all_above(revisions: set[str], under: Mapping[str, set[str]]) -> set[str]:
    above = set(revisions)
    while more := {r for r, parents in under.items() if parents & above} - above:
        above |= more
    return above


def _files(directory: Path) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Revision -> (the revisions before it, those it depends on)."""
    found = {}
    for path in (p for p in listed(directory) if p.suffix == ".py"):
        said = _said(read(path))
        if len(revision := said.get("revision", ())) == 1:
            found[revision[0]] = (said.get("down_revision", ()), said.get("depends_on", ()))
    return found


def _said(source: bytes) -> dict[str, tuple[str, ...]]:
    """The names in `revision`, `down_revision` and `depends_on`; {} for a file that is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two of what is nested too deep
        return {}
    pairs = (pair for node in body for pair in _assigned(node))
    return {
        name: _names(value) for name, value in pairs if name in {"revision", "down_revision", "depends_on"}
    }


def _names(value: ast.expr) -> tuple[str, ...]:
    """Of a text, or of several in brackets; anything else names no revision."""
    parts = value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else [value]
    return tuple(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement assigns, each with its value."""
    if isinstance(node, ast.Assign):
        yield from ((t.id, node.value) for t in node.targets if isinstance(t, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


ALEMBIC = Tool(
    "alembic",
    reads="`--rollback` with `alembic downgrade REV:PREV --sql`; its transactions are taken out",
    marks="its own statements on the table, taken out of the SQL, each checked; "
    "with several heads as on a database, which needs `dir`",
    proven="Alembic 1.20.1",
    table="alembic_version",
    rendered=rendered,
    books=_books,
)
