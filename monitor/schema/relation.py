"""The objects that a plan touches, typed: relations with what stands on them, and everything beside.

The values are what the server says, under names and without oids. While a plan is played on them
(`forecast`) they change, and what can't be foretold is ANY. As JSON they are stored with a watch: the names
of fields are the keys. This file reads no catalogue and compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Final, Protocol, TypeVar, cast


class Unforeseen(Enum):
    """A value that can't be foretold but must be there."""

    ANY = "ANY"


ANY: Final = Unforeseen.ANY

Json = Mapping[str, Any]
Text = str | Unforeseen | None
V = TypeVar("V")


@dataclass(slots=True)
class Column:
    """`default` is a formula where it is `generated`. `was`: its name before the plan; "" of a new one."""

    type: str | Unforeseen
    not_null: bool | Unforeseen
    default: Text
    identity: str | Unforeseen  # "", a (always), d (by default)
    generated: str  # "", s (stored), v (virtual)
    inherited: bool
    collation: Text
    was: str = field(default="", kw_only=True)


@dataclass(slots=True)
class Constraint:
    """`type`: as in pg_constraint.contype."""

    type: str
    definition: Text
    columns: list[str]


@dataclass(slots=True)
class Index:
    """`constraint`: whether it belongs to one."""

    definition: Text
    valid: bool
    constraint: bool
    columns: list[str]


@dataclass(slots=True)
class Switched:
    """A trigger or a rule. `enabled`: as in pg_trigger.tgenabled."""

    definition: Text
    enabled: str
    columns: list[str]


@dataclass(slots=True)
class Described:
    """A policy or a statistics object."""

    definition: Text
    columns: list[str]


@dataclass(slots=True)
class Setting:
    """Of a column: what was set for its statistics."""

    statistics: int
    options: str


@dataclass(slots=True)
class Dependent:
    """What stands on the relation. `carries`: event -> tables whose rows follow by foreign keys."""

    definition: Text
    columns: list[str]
    carries: Mapping[str, list[str]] | Unforeseen | None


@dataclass(slots=True)
class Fixed:
    """What keeps a part of a relation from being changed by itself; None: nothing, or it was not read.

    `part_of`: of an index, the parent's. `constraints`, `indexes`: those that belong to a parent's.
    `identity`: the index that tells rows of a published table apart.
    """

    of_type: str | None = None
    part_of: str | None = None
    partition_key: list[str] | None = None
    constraints: list[str] | None = None
    indexes: list[str] | None = None
    identity: str | None = None


class Standing(Protocol):
    """Whatever stands on columns."""

    columns: list[str]


@dataclass(slots=True)
class Relation:
    """A table, view, index, sequence or composite type.

    `table`: of an index. `foreseen`: whether its columns are, which those of a replaced view are not. `was`:
    its label before the plan; "" of what the plan made.
    """

    kind: str
    owner: str | Unforeseen
    privileges: str | Unforeseen
    options: str | Unforeseen
    persistence: str
    row_security: str
    replica_identity: str
    sequence: Text
    owned_by: str | None
    settings: dict[str, Setting] | Unforeseen
    definition: Text
    table: str | None
    primary_key: list[str] | Unforeseen
    children: list[str]
    columns: dict[str, Column | Unforeseen]
    constraints: dict[str, Constraint | Unforeseen]
    not_nulls: dict[str, str]
    indexes: dict[str, Index | Unforeseen]
    triggers: dict[str, Switched | Unforeseen]
    statistics: dict[str, Described | Unforeseen]
    policies: dict[str, Described | Unforeseen]
    rules: dict[str, Switched | Unforeseen]
    dependents: dict[str, Dependent | Unforeseen]
    fixed: Fixed = field(default_factory=Fixed)
    unread: frozenset[str] = frozenset()
    foreseen: bool = field(default=True, kw_only=True)
    was: str = field(default="", kw_only=True)

    def standing(self, part: str) -> dict[str, Standing | Unforeseen]:
        """A part whose things stand on columns: constraints, indexes, triggers, statistics, …"""
        return cast("dict[str, Standing | Unforeseen]", getattr(self, part))

    def on_column(self, part: str, column: str) -> list[str]:
        """Names of what is known to stand on it, in order."""
        return sorted(n for n, one in known(self.standing(part)).items() if column in one.columns)


