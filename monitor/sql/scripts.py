"""A rollback as a value: statements with their exact text, class and actions; or the reasons against it.

`read` takes bytes as they stand in the file; the text is stored and executed byte for byte.
This file does not know the database: names are as written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor import encoding
from monitor.errors import PlanRefused, Problem
from monitor.sql import grammar, script_session
from monitor.sql.classes import Class

WITHOUT = "to watch a migration that can't be taken back, say --no-rollback"

MAX_BYTES = 1 << 20
"""1 MiB: a rollback is a page of DDL; more is a dump."""

_LEADING = re.compile(rb"(?:\s|--[^\n]*(?:\n|\Z)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*")

Written = tuple[str, ...]
"""A name as written: (name,) or (schema, name)."""


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one object. `kind` is a key of KINDS; `name` a column, constraint, trigger, signature."""

    kind: str
    relation: Written | None = None
    name: str = ""
    new_name: str = ""
    if_exists: bool = False
    relation_if_exists: bool = False
    cascade: bool = False
    only: bool = False  # ONLY the relation, not what inherits from it
    shape: str = ""  # what an index, column or table is known by beside its name; a constraint's demands
    part: str = ""  # of a comment: what it is on; of an index: whether it is plainly unique; a type's size
    text: str | None = None  # a function's body, an enum's labels, a comment, a CHECK, the twin of an index
    rows: str = ""  # what it asks of rows, as JSON: see facts_rows.py
    choose: str = ""  # what the server makes a name of, until registration has foretold it


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: `step` is 1-based, `start` and `end` are bytes of the script, `line` is 1-based."""

    step: int
    start: int
    end: int
    line: int
    text: str
    sha256: str
    klass: Class
    kind: str  # for people: what it is, `ALTER TABLE … DROP COLUMN`
    actions: tuple[Action, ...]
    functions: tuple[Written, ...] = ()
    relations: tuple[Written, ...] = ()
    transactional: bool = True
    operators: tuple[Written, ...] = ()
    types: tuple[str, ...] = ()  # as keys, always quoted
    roles: tuple[str, ...] = ()


def key_of(written: Written) -> str:
    """A name as written, as a key: always quoted."""
    return ".".join('"' + n.replace('"', '""') + '"' for n in written)


def key_parts(key: str) -> Written:
    """The name that a key was made of."""
    return tuple(part.replace('""', '"') for part in key[1:-1].split('"."'))


def sha256_of(text: str) -> str:
    """Hex, of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Script:
    """A script as `given`, and as read: `text` is stored, hashed and executed; `notices` say what is not."""

    given: str
    text: str
    statements: tuple[Statement, ...]
    notices: tuple[str, ...] = ()


async def read(sql: bytes) -> tuple[str, tuple[Statement, ...]]:
    """The text and its statements. Raises PlanRefused with every reason found."""
    found = await script(sql)
    return found.text, found.statements


async def script(sql: bytes) -> Script:
    """What `read` reads, and what was left out. Raises PlanRefused with every reason found."""
    given = text_of(sql)
    facts = await grammar.parse(given)
    aside = {a.index: a for a in script_session.left_out(facts)}
    misplaced = script_session.outside(facts)
    problems: list[Problem] = []
    statements: list[Statement] = []
    notices = []
    for n, fact in enumerate(facts):
        start, end = slice_of(sql, int(fact["start"]), int(fact["length"]))
        line = sql.count(b"\n", 0, start) + 1
        if n in aside:
            sql = script_session.blank(sql, start, max(end, int(fact["start"]) + int(fact["length"])))
            notices.append(aside[n].notice(line))
        elif reason := fact["refusal"] or _forbidden(fact["functions"]) or misplaced.get(n, ""):
            problems.append(Problem("", str(reason), line))
        else:
            statements.append(_statement(len(statements) + 1, start, end, line, sql, fact))
    if not (problems or statements):
        but = " but what is left out" if aside else ""
        problems.append(Problem("", f"the script holds no statement{but}: {WITHOUT}"))
    if problems:
        raise PlanRefused(problems)
    return Script(given, sql.decode(), tuple(statements), tuple(notices))


def without(
    text: str, statements: Sequence[Statement], steps: Collection[int]
) -> tuple[str, tuple[Statement, ...]]:
    """The script with spaces in the place of some statements, every other byte where it was."""
    sql = text.encode()
    for s in statements:
        if s.step in steps:
            sql = script_session.blank(sql, s.start, s.end)
    left = (s for s in statements if s.step not in steps)
    return sql.decode(), tuple(replace(s, step=step) for step, s in enumerate(left, start=1))


