"""Columns: added, renamed, dropped, their type, their default, their NOT NULL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.plan.forecast.already import TABLES, column_already
from monitor.plan.forecast.entries import (
    below,
    cascade,
    dependents_on,
    forget_index,
    relation_of,
    unidentified,
)
from monitor.plan.forecast.keys import make_keys
from monitor.plan.forecast.made import forget_comment, forget_owned, move_owned
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.compare import singular
from monitor.schema.relation import ANY, Column, Relation, known
from monitor.sql import action_shapes, facts_columns
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, altered, of_table, renaming
from monitor.sql.labels import beside, quoted
from monitor.sql.scripts import Action
from monitor.statements import column_aside, column_fits, column_rows
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.relations import inherited, loosen_views

CODE = ("triggers", "policies", "rules")
"""Parts that keep a column in place, and its type."""


def column_of(f: Forecast, a: Action) -> tuple[str, Relation, Column | None] | None:
    """The relation and the column an action names; None when one is absent (said) or not foretold."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return None
    label, entry = found
    if not entry.foreseen:  # of a view that the plan replaced
        return None
    if a.name not in entry.columns:
        f.absent(f"column {a.name} of {label}", a.if_exists)
        return None
    column = entry.columns[a.name]
    return label, entry, column if isinstance(column, Column) else None


def own_column(f: Forecast, a: Action, remedy: str) -> tuple[str, Relation, Column | None] | None:
    """As `column_of`; None of one that is a parent's too: `remedy` says what to do there."""
    if (found := column_of(f, a)) is None:
        return None
    label, _, column = found
    if column and column.inherited:
        f.problem(f"column {a.name} of {label} is inherited: {remedy}")
        return None
    return found


def read_added(body: Tree, cmd: Tree) -> list[Facts] | None:
    """ADD COLUMN."""
    if body["objtype"] != "OBJECT_TABLE":
        return None
    definition = cmd["def"]["column_def"]
    return [altered("add_column", body, cmd, definition["colname"], **facts_columns.one(definition))]


def drop_column(f: Forecast, a: Action) -> None:
    if (found := own_column(f, a, "drop it from the parent")) is None:
        return
    label, entry, column = found
    what = f"column {a.name} of {label}"
    if is_fixed(f, a, label, entry, what) or (
        entry.kind == "partitioned table" and is_parent_alone(f, a, label, entry)
    ):
        return
    refuse_generated(f, entry, a.name, what)
    cascade(f, a, entry, dependents_on(entry, a.name), what)
    for part in CODE:
        _take_or_refuse(f, a, entry, part, what)
    _drop_below(f, a, entry, what)
    _drop_standing(f, a, label, entry, what)
    if is_in_key(entry, a.name):
        entry.primary_key = []
    if column and column.generated:
        f.notice(f"{what} is generated: its values can be computed again")
    else:
        f.lose(a, label, a.name)
    del entry.columns[a.name]
    if entry.settings is not ANY:
        entry.settings.pop(a.name, None)
    unname(entry, a.name)
    forget_comment(f, label, "column", a.name)
    forget_owned(f, f"{label}.{quoted(a.name)}")
    f.forget(f"{label}.{quoted(a.name)}")


def _drop_standing(f: Forecast, a: Action, label: str, entry: Relation, what: str) -> None:
    """What goes with a column without a word."""
    for part in ("constraints", "indexes", "statistics"):
        for name in entry.on_column(part, a.name):
            f.notice(f"dropping {what} silently drops {singular(part)} {name}")
            if part == "indexes":
                unidentified(f, label, entry, what, name)
            del entry.standing(part)[name]
            f.forget(f"{quoted(name)} on {label}")
            if part != "statistics":
                forget_index(f, label, name)
                f.forget(beside(label, quoted(name)))


def _drop_below(f: Forecast, a: Action, entry: Relation, what: str) -> None:
    """The column of every partition and child goes too, with what was built on it there alone."""
    if a.only:
        return
    for child, under in below(f, entry):
        if not _inherits(under, a.name):
            continue
        here = f"{what}, and with it that of {child},"
        cascade(f, a, under, dependents_on(under, a.name), here)
        for part in CODE:
            _take_or_refuse(f, a, under, part, here)
        for part in ("constraints", "indexes", "statistics"):
            for name in under.on_column(part, a.name):
                if name not in (getattr(under.fixed, part, None) or ()):
                    f.notice(f"dropping {what} silently drops {singular(part)} {name} of {child}")


def _inherits(entry: Relation, column: str) -> bool:
    """Not known of what the plan made."""
    there = entry.columns.get(column)
    return isinstance(there, Column) and there.inherited


def is_fixed(f: Forecast, a: Action, label: str, entry: Relation, what: str) -> bool:
    """Says what of the table forbids that one column is another or gone."""
    if of_type := entry.fixed.of_type:
        f.problem(f"{label} is a table of type {of_type}, which decides its columns")
    elif not a.new_name and a.name in (entry.fixed.partition_key or ()):
        f.problem(f"{what} is in the key by which {label} is partitioned")
    else:
        return False
    return True


def is_parent_alone(f: Forecast, a: Action, label: str, entry: Relation) -> bool:
    if a.only and entry.children:
        f.problem(f"{label} has children, so ALTER TABLE ONLY can't be used on it: write it without ONLY")
        return True
    return False


