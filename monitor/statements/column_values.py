"""What is of a column's values: its type, its default, its NOT NULL. The column itself is in columns.py."""

from __future__ import annotations

from monitor.errors import Problem
from monitor.plan.forecast.entries import below, dependents_on
from monitor.plan.forecast.narrowing import misfit
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.compare import singular
from monitor.schema.relation import ANY, Column, Unforeseen
from monitor.sql import facts_rows
from monitor.sql.classes import Class
from monitor.sql.facts_objects import type_text
from monitor.sql.facts_parts import Facts, Tree, altered, of_table
from monitor.sql.labels import quoted
from monitor.sql.scripts import Action
from monitor.statements import column_fits, column_rows
from monitor.statements.columns import (
    CODE,
    column_of,
    is_fixed,
    is_in_key,
    is_parent_alone,
    on_column,
    own_column,
    refuse_generated,
    unname,
)
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.relations import inherited


def read_default_set(body: Tree, cmd: Tree) -> list[Facts] | None:
    return of_table("set_default")(body, cmd) if cmd.get("def") else None


def read_default_dropped(body: Tree, cmd: Tree) -> list[Facts] | None:
    return None if cmd.get("def") else of_table("drop_default")(body, cmd)


def read_type(body: Tree, cmd: Tree) -> list[Facts] | None:
    """`text`: the type that values become by themselves, `part` its length; `shape`: one by USING."""
    if body["objtype"] != "OBJECT_TABLE":
        return None
    column = cmd["def"]["column_def"]
    type_ = type_text(column["type_name"])
    if "raw_default" in column:
        using = {**facts_rows.cast(cmd["name"], column), "shape": type_}
        return [altered("alter_type", body, cmd, **using)]
    modifiers = column["type_name"].get("typmods", ())
    sizes = [str(m["a_const"].get("ival", {}).get("ival", 0)) for m in modifiers if "a_const" in m]
    return [altered("alter_type", body, cmd, text=type_, part=f"({','.join(sizes)})")]


def set_default(f: Forecast, a: Action) -> None:
    _default(f, a, ANY)


def drop_default(f: Forecast, a: Action) -> None:
    if (found := _default(f, a, None)) is not None:
        f.uncast.pop((f.step, found, a.name), None)  # the server does it before it changes the type


def _default(f: Forecast, a: Action, default: Unforeseen | None) -> str | None:
    """The relation's label, if the column is there."""
    if (found := column_of(f, a)) is None:
        return None
    label, _, column = found
    if column is not None:
        column.default = default
    f.forget(f"for {label}.{quoted(a.name)}")
    return label


def set_not_null(f: Forecast, a: Action) -> None:
    if (found := column_of(f, a)) is None:
        return
    label, _, column = found
    if column is not None:
        column.not_null = True
    f.scan(label)


def drop_not_null(f: Forecast, a: Action) -> None:
    if (found := column_of(f, a)) is None:
        return
    label, entry, column = found
    if is_in_key(entry, a.name):
        f.problem(f"column {a.name} of {label} is in the primary key and can't be nullable")
        return
    if column is not None:
        column.not_null = False
    unname(entry, a.name)


def alter_type(f: Forecast, a: Action) -> None:
    if (found := own_column(f, a, "change its type in the parent")) is None:
        return
    label, entry, column = found
    what = f"column {a.name} of {label}"
    if is_fixed(f, a, label, entry, what) or is_parent_alone(f, a, label, entry):
        return
    refuse_generated(f, entry, a.name, what)
    for _, there in [(label, entry), *below(f, entry)]:
        users = [k for k in dependents_on(there, a.name) if "view " in k]
        users += [f"{singular(p)} {n}" for p in CODE for n in there.on_column(p, a.name)]
        if users:
            f.problem(f"the type of {what} can't change while {', '.join(users)} uses it")
            return
    for where, _ in [(label, entry), *below(f, entry)]:
        f.release(f"{where}.{quoted(a.name)}")
    _retype(f, a, label, column)
    f.scan(label)
    for part in ("indexes", "statistics", "constraints", "dependents"):
        for name in entry.on_column(part, a.name):
            entry.standing(part)[name] = ANY


def _retype(f: Forecast, a: Action, label: str, column: Column | None) -> None:
    """A default is not cast by itself to a type of the plan's making, and USING is about rows."""
    if misfit(column.type if column else None, a.text, a.part) is None:
        f.lose(a, label, a.name)
    if column is None:
        return
    made = f.others.get(f"type {a.shape}") if a.shape else None
    own = isinstance(column.default, str) and not column.generated
    if own and made is not None and made.label == "":
        what = column_fits.DEFAULT.format(what=f"column {a.name} of {label}", type=a.shape)
        f.uncast[f.step, label, a.name] = Problem("", what, f.line)
    column.type = column.collation = ANY
    column.default = ANY if column.default is not None else None


SET_DEFAULT = Kind(
    "ALTER TABLE … ALTER COLUMN … SET DEFAULT", Class.LOSSLESS, traits=Trait.LEAVES_ASPECTS | Trait.CASTS,
    read={"alter_table_stmt AT_ColumnDefault": read_default_set}, effect=inherited(set_default),
)  # fmt: skip

DROP_DEFAULT = Kind(
    "ALTER TABLE … ALTER COLUMN … DROP DEFAULT", Class.LOSSLESS,
    traits=Trait.DROPS | Trait.A_PART | Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_ColumnDefault": read_default_dropped}, effect=inherited(drop_default),
    trace=always,
)  # fmt: skip

SET_NOT_NULL = Kind(
    "ALTER TABLE … ALTER COLUMN … SET NOT NULL", Class.LOSSLESS, scans=True, traits=Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_SetNotNull": of_table("set_not_null")}, effect=inherited(set_not_null),
    demands=column_rows.not_null, trace=always,
)  # fmt: skip

DROP_NOT_NULL = Kind(
    "ALTER TABLE … ALTER COLUMN … DROP NOT NULL", Class.LOSSLESS,
    traits=Trait.DROPS | Trait.A_PART | Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_DropNotNull": of_table("drop_not_null")}, effect=inherited(drop_not_null),
    trace=always,
)  # fmt: skip

ALTER_TYPE = Kind(
    "ALTER TABLE … ALTER COLUMN … TYPE", Class.LOSSY, Loss.ACCEPT, scans=True,
    traits=Trait.LEAVES_ASPECTS | Trait.READS_ROWS,
    read={"alter_table_stmt AT_AlterColumnType": read_type}, effect=inherited(alter_type),
    demands=column_rows.retyped, fits=column_fits.retyped, keys=on_column,
)  # fmt: skip
