"""Every statement of ours carries a comment by which a DBA, and our own comparison, recognises it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "monitor"

STATEMENT = re.compile(
    r"\s*(SELECT|WITH|INSERT INTO|UPDATE|DELETE FROM|LOCK TABLE|CREATE|ALTER|DROP|GRANT|REVOKE|TRUNCATE"
    r"|EXPLAIN|ANALYZE|LISTEN|NOTIFY|COMMENT ON)\s\S"
)
"""How a statement begins. SET, RESET and the control of transactions are known by their command."""

WRITTEN_FOR_PEOPLE = {
    "rollback/blocking.py",  # parts of a marked statement
    "salvage/assignable.py",  # probes: marked where they are sent
    "salvage/keeping.py",  # the way back, for the manifest
    "salvage/copying.py",
    "plan/put_aside.py",  # the plan's own text, as it was registered
    "plan/default_partitions.py",  # marked where they are asked
    "plan/violating_rows.py",
    "plan/not_valid.py",
    "schema/definition.py",  # a table's definition, for the manifest
    "sql",  # the grammar's words
    "history",  # parts of marked statements
    "demo",  # an application of its own
    "registration.py",
    "statements/asked.py",  # demands of rows: marked where they are asked
    "statements/casts.py",
    "statements/catalogued.py",  # remedies: marked where they are sent
    "statements/column_aside.py",  # the plan's own text, as it was registered
    "statements/column_rows.py",
    "statements/concurrently.py",  # how people write them
    "statements/constraints.py",
    "statements/indexes.py",  # how people write them
    "statements/reading.py",
    "statements/rows.py",
    "statements/sameness.py",
    "statements/table_aside.py",
    "statements/views.py",
    "store/schema.py",  # a line that is cut out of schema.sql
}
"""Texts that are shown or put into others, not sent as they are."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module but its docstrings and parts of others; what is filled in as `{}`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    alone = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)} | set(_words(tree))
    for n in ast.walk(tree):
        if isinstance(n, ast.JoinedStr):
            yield n.lineno, "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in n.values)
        elif isinstance(n, ast.Constant) and isinstance(n.value, str) and not {id(n)} & (parts | alone):
            yield n.lineno, n.value


def _words(tree: ast.AST) -> Iterator[int]:
    """How people write a kind of statement: for `Kind`, and for the effects that say it."""
    for n in ast.walk(tree):
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in {"Kind", "dropped"}:
            yield from map(id, n.args)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(tuple(WRITTEN_FOR_PEOPLE)):
            yield name, path


def test_every_statement_is_marked() -> None:
    """Unmarked, it would be told as a new statement of the application."""
    bare = [(name, line) for name, p in modules() for line, text in texts(p) if STATEMENT.match(text)]
    assert bare == []


def test_what_is_looked_for_is_found() -> None:
    """The reader sees whole strings and filled ones."""
    found = [text for _, text in texts(PACKAGE / "statements" / "catalogued.py") if STATEMENT.match(text)]
    assert "DROP INDEX CONCURRENTLY IF EXISTS {}" in found
