"""What an action says beside names, read back from the JSON in which it is stored with the plan.

`Action.shape` is of a constraint, an index or a column; `Action.rows` of what is asked about rows;
`Action.choose` of what the server makes a name of. The grammar's facts write them (facts_*.py); an older
program wrote fewer keys. Pure code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

REMEMBERED = 512
"""Texts whose value is kept: a plan is played many times."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: `parent` as a key, its `columns` (none: its primary key), and the `events` at a row of
    the parent's that change rows of ours."""

    parent: str
    columns: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConstraintShape:
    """`type`: as in pg_constraint.contype. `checked`: rows that are there are. `parent`: "" without one."""

    type: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    nulls_distinct: bool
    checked: bool
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """Of an index: `name` "" is an expression."""

    name: str
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class IndexShape:
    """`partial`: of some rows only. `plain`: nothing else is to be known of it, as operators of its own;
    None: that was not noted when it was stored."""

    unique: bool
    method: str
    keys: tuple[Key, ...]
    includes: tuple[str, ...]
    partial: bool
    nulls_distinct: bool
    plain: bool | None

    @property
    def is_plain(self) -> bool:
        """Whether this says all there is of the index."""
        if self.plain is None:
            return not self.partial and all(key.name for key in self.keys)
        return self.plain

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the keys."""
        return tuple(key.name for key in self.keys)


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """`schema` "": the session's to say. `filled`: what gives it values, or "". `scans`: rows are read."""

    schema: str
    type: str
    collation: str
    not_null: bool
    filled: str
    scans: bool
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class AskedRows:
    """`keys` and `where` as SQL; `operators` of an EXCLUDE; `cast`: a type's key; `bounds` of a partition."""

    keys: tuple[str, ...]
    where: tuple[str, ...]
    nulls_distinct: bool
    operators: tuple[str, ...]
    cast: str
    references: tuple[Reference, ...]
    parent: str
    bounds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Naming:
    """`label`: how such names end. `names`: of the columns. `constraint`: it is one, not an index alone."""

    label: str
    names: tuple[str, ...]
    constraint: bool


@lru_cache(REMEMBERED)
def constraint(shape: str) -> ConstraintShape:
    row = json.loads(shape)
    return ConstraintShape(
        row["type"], tuple(row["columns"]), row["parent"], tuple(row["parent_columns"]),
        row["nulls_distinct"], row["checked"], _references(row),
    )  # fmt: skip


@lru_cache(REMEMBERED)
def index(shape: str) -> IndexShape:
    row = json.loads(shape)
    keys = tuple(Key(*json.loads(key)) for key in row["keys"])
    return IndexShape(
        row["unique"], row["method"], keys, tuple(row["includes"]), row["partial"],
        row.get("nulls_distinct", True), row.get("plain"),
    )  # fmt: skip


@lru_cache(REMEMBERED)
def column(shape: str) -> ColumnShape:
    return _column(json.loads(shape))


def columns(shape: str) -> dict[str, ColumnShape] | None:
    """Of a table; None when they are not all in the statement."""
    row = json.loads(shape)
    return None if row is None else {name: _column(one) for name, one in row.items()}


@lru_cache(REMEMBERED)
def asked(rows: str) -> AskedRows:
    row = json.loads(rows)
    return AskedRows(
        tuple(row.get("keys", ())), tuple(row.get("where", ())), row.get("nulls_distinct", True),
        tuple(row.get("operators", ())), row.get("cast", ""), _references(row), row.get("parent", ""), row,
    )  # fmt: skip


def naming(choose: str) -> Naming:
    row = json.loads(choose)
    return Naming(row["label"], tuple(row["names"]), row["constraint"])


def _column(row: Mapping[str, Any]) -> ColumnShape:
    return ColumnShape(
        row["schema"], row["type"], row["collation"], row["not_null"], row["filled"], row["scans"],
        _references(row),
    )  # fmt: skip


def _references(row: Mapping[str, Any]) -> tuple[Reference, ...]:
    found: Sequence[Mapping[str, Any]] = row.get("references", ())
    return tuple(Reference(r["parent"], tuple(r["columns"]), tuple(r["events"])) for r in found)
