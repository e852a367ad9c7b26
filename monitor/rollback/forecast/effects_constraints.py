"""What each known kind does to a constraint of the modelled schema; the rule of effects.py holds."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.rollback.forecast.entries import (
    cascade,
    forget_index,
    relation_of,
    unidentified,
)
from monitor.rollback.forecast.keys import make_keys
from monitor.rollback.forecast.made import forget_comment
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.relation import ANY, Column, Constraint, Relation, known
from monitor.rollback.script import shapes
from monitor.rollback.script.labels import bare, quoted, split_label
from monitor.rollback.script.plan import Action
from monitor.rollback.script.shapes import ConstraintShape

INDEXED = {"p", "u", "x"}
"""Types of constraints that stand on an index of the same name."""

SYSTEM_COLUMNS = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}


def rename_constraint(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.name in entry.not_nulls:
        entry.not_nulls[a.new_name] = entry.not_nulls.pop(a.name)
        return
    if a.name not in entry.constraints:
        f.missing(f"constraint {a.name} of {label}")
        return
    if a.new_name in entry.constraints:
        f.problem(f"constraint {a.new_name} of {label} already exists")
        return
    for part in (entry.standing("constraints"), entry.standing("indexes")):
        if a.name in part:
            part[a.new_name] = part.pop(a.name)
    f.leeway.rename(a.name, a.new_name)
    f.leeway.add_renamed(label, a.name, a.new_name)
    forget_comment(f, label, "constraint", a.name, a.new_name)
    f.move(f"{quoted(a.name)} on {label}", f"{quoted(a.new_name)} on {label}")


def add_constraint(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.name in entry.constraints:
        f.problem(f"constraint {a.name} of {label} already exists")
        return
    if a.new_name and a.new_name not in entry.indexes:
        f.missing(f"index {a.new_name} of {label}")
        return
    shape = shapes.constraint(a.shape)
    if not _has_columns(f, label, entry, shape):
        return
    _scan(f, a, label, shape)
    if shape.type == "n":
        entry.not_nulls[a.name] = shape.columns[0]
        _not_null(entry, shape.columns)
        return
    if shape.type == "p" and entry.primary_key is not ANY and entry.primary_key:
        f.problem(f"{label} has a primary key already: drop it first")
        return
    entry.constraints[a.name] = ANY
    if shape.type in INDEXED:
        _made_index(f, label, entry, a.name)
    if shape.type == "p":
        f.unidentified.pop(entry.was or label, None)
        entry.primary_key = list(shape.columns) or ANY
        _not_null(entry, shape.columns)
    if a.new_name not in {"", a.name}:  # USING INDEX: from now on it is called as the constraint
        entry.indexes.pop(a.new_name, None)
        forget_index(f, label, a.new_name)
    f.leeway.added.add((label, a.name))
    make_keys(f, label, shape.references)


def _scan(f: Forecast, a: Action, label: str, shape: ConstraintShape) -> None:
    """NOT VALID and UNIQUE USING INDEX read no row."""
    if shape.checked and not (a.new_name and shape.type == "u"):
        f.scan(label)


def _has_columns(f: Forecast, label: str, entry: Relation, shape: ConstraintShape) -> bool:
    """Whether the columns of a new constraint are there; says which is not."""
    if not entry.foreseen:
        return True
    tolerated = SYSTEM_COLUMNS | {bare(label)} if shape.type == "c" else set()
    absent = [c for c in shape.columns if c not in entry.columns and c not in tolerated]
    for column in absent:
        f.missing(f"column {column} of {label}")
    return not absent


def _not_null(entry: Relation, columns: Sequence[str]) -> None:
    """A primary key makes its columns so; those of one that takes an index are not known."""
    for name, column in known(entry.columns).items():
        if not columns:
            column.not_null = ANY
        elif name in columns:
            column.not_null = True


def _made_index(f: Forecast, label: str, entry: Relation, name: str) -> None:
    """It comes with its constraint, maybe under a name that the plan has just dropped."""
    entry.indexes[name] = ANY
    for index in f.relations:
        if split_label(index)[:2] == (split_label(label)[0], name):
            f.relations[index] = ANY


def validate_constraint(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.name in entry.not_nulls:
        f.scan(label)
    elif a.name not in entry.constraints:
        f.missing(f"constraint {a.name} of {label}")
    elif isinstance(constraint := entry.constraints[a.name], Constraint):
        if isinstance(constraint.definition, str):
            constraint.definition = constraint.definition.removesuffix(" NOT VALID")
        f.scan(label)


def drop_constraint(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.name in entry.not_nulls:
        _drop_not_null(f, label, entry, a.name)
        return
    if a.name not in entry.constraints:
        f.absent(f"constraint {a.name} of {label}", a.if_exists)
        return
    if a.name in (entry.fixed.constraints or ()):
        f.problem(f"constraint {a.name} of {label} is inherited: drop it from the parent")
        return
    unidentified(f, label, entry, f"constraint {a.name}", a.name)
    gone = entry.constraints.pop(a.name)
    forget_comment(f, label, "constraint", a.name)
    if entry.indexes.pop(a.name, None) is not None:
        forget_index(f, label, a.name)
    f.forget(f"{quoted(a.name)} on {label}")
    if isinstance(gone, Constraint) and gone.type in {"p", "u"}:
        if gone.type == "p":
            entry.primary_key = []
        on_key = [
            k for k, d in known(entry.dependents).items()
            if k.startswith("table constraint ") and set(d.columns) == set(gone.columns)
        ]  # fmt: skip
        cascade(f, a, entry, on_key, f"constraint {a.name} of {label}")


def _drop_not_null(f: Forecast, label: str, entry: Relation, name: str) -> None:
    """PostgreSQL 18 gives NOT NULL a name."""
    column = entry.not_nulls[name]
    if entry.primary_key is not ANY and column in entry.primary_key:
        f.problem(f"column {column} of {label} is in the primary key and can't be nullable")
        return
    del entry.not_nulls[name]
    if isinstance(there := entry.columns.get(column), Column):
        there.not_null = False


CONSTRAINT_EFFECTS: dict[str, Effect] = {
    "rename_constraint": rename_constraint,
    "add_constraint": add_constraint,
    "validate_constraint": validate_constraint,
    "drop_constraint": drop_constraint,
}
