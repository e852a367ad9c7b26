"""Which code of the schema a plan would run: what its names mean, and what hangs on its tables.

Operators, casts, checks of domains and tables, defaults, bodies of views, rules, policies and triggers may
call any function, and a function may do anything. What belongs to an extension counts only where it is
called by name, or by a trigger; what hangs on a table counts unless it is IMMUTABLE, which the server holds
to reading. This file does not decide what is acceptable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from monitor.pg import PINNED, Connection
from monitor.schema.catalogue import opaque_functions
from monitor.sql.scripts import Action, Statement, key_of
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of

CODE = files("monitor.plan").joinpath("code.sql").read_text(encoding="utf-8")
"""Runs under the pinned search_path."""

MEANT = """/* migration-monitor: operators and types that a plan names */
SELECT w.step, o.oid AS operator, 0::oid AS type
  FROM ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
       AS w(step, schema, name)
  JOIN pg_catalog.pg_operator o ON o.oprname OPERATOR(pg_catalog.=) w.name
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
 WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'
   AND CASE WHEN w.schema IS NULL THEN pg_catalog.pg_operator_is_visible(o.oid)
            ELSE n.nspname OPERATOR(pg_catalog.=) w.schema END
UNION ALL
SELECT w.step, 0::oid, pg_catalog.to_regtype(w.key)::oid
  FROM ROWS FROM (pg_catalog.unnest($4::int[]), pg_catalog.unnest($5::text[])) AS w(step, key)
 WHERE pg_catalog.to_regtype(w.key) IS NOT NULL"""
"""Runs under the registered search_path: every name of ours is qualified."""


@dataclass(frozen=True, slots=True)
class Table:
    """A relation of a statement, under its name of now. `events` 0: it is only read."""

    step: int
    label: str
    events: int = 0


async def reasons(
    connection: Connection, statements: Sequence[Statement], resolution: Mapping[str, str],
    quoted: Mapping[str, str],
) -> dict[int, tuple[str, ...]]:  # fmt: skip
    """Why nobody can say what a statement does, by step. Uses the session's search_path, and leaves it or
    the pinned one."""
    if not any(looks(s) for s in statements):
        return {}
    called = await opaque_functions(connection, [f for s in statements for f in s.functions])
    operators, types = await _meant(connection, statements)
    await connection.execute(f"{PINNED}; SET LOCAL jit = off")
    tables = list(_tables(statements, resolution, quoted))
    casting = [s.step for s in statements if any(kind_of(a).casts for a in s.actions)]
    rows = await connection.fetch(
        CODE, [t.step for t in tables], [t.label for t in tables], [t.events for t in tables],
        *_columns([t for t in types if t[0] in set(casting)]), casting, *_columns(operators),
    )  # fmt: skip
    found: dict[int, list[str]] = {
        s.step: [f"it calls {key_of(f)}" for f in s.functions if key_of(f) in called and not _kept(s)]
        for s in statements
    }
    for step, why in [*_fired(statements, rows, resolution), *_made(statements, resolution)]:
        found[step].append(why)
    return {step: tuple(dict.fromkeys(whys)) for step, whys in found.items() if whys}


def looks(s: Statement) -> bool:
    """Whether it may run anything but the server's own commands."""
    return bool(s.functions or s.operators) or any(
        kind_of(a).reads_rows or (kind_of(a).casts and s.types) for a in s.actions
    )


def _kept(s: Statement) -> bool:
    """Whether it only writes an expression down, which others' statements will ask, and it does not."""
    return all(kind_of(a).has(Trait.KEEPS_EXPRESSION) for a in s.actions)


async def _meant(
    connection: Connection, statements: Sequence[Statement]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """`(step, oid)` of operators outside pg_catalog, and of types."""
    operators = [
        (s.step, o[0] if len(o) > 1 else None, o[-1]) for s in statements for o in s.operators if not _kept(s)
    ]
    types = [(s.step, t) for s in statements for t in s.types]
    rows = await connection.fetch(
        MEANT, [o[0] for o in operators], [o[1] for o in operators], [o[2] for o in operators],
        [t[0] for t in types], [t[1] for t in types],
    )  # fmt: skip
    return (
        [(r["step"], r["operator"]) for r in rows if r["operator"]],
        [(r["step"], r["type"]) for r in rows if r["type"]],
    )


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [p[0] for p in pairs], [p[1] for p in pairs]


def _tables(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str]
) -> Iterator[Table]:
    """Of what the plan renames, the name of now."""
    was: dict[str, str] = {}
    for s in statements:
        if any(kind_of(a).reads_rows for a in s.actions):
            labels = [resolution[key_of(r)] for r in s.relations]
            yield from (Table(s.step, was.get(label, label)) for label in labels)
        for a in s.actions:
            kind = kind_of(a)
            if kind.writes:
                label = resolution[key_of(a.relation or ())]
                yield Table(s.step, was.get(label, label), kind.events)
            elif kind.has(Trait.RENAMES_RELATION):
                label = resolution[key_of(a.relation or ())]
                was[kind.new_label(a, label, quoted)] = was.get(label, label)


def _fired(
    statements: Sequence[Statement], rows: Sequence[Any], resolution: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """What is there, but for triggers that are off by then, as the plan itself may have it."""
    switched: dict[tuple[str, str], dict[int, bool]] = {}
    for s in statements:
        for a in s.actions:
            if (on := kind_of(a).switches) is not None and a.relation:
                switched.setdefault((resolution[key_of(a.relation)], a.name), {})[s.step] = on
    for r in rows:
        before = {k: on for k, on in switched.get((r["label"], r["trigger"]), {}).items() if k < r["step"]}
        if before[max(before)] if before else r["enabled"]:
            yield r["step"], r["why"]


def _made(statements: Sequence[Statement], resolution: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Triggers that the plan makes before it writes to their table."""
    made: dict[str, Action] = {}
    for s in statements:
        for a in s.actions:
            label = resolution[key_of(a.relation)] if a.relation else ""
            if kind_of(a).writes and label in made:
                yield s.step, f"trigger {made[label].name} of {label}, which the plan makes, calls a function"
            elif kind_of(a).made == "triggers":
                made[label] = a