Entry = Relation | Unforeseen | None
"""Of a label: ANY is of the plan's making, None is not there."""


@dataclass(slots=True)
class Other:
    """A function, type, schema, comment and their like. `label`: as in a fingerprint of the whole schema."""

    label: str
    definition: Text
    body: Text
    dependents: list[str]


@dataclass(slots=True)
class Fingerprint:
    """What the touched objects are. `descendants`: relations below them that nobody named.

    `before`: the schema before the migration; `remade`: what the plan drops and makes again; both as stored.
    """

    relations: dict[str, Entry]
    others: dict[str, Other | None]
    descendants: dict[str, Entry] = field(default_factory=dict)
    before: Json | None = None
    remade: Json | None = None

    def relation(self, label: str | None) -> Relation | None:
        """What is known of it."""
        found = self.relations.get(label or "")
        return found if isinstance(found, Relation) else None


def known(parts: Mapping[str, V | Unforeseen]) -> dict[str, V]:
    """Without what can't be foretold."""
    return {name: one for name, one in parts.items() if not isinstance(one, Unforeseen)}


PARTS: Mapping[str, type] = {
    "columns": Column, "constraints": Constraint, "indexes": Index, "triggers": Switched,
    "statistics": Described, "policies": Described, "rules": Switched, "settings": Setting,
    "dependents": Dependent,
}  # fmt: skip
"""Parts of a relation that hold named things -> what one of them is."""

OURS = frozenset({"was", "foreseen", "unread"})
"""Fields that only a forecast or a reader has."""


def shown(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields that say what something is, and their values."""
    return ((f.name, getattr(value, f.name)) for f in fields(value) if f.name not in OURS)


def to_json(found: Fingerprint) -> dict[str, Any]:
    more = {"before": found.before, "remade": found.remade}
    return {
        "relations": {label: _relation_to_json(entry) for label, entry in found.relations.items()},
        "others": {key: other and dict(shown(other)) for key, other in found.others.items()},
        "descendants": {label: _relation_to_json(entry) for label, entry in found.descendants.items()},
        **{key: value for key, value in more.items() if value is not None},
    }


def from_json(row: Json) -> Fingerprint:
    """Raises KeyError, TypeError or ValueError when it is not what `to_json` made, by any version."""
    try:
        return Fingerprint(
            {label: entry and relation(entry) for label, entry in row["relations"].items()},
            {key: other and Other(**other) for key, other in row["others"].items()},
            {label: entry and relation(entry) for label, entry in row.get("descendants", {}).items()},
            row.get("before"),
            row.get("remade"),
        )
    except AttributeError as e:  # a list where names are wanted
        raise ValueError("the stored fingerprint has another shape") from e


def _relation_to_json(entry: Entry) -> dict[str, Any] | None:
    if not isinstance(entry, Relation):
        return None
    row = {k: v for k, v in shown(entry) if k not in entry.unread}
    for part in (p for p in PARTS if isinstance(row.get(p), dict)):
        row[part] = {name: _thing_to_json(one) for name, one in row[part].items()}
    return {**row, "fixed": {k: v for k, v in shown(entry.fixed) if v is not None}}


def _thing_to_json(one: Any) -> Any:
    return one if isinstance(one, Unforeseen) else dict(shown(one))


EMPTY: Mapping[str, Any] = {
    "rules": {}, "settings": {}, "owned_by": None, "sequence": None, "replica_identity": "d", "fixed": {},
}  # fmt: skip
"""What earlier versions did not read, as it mostly is."""


def relation(row: Json) -> Relation:
    """As the server gives it, or as it is stored."""
    values = {**EMPTY, **row}
    for part, one in PARTS.items():
        values[part] = {name: one(**value) for name, value in values[part].items()}
    values["fixed"] = Fixed(**(values["fixed"] or {}))
    return Relation(**values, unread=frozenset(EMPTY.keys() - row.keys()))
