"""Tables: made, renamed, moved aside, dropped. A rename is one of any relation."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.made import forget_comments, move_owned
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Relation
from monitor.sql import action_shapes, facts_columns, facts_rows
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, dropping, on, relation_name, renaming
from monitor.sql.labels import bare, beside, split_label
from monitor.sql.refusals import OWN_SCHEMA
from monitor.sql.scripts import Action
from monitor.statements import table_aside
from monitor.statements.asked import Asked, Asking, Beside, Rows
from monitor.statements.fitting import Server
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.relations import DROPS, MAKES, created, dropped, every_key, loosen_views, together

ASIDE = "quarantined_"
"""How a name begins that a quarantine gave to what moves with its table, a moment before the move."""

RENAMED = ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE")


def read_create(body: Tree, item: Tree) -> list[Facts]:
    known = {**facts_columns.create_table(body), **facts_rows.create_table(body)}
    return [{**made, **known} for made in on("create_table", "relation")(body, item) or ()]


def read_set_schema(body: Tree, _: Tree) -> list[Facts] | None:
    """Only what a quarantine is rewritten to: where else a table could go nobody has looked."""
    new = str(body.get("newschema", ""))
    ours = new.startswith(f"{OWN_SCHEMA}_quarantine")
    return [action("set_schema", relation_name(body["relation"]), new_name=new)] if ours else None


def rename_relation(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        _rename_made(f, a)
        return
    label, entry = found
    new = beside(label, f.quoted[a.new_name])
    if f.relations.get(new) is not None:
        f.problem(f"{new} already exists, so {label} can't be renamed to it")
        return
    f.relations[new], f.relations[label] = entry, None
    forget_comments(f, label, new)
    move_owned(f, label, new)
    f.made_on = {index: new if of == label else of for index, of in f.made_on.items()}
    f.leeway.rename(bare(label), a.new_name)
    f.leeway.move(label, new)
    f.move(label, new)
    if table := f.relation(entry.table):
        for part in (table.standing("indexes"), table.standing("constraints")):
            if bare(label) in part:
                part[a.new_name] = part.pop(bare(label))
    for other in f.relations.values():
        if isinstance(other, Relation):
            loosen_views(other)
            if other.table == label:
                other.table = new
    if entry.kind in {"view", "materialized view"}:
        f.leeway.made.add(new)


def _rename_made(f: Forecast, a: Action) -> None:
    """What the plan itself made."""
    label = f.label(a)
    if f.relations.get(label) is ANY:
        new = beside(label, f.quoted[a.new_name])
        f.relations[new], f.relations[label] = ANY, None
        f.made_on = {(new if i == label else i): (new if t == label else t) for i, t in f.made_on.items()}
        f.leeway.made.add(new)
        f.leeway.move(label, new)
        f.move(label, new)
        forget_comments(f, label, new)
        _rename_made_index(f, label, a.new_name)


def _rename_made_index(f: Forecast, label: str, new_name: str) -> None:
    """An index that the plan built, or one of its constraints, which is renamed with its index."""
    schema, name, _ = split_label(label)
    for table in [of for of, added in f.leeway.added if added == name and split_label(of)[0] == schema]:
        f.leeway.add_renamed(table, name, new_name)
        if entry := f.relation(table):
            for part in (entry.standing("indexes"), entry.standing("constraints")):
                if part.get(name) is ANY:
                    part[new_name] = part.pop(name)


def set_schema(f: Forecast, a: Action) -> None:
    """Moves a table with its indexes; every definition that names the schema changes with it."""
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    schema = split_label(label)[0]
    for old in [label, *(i for i, o in f.relations.items() if isinstance(o, Relation) and o.table == label)]:
        new = f"{f.quoted[a.new_name]}.{split_label(old)[2]}"
        if f.relations.get(new) is not None:
            f.problem(f"{new} already exists, so {old} can't be moved there")
            return
        moved, f.relations[old] = f.relations[old], None
        if new not in f.relations:  # an index that the plan renamed first: nobody looks for it there
            continue
        f.relations[new] = moved
        if isinstance(moved, Relation) and moved.table:
            moved.table = f"{f.quoted[a.new_name]}.{split_label(label)[2]}"
    for sequence in [i for i, o in f.relations.items() if isinstance(o, Relation) and o.kind == "sequence"]:
        if split_label(sequence)[0] == schema and bare(sequence).startswith(ASIDE):
            f.relations[sequence] = None
    f.leeway.rename(split_label(f"{schema}.x")[0].strip('"'), a.new_name)
    loosen_views(entry)


def demands(q: Asking, a: Action, _: Rows | None) -> Iterator[Asked]:
    """Of a table that is made as a partition of one that is there; under the parent's name of now."""
    if q.moved or not a.rows or a.if_exists:
        return
    known = action_shapes.asked(a.rows)
    label = q.model.resolution.get(known.parent)
    if label is None:
        return
    entry = q.model.relation(label)
    if was := entry.was if entry else "" if label in q.model.relations else label:
        yield Beside(q.line, q.said, was, known.bounds, q.path)


async def fits(q: Server, a: Action) -> str:
    if not a.rows or (a.if_exists and await q.may_be_there(a)):
        return ""
    return await q.referring(action_shapes.asked(a.rows).references, frozenset({q.label(a)}))


CREATE_TABLE = Kind(
    "CREATE TABLE", Class.LOSSLESS, traits=MAKES | Trait.MAKES_NAMES | Trait.SAME_TWICE | Trait.CASTS,
    read={"create_stmt": read_create}, effect=created("table"),
    demands=demands, fits=fits, made="",
)  # fmt: skip

RENAME_RELATION = Kind(
    "ALTER TABLE | VIEW | INDEX | SEQUENCE … RENAME TO", Class.LOSSLESS, traits=Trait.RENAMES_RELATION,
    read={f"rename_stmt {sort}": renaming("rename_relation") for sort in RENAMED},
    effect=rename_relation, new_name=lambda a: a.new_name, trace=always,
)  # fmt: skip

SET_SCHEMA = Kind(
    "ALTER TABLE … SET SCHEMA migration_monitor_quarantine", Class.LOSSLESS, traits=Trait.MOVES_TO_SCHEMA,
    read={"alter_object_schema_stmt OBJECT_TABLE": read_set_schema},
    effect=set_schema, new_name=lambda a: a.new_name, trace=always,
)  # fmt: skip

DROP_TABLE = Kind(
    "DROP TABLE", Class.LOSSY, Loss.SALVAGE, traits=DROPS | Trait.MOVES_ROWS,
    read={"drop_stmt OBJECT_TABLE": dropping("drop_table")},
    effect=dropped("table", "DROP TABLE", loses=True), together=together, dropped="", keys=every_key,
    rewrite=table_aside.rewrite, itself=table_aside.itself, trace=always,
)  # fmt: skip
