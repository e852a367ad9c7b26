"""Indexes that are built and dropped in a transaction; those of CONCURRENTLY are in concurrently.py."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.plan.forecast.already import index_already
from monitor.plan.forecast.entries import cascade, has_indexed, relation_of, unidentified
from monitor.plan.forecast.made import forget_comments, forget_made, make_index
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Index, Relation
from monitor.sql import action_shapes, facts_index, facts_names
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, dropping
from monitor.sql.labels import bare, beside
from monitor.sql.scripts import Action
from monitor.statements import sameness
from monitor.statements.asked import Asked, Asking, Rows, no_twins
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.relations import DROPS, inherited


def read_index(body: Tree, _: Tree) -> list[Facts] | None:
    """A name, or what makes one, and the shape by which it is known again."""
    if body.get("concurrent"):
        return None
    chosen, missing = facts_names.of_index(body), ""
    if not (body.get("idxname") or chosen):
        missing = "CREATE INDEX needs a name, since the one that the server gives it can't be foretold"
    return [facts_index.index("create_index", body, refusal=missing, **chosen)]


def create_index(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        if f.relations.get(f.label(a)) is ANY:  # its table is of an earlier statement
            make_index(f, f.label(a), beside(f.label(a), f.quoted[a.name]))
        return
    label, entry = found
    index = beside(label, f.quoted[a.name])
    if (there := f.relations.get(index)) is not None:
        index_already(f, a, index, there)
        return
    if not has_indexed(f, a, label, entry):
        return
    entry.indexes[a.name] = ANY
    make_index(f, label, index)
    f.leeway.added.add((label, a.name))
    f.scan(label)


def is_of_another(f: Forecast, label: str, entry: Relation, index: object) -> bool:
    """Whether an index goes only with its constraint, or its parent: that is a problem."""
    if isinstance(index, Index) and index.constraint:
        f.problem(f"index {label} belongs to a constraint: drop the constraint instead")
    elif parent := entry.fixed.part_of:
        f.problem(f"index {label} is part of {parent}: drop that instead")
    else:
        return False
    return True


def drop_index(f: Forecast, a: Action) -> None:
    if forget_made(f, a) or (found := relation_of(f, a, a.if_exists)) is None:
        return
    label, entry = found
    if entry.kind != "index":
        f.problem(f"{label} is a {entry.kind}, not an index")
        return
    table = f.relation(entry.table)
    index = table.indexes.get(bare(label)) if table else None
    if is_of_another(f, label, entry, index):
        return
    if table and entry.table:
        unidentified(f, entry.table, table, f"index {label}", bare(label))
    cascade(f, a, entry, list(entry.dependents), label)
    if table:
        table.indexes.pop(bare(label), None)
    f.relations[label] = None
    forget_comments(f, label)
    f.forget(label)


def demands(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """No two rows that a unique index takes for the same."""
    if rows is None or a.name in rows.entry.indexes:
        return
    if a.rows:
        yield sameness.twins(q, a, rows)
    elif a.part:
        columns = action_shapes.index(a.shape).columns
        yield from no_twins(q, rows, columns, nulls_distinct="not distinct" not in a.part)


CREATE_INDEX = Kind(
    "CREATE INDEX", Class.LOSSLESS, scans=True, traits=Trait.LEAVES_ASPECTS | Trait.SAME_TWICE | Trait.CASTS,
    read={"index_stmt": read_index}, effect=inherited(create_index),
    new_name=lambda a: a.name, demands=demands, made="indexes",
)  # fmt: skip

DROP_INDEX = Kind(
    "DROP INDEX", Class.LOSSLESS, traits=DROPS | Trait.LEAVES_ASPECTS,
    read={"drop_stmt OBJECT_INDEX": dropping("drop_index")}, effect=inherited(drop_index), dropped="indexes",
    trace=always,
)  # fmt: skip
