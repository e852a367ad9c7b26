"""Constraints: added, validated, renamed, dropped, and what they demand of the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.plan.forecast.entries import cascade, forget_index, relation_of, unidentified
from monitor.plan.forecast.keys import make_keys
from monitor.plan.forecast.made import forget_comment
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Column, Constraint, Relation, known
from monitor.sql import action_shapes, facts_constraints, facts_names, facts_rows
from monitor.sql.action_shapes import ConstraintShape
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, altered, of_table, renaming
from monitor.sql.labels import bare, quoted, split_label
from monitor.sql.scripts import Action
from monitor.statements import sameness
from monitor.statements.asked import (
    Asked,
    Asking,
    Demand,
    Parents,
    Rows,
    Standing,
    no_nulls,
    no_twins,
)
from monitor.statements.fitting import Server
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.relations import inherited

INDEXED = {"p", "u", "x"}
"""Types of constraints that stand on an index of the same name."""

SYSTEM_COLUMNS = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}


def read_added(body: Tree, cmd: Tree) -> list[Facts] | None:
    """ADD CONSTRAINT. `new_name`: of USING INDEX, the index that becomes its own and gets its name."""
    if body["objtype"] != "OBJECT_TABLE":
        return None
    definition = cmd["def"]["constraint"]
    name = definition.get("conname", "")
    check = definition.get("contype") == "CONSTR_CHECK"
    named = {
        "name": name,
        **facts_names.of_constraint(definition, facts_constraints.checked(definition) if check else []),
    }
    refusal = ""
    if not (named["name"] or "choose" in named):
        refusal = "ADD CONSTRAINT needs a name, since the one that the server gives it can't be foretold"
    return [
        altered(
            "add_constraint", body, cmd, new_name=str(definition.get("indexname", "")), refusal=refusal,
            **named, **facts_constraints.constraint(definition), **facts_rows.exclusion(definition),
        )
    ]  # fmt: skip


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
    shape = action_shapes.constraint(a.shape)
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


def added(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """NOT VALID leaves it to VALIDATE CONSTRAINT."""
    if rows is None or not a.shape or a.name in rows.entry.constraints:
        return
    wanted = _constraint(q, a, rows)
    if action_shapes.constraint(a.shape).checked:
        yield from wanted
    else:
        q.pending[rows.was, a.name] = list(wanted)


def validated(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """Of one that was added by the plan, or is there already."""
    if rows is None or _is_remade(rows):
        return
    held = q.pending.get((rows.was, a.name))
    if held is not None:
        yield from (replace(d, line=q.line, statement=q.said) for d in held)
    elif isinstance(rows.entry.constraints.get(a.name), Constraint) or a.name in rows.entry.not_nulls:
        others = frozenset(q.model.was(label) for label in q.written)
        yield Standing(q.line, q.said, rows.was, a.name, others)


def _is_remade(rows: Rows) -> bool:
    """Whether some column has other values by then."""
    return any(c.type is ANY for c in known(rows.entry.columns).values())


def _constraint(q: Asking, a: Action, rows: Rows) -> Iterator[Asked]:
    shape = action_shapes.constraint(a.shape)
    if shape.type in {"n", "p"}:
        yield from no_nulls(q, rows, shape.columns)
    if shape.type in {"u", "p"}:
        yield from no_twins(q, rows, shape.columns, nulls_distinct=shape.nulls_distinct)
    if shape.type == "c" and a.text:
        what = f"at least one row of {rows.name} is against {a.name}"
        sql = f"SELECT EXISTS (SELECT FROM {rows.renamed()} WHERE NOT ({a.text}))"
        yield Demand(q.line, q.said, what, sql, q.path)
    if shape.type == "x" and a.rows:
        yield sameness.pairs(q, a, rows)
    if shape.type == "f":
        yield from _parents(q, rows, shape)


def _parents(q: Asking, rows: Rows, shape: ConstraintShape) -> Iterator[Parents]:
    columns, label = rows.now(shape.columns), q.model.resolution.get(shape.parent)
    if columns is None or label is None:
        return
    named: tuple[str, ...] | None = shape.parent_columns
    if label in q.model.relations:  # the plan touches it: under its name of now
        entry = q.model.relation(label)
        if entry is None or not entry.was or not entry.foreseen:
            return
        parent = Rows(label, entry)
        named, label = parent.now(shape.parent_columns), parent.was
    if named is None:
        return
    types = tuple(rows.type_of(c) for c in shape.columns)
    yield Parents(q.line, q.said, rows.was, tuple(zip(columns, types, strict=True)), label, named)


async def fits(q: Server, a: Action) -> str:
    return await q.referring(action_shapes.constraint(a.shape).references, frozenset())


def is_only_not_null(a: Action) -> bool:
    """PostgreSQL 18 names NOT NULL as a constraint; it says no more than its column does. Another of the
    right name may check something else."""
    shape = action_shapes.constraint(a.shape)
    return shape.type == "n" and shape.checked


def refers(a: Action) -> str:
    return action_shapes.constraint(a.shape).parent if a.shape else ""


def itself_goes(_: Relation | None, a: Action) -> Iterator[str]:
    yield a.name


RENAME_CONSTRAINT = Kind(
    "ALTER TABLE … RENAME CONSTRAINT", Class.LOSSLESS, traits=Trait.LEAVES_ASPECTS,
    read={"rename_stmt OBJECT_TABCONSTRAINT": renaming("rename_constraint")},
    effect=inherited(rename_constraint), trace=always,
)  # fmt: skip

ADD_CONSTRAINT = Kind(
    "ALTER TABLE … ADD CONSTRAINT", Class.LOSSLESS, scans=True, traits=Trait.LEAVES_ASPECTS | Trait.CASTS,
    read={"alter_table_stmt AT_AddConstraint": read_added}, effect=inherited(add_constraint),
    demands=added, fits=fits, trace=is_only_not_null, made="constraints", refers=refers,
)  # fmt: skip

VALIDATE_CONSTRAINT = Kind(
    "ALTER TABLE … VALIDATE CONSTRAINT", Class.LOSSLESS, scans=True, traits=Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_ValidateConstraint": of_table("validate_constraint")},
    effect=inherited(validate_constraint), demands=validated, trace=always,
)  # fmt: skip

DROP_CONSTRAINT = Kind(
    "ALTER TABLE … DROP CONSTRAINT", Class.LOSSLESS,
    traits=Trait.DROPS | Trait.A_PART | Trait.TAKES_MORE | Trait.LEAVES_ASPECTS,
    read={"alter_table_stmt AT_DropConstraint": of_table("drop_constraint")},
    effect=inherited(drop_constraint), dropped="constraints", keys=itself_goes, trace=always,
)  # fmt: skip
