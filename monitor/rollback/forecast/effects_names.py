"""What giving a relation another name or schema does to the modelled schema; the rule of effects.py holds."""

from __future__ import annotations

from monitor.rollback.forecast.entries import relation_of
from monitor.rollback.forecast.made import forget_comments, move_owned
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.relation import ANY, Relation, known
from monitor.rollback.script.labels import bare, beside, split_label
from monitor.rollback.script.plan import Action

ASIDE = "quarantined_"
"""How a name begins that a quarantine gave to what moves with its table, a moment before the move."""


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


def loosen_views(entry: Relation) -> None:
    """A renamed name shows in the text of views and rules in ways that can't be foretold."""
    for key, dependent in known(entry.dependents).items():
        if key.startswith(("view ", "materialized view ")):
            dependent.definition = ANY
    for rule in known(entry.rules).values():
        rule.definition = ANY


NAME_EFFECTS: dict[str, Effect] = {"rename_relation": rename_relation, "set_schema": set_schema}