def for_encoding(read: Script, name: str) -> Script:
    """As a database of that encoding stores it: comments of the script lose characters it has no room for.

    Raises PlanRefused when a statement has one: the server would not take it.
    """
    problems = [
        Problem(
            "", f"`{c}` is not in {name}, the database's encoding: write the statement without it", s.line
        )
        for s in read.statements
        if (c := encoding.unfit(s.text, name))
    ]
    if problems:
        raise PlanRefused(problems)
    text = read.text
    while c := encoding.unfit(text, name):
        text = text.replace(c, "?" * len(c.encode()))
    return replace(read, text=text)


def text_of(sql: bytes) -> str:
    """The script as text. Raises PlanRefused for what no script may be."""
    if len(sql) > MAX_BYTES:
        raise _refused(f"the script has {len(sql)} bytes, more than {MAX_BYTES}")
    if sql.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _refused("the script starts with a byte order mark: save it as UTF-8 without one", 1)
    if b"\0" in sql:
        raise _refused("the script holds a NUL byte", sql.count(b"\n", 0, sql.index(b"\0")) + 1)
    try:
        text = sql.decode()
    except UnicodeDecodeError as e:
        raise _refused("the script is not UTF-8", sql.count(b"\n", 0, e.start) + 1) from e
    if not text.strip():
        raise _refused("the script is empty")
    return text


def to_json(s: Statement) -> dict[str, object]:
    """As stored in `watch.plan`."""
    return {
        "step": s.step, "start": s.start, "end": s.end, "line": s.line, "text": s.text, "sha256": s.sha256,
        "class": s.klass.value, "kind": s.kind, "transactional": s.transactional,
        "actions": [
            {
                "kind": a.kind, "relation": list(a.relation) if a.relation else None, "name": a.name,
                "new_name": a.new_name, "if_exists": a.if_exists,
                "relation_if_exists": a.relation_if_exists, "cascade": a.cascade, "only": a.only,
                "shape": a.shape, "part": a.part, "text": a.text, "rows": a.rows,
            }
            for a in s.actions
        ],
        "functions": [list(f) for f in s.functions],
        "relations": [list(r) for r in s.relations],
        "operators": [list(o) for o in s.operators],
        "types": list(s.types),
        "roles": list(s.roles),
    }  # fmt: skip


def from_json(row: Mapping[str, Any]) -> Statement:
    return Statement(
        step=row["step"], start=row["start"], end=row["end"], line=row["line"], text=row["text"],
        sha256=row["sha256"], klass=Class(row["class"]), kind=row["kind"], transactional=row["transactional"],
        actions=_actions(row["actions"]), functions=_names(row["functions"]),
        relations=_names(row["relations"]), operators=_names(row.get("operators", ())),
        types=tuple(row.get("types", ())), roles=tuple(row.get("roles", ())),
    )  # fmt: skip


def is_intact(sql: str, sha256: str, statements: Sequence[Statement]) -> bool:
    """Whether the text is the registered one and each statement is its own slice of it."""
    data = sql.encode()
    return sha256_of(sql) == sha256 and all(
        data[s.start : s.end] == s.text.encode() and sha256_of(s.text) == s.sha256 for s in statements
    )


def _statement(step: int, start: int, end: int, line: int, sql: bytes, fact: Mapping[str, Any]) -> Statement:
    text = sql[start:end].decode()
    actions = _actions(fact["actions"])
    return Statement(
        step, start, end, line, text, sha256_of(text), Class(fact["class"]), fact["kind"], actions,
        _names(fact["functions"]), _names(fact["relations"]),
        transactional=fact["transactional"],
        operators=_names(fact["operators"]), types=tuple(fact["types"]), roles=tuple(fact["roles"]),
    )  # fmt: skip


def slice_of(sql: bytes, start: int, length: int) -> tuple[int, int]:
    """From the first token of the statement to its last character, without the semicolon."""
    end = start + length if length else len(sql)
    leading = _LEADING.match(sql, start, end)
    first = leading.end() if leading else start
    return first, first + len(sql[first:end].rstrip().removesuffix(b";").rstrip())


def _forbidden(functions: Sequence[Sequence[str]]) -> str:
    if any(f[-1] == "set_config" for f in functions):
        return "set_config() changes the session that executes the rollback"
    return ""


def _actions(rows: Sequence[Mapping[str, Any]]) -> tuple[Action, ...]:
    return tuple(Action(**{**r, "relation": tuple(r["relation"]) if r["relation"] else None}) for r in rows)


def _names(rows: Sequence[Sequence[str]]) -> tuple[Written, ...]:
    return tuple(tuple(r) for r in rows)


def _refused(what: str, line: int | None = None) -> PlanRefused:
    return PlanRefused([Problem("", what, line)])


def as_opaque(s: Statement) -> Statement:
    """The same statement, found to call something nobody can judge."""
    return replace(s, klass=Class.OPAQUE)