def rename_column(f: Forecast, a: Action) -> None:
    if (found := own_column(f, a, "rename it in the parent")) is None:
        return
    label, entry, _ = found
    what = f"column {a.name} of {label}"
    if is_fixed(f, a, label, entry, what) or is_parent_alone(f, a, label, entry):
        return
    if a.new_name in entry.columns:
        f.problem(
            f"column {a.new_name} of {label} still exists, so {a.name} can't be renamed to it: drop it first"
        )
        return
    entry.columns[a.new_name] = entry.columns.pop(a.name)
    if (settings := entry.settings) is not ANY and a.name in settings:
        settings[a.new_name] = settings.pop(a.name)
    forget_comment(f, label, "column", a.name, a.new_name)
    move_owned(f, f"{label}.{quoted(a.name)}", f"{label}.{quoted(a.new_name)}")
    f.leeway.rename(a.name, a.new_name)
    f.leeway.add_renamed(label, a.name, a.new_name)
    f.move(f"{label}.{quoted(a.name)}", f"{label}.{quoted(a.new_name)}")
    _rename_uses(entry, a)
    loosen_views(entry)  # `email AS email_address`: not to be foretold
    if entry.definition is not None:
        entry.definition = ANY


def _rename_uses(entry: Relation, a: Action) -> None:
    """The column's name wherever the model says which columns something stands on."""

    def renamed(names: list[str]) -> list[str]:
        return [a.new_name if name == a.name else name for name in names]

    for value in known(entry.columns).values():
        if value.generated and isinstance(value.default, str):
            value.default = _word(a.name).sub(lambda _: quoted(a.new_name), value.default)

    for part in ("indexes", "statistics", "constraints", "triggers", "policies", "rules", "dependents"):
        for one in known(entry.standing(part)).values():
            one.columns = sorted(renamed(one.columns))
    entry.not_nulls = {k: a.new_name if c == a.name else c for k, c in entry.not_nulls.items()}
    if entry.primary_key is not ANY:
        entry.primary_key = renamed(entry.primary_key)
    if key := entry.fixed.partition_key:
        entry.fixed.partition_key = renamed(key)


def add_column(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if entry.kind not in TABLES:
        f.problem(f"{label} is a {entry.kind}, which takes no column by ALTER TABLE")
        return
    if a.name in entry.columns:
        column_already(f, a, label, entry.columns[a.name])
        return
    entry.columns[a.name] = ANY
    f.leeway.added.add((label, a.name))
    for _, child in below(f, entry):
        child.columns.setdefault(a.name, ANY)
    shape = action_shapes.column(a.shape) if a.shape else None
    make_keys(f, label, shape.references if shape else ())
    if shape is None or shape.scans:
        f.scan(label)


def unname(entry: Relation, column: str) -> None:
    """The name of its NOT NULL constraint goes with it."""
    entry.not_nulls = {k: c for k, c in entry.not_nulls.items() if c != column}


def is_in_key(entry: Relation, column: str) -> bool:
    """Which columns are in the key is not foretold once the plan has added a constraint."""
    return entry.primary_key is not ANY and column in entry.primary_key


def _take_or_refuse(f: Forecast, a: Action, entry: Relation, part: str, what: str) -> None:
    for name in entry.on_column(part, a.name):
        word = singular(part)
        if a.cascade:
            f.notice(f"CASCADE takes {word} {name} with it (lossless)")
            f.taken.append(f"{word} {name}")
            del entry.standing(part)[name]
        else:
            f.problem(f"{what} is needed by {word} {name}: drop it first")


def _word(column: str) -> re.Pattern[str]:
    """The name in the text of a formula."""
    return re.compile(rf'(?<![\w"]){re.escape(column)}(?![\w"])|"{re.escape(column)}"')


def refuse_generated(f: Forecast, entry: Relation, column: str, what: str) -> None:
    word = _word(column)
    for name, value in known(entry.columns).items():
        formula = value.default if isinstance(value.default, str) else ""
        if value.generated and name != column and word.search(formula):
            f.problem(f"{what} is needed by the generated column {name}: drop that first")


def on_column(entry: Relation | None, a: Action) -> Iterator[str]:
    """Constraints that go with it, or are made anew."""
    for name, constraint in known(entry.constraints).items() if entry else ():
        if a.name in constraint.columns:
            yield name


RENAME_COLUMN = Kind(
    "ALTER TABLE … RENAME COLUMN", Class.LOSSLESS, traits=Trait.LEAVES_ASPECTS,
    read={"rename_stmt OBJECT_COLUMN": renaming("rename_column")}, effect=inherited(rename_column),
    trace=always,
)  # fmt: skip

ADD_COLUMN = Kind(
    "ALTER TABLE … ADD COLUMN", Class.LOSSLESS,
    scans=True, traits=Trait.LEAVES_ASPECTS | Trait.SAME_TWICE | Trait.CASTS,
    read={"alter_table_stmt AT_AddColumn": read_added}, effect=inherited(add_column),
    demands=column_rows.added, fits=column_fits.added, made="columns",
)  # fmt: skip

DROP_COLUMN = Kind(
    "ALTER TABLE … DROP COLUMN", Class.LOSSY, Loss.SALVAGE,
    traits=Trait.DROPS | Trait.A_PART | Trait.TAKES_MORE | Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_DropColumn": of_table("drop_column")}, effect=inherited(drop_column),
    dropped="columns", keys=on_column,
    rewrite=column_aside.rewrite, itself=column_aside.itself, trace=always,
)  # fmt: skip
