"""The names that the server will give to constraints and indexes that a plan leaves without one.

PostgreSQL makes them of the table, the columns and what it is (`t_a_b_key`), cut to 63 bytes, and numbers
them where they are taken. The plan is played, since it drops and makes names itself. If somebody else takes
such a name later the server counts on, and the plan is not verified. Needs an open transaction; changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.pg import Connection
from monitor.plan.forecast.schema_after import Forecast, modelled
from monitor.schema import catalogue
from monitor.schema.relation import Entry, Fingerprint, Relation
from monitor.sql import action_shapes
from monitor.sql.action_shapes import Naming
from monitor.sql.labels import bare, split_label
from monitor.sql.scripts import Action, Statement
from monitor.statements.registry import kind_of

MAX_BYTES = 63
"""Of an identifier."""

TAKEN = """/* migration-monitor: names that are taken in a schema */
SELECT c.relname::text AS name, '' AS owner, false AS is_constraint FROM pg_catalog.pg_class c
 WHERE c.relnamespace = pg_catalog.to_regnamespace($1)::oid
 UNION ALL
SELECT k.conname::text,
       CASE WHEN c.oid IS NULL THEN '' ELSE pg_catalog.format('%I.%I', n.nspname, c.relname) END, true
  FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.connamespace = pg_catalog.to_regnamespace($1)::oid"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The same statements with every name, and what the operator is told of them."""

    statements: tuple[Statement, ...]
    notices: tuple[str, ...] = ()


async def names(
    connection: Connection, statements: Sequence[Statement], now: Fingerprint, resolution: dict[str, str],
    quoted: dict[str, str],
) -> Chosen:  # fmt: skip
    """Plays the plan up to the last one without a name."""
    unnamed = [s.step for s in statements if any(a.choose for a in s.actions)]
    if not unnamed:
        return Chosen(tuple(statements))
    written = dict(quoted)
    model = Forecast(modelled(now), resolution, written)
    found, told = [], []
    for s in statements:
        model.step, model.line = s.step, s.line
        actions = []
        for a in s.actions if s.step <= max(unnamed) else ():
            named = await _named(connection, model, now, a) if a.choose else a
            written |= await catalogue.quoted(connection, [named.name]) if a.choose else {}
            if a.choose:
                told.append(f"line {s.line}: the server will call it {named.name}")
            kind_of(a).effect(model, named)
            actions.append(named)
        found.append(replace(s, actions=tuple(actions) or s.actions))
    return Chosen(tuple(found), tuple(told))


async def _named(connection: Connection, model: Forecast, now: Fingerprint, a: Action) -> Action:
    label = model.label(a)
    schema, table, _ = split_label(label)
    rows = await connection.fetch(TAKEN, schema)
    wanted = action_shapes.naming(a.choose)
    relations = _relations(now, model, schema, {r["name"] for r in rows if not r["is_constraint"]})
    constraints = _constraints(
        now, model, schema, [(r["owner"], r["name"]) for r in rows if r["is_constraint"]]
    )
    if wanted.label in {"check", "fkey", "not_null"}:
        taken: Callable[[str], bool] = constraints.__contains__
    elif wanted.constraint:
        taken = (relations | constraints).__contains__
    else:
        taken = relations.__contains__
    columns = _addition(wanted, model.relations.get(label))
    return replace(a, name=choose(table, columns, wanted.label, taken), choose="")


def _addition(wanted: Naming, entry: Entry) -> str:
    """Names of the columns. A CHECK has one of a single column only; the row as a whole is none."""
    columns = wanted.names
    if wanted.label != "check":
        return joined(columns if wanted.label in {"fkey", "not_null", "pkey"} else distinct(columns))
    known = entry.columns if isinstance(entry, Relation) else columns
    return columns[0] if len(columns) == 1 and columns[0] in known else ""


def _relations(now: Fingerprint, model: Forecast, schema: str, there: set[str]) -> set[str]:
    """Names of the schema's relations at this moment of the plan."""
    return (there - set(_of(now.relations, schema))) | set(_of(model.relations, schema))


def _of(relations: dict[str, Entry], schema: str) -> Iterator[str]:
    for label, entry in relations.items():
        if entry is not None and split_label(label)[0] == schema:
            yield bare(label)
            if isinstance(entry, Relation):
                yield from entry.indexes


def _constraints(now: Fingerprint, model: Forecast, schema: str, there: list[tuple[str, str]]) -> set[str]:
    """Names of the schema's constraints at this moment; a name may be taken by several tables."""
    known = {label for label, entry in now.relations.items() if entry is not None}
    found = {name for owner, name in there if owner not in known}
    for label, entry in model.relations.items():
        if isinstance(entry, Relation) and split_label(label)[0] == schema:
            found |= entry.constraints.keys() | entry.not_nulls.keys()
    return found


def choose(table: str, columns: str, label: str, taken: Callable[[str], bool]) -> str:
    """As ChooseRelationName and ChooseConstraintName do."""
    number = 0
    while taken(name := made(table, columns, f"{label}{number or ''}")):
        number += 1
    return name


def made(first: str, second: str, label: str) -> str:
    """As makeObjectName: of the two the longer one is cut, byte by byte, and never within a character."""
    one, two = len(first.encode()), len(second.encode())
    room = MAX_BYTES - len(label.encode()) - 1 - (1 if second else 0)
    while one + two > room:
        one, two = (one - 1, two) if one > two else (one, two - 1)
    return "_".join(part for part in (_cut(first, one), _cut(second, two), label) if part)


def joined(columns: Sequence[str]) -> str:
    """As ChooseIndexNameAddition: what is more than twice a name's length is not looked at."""
    found = ""
    for name in columns:
        found += f"_{name}" if found else name
        if len(found.encode()) >= MAX_BYTES + 1:
            break
    return found


def distinct(columns: Sequence[str]) -> list[str]:
    """As ChooseIndexColumnNames: a second `expr` is `expr1`."""
    found: list[str] = []
    for name in columns:
        number, candidate = 0, name
        while candidate in found:
            number += 1
            candidate = f"{_cut(name, MAX_BYTES - len(str(number)))}{number}"
        found.append(candidate)
    return found


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")
