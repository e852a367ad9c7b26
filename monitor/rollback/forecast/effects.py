"""What each known kind does to the modelled schema: one small function a kind, one table of them.

An effect says what is missing or in the way (problem), what will do nothing (notice), what is taken
along silently (notice), and changes the model. It does not touch a database.
"""

from __future__ import annotations

from monitor.rollback.forecast.already import TABLES, index_already, relation_already
from monitor.rollback.forecast.effects_access import ACCESS_EFFECTS, rename_part
from monitor.rollback.forecast.effects_columns import COLUMN_EFFECTS
from monitor.rollback.forecast.effects_constraints import CONSTRAINT_EFFECTS
from monitor.rollback.forecast.effects_names import NAME_EFFECTS
from monitor.rollback.forecast.effects_objects import OBJECT_EFFECTS
from monitor.rollback.forecast.effects_outside import OUTSIDE_EFFECTS
from monitor.rollback.forecast.effects_queries import QUERY_EFFECTS
from monitor.rollback.forecast.effects_settings import SETTING_EFFECTS, set_column_options, set_statistics
from monitor.rollback.forecast.effects_types import TYPE_EFFECTS
from monitor.rollback.forecast.entries import (
    below,
    cascade,
    has_indexed,
    loosen_below,
    relation_of,
    unidentified,
)
from monitor.rollback.forecast.keys import reached
from monitor.rollback.forecast.made import (
    forget_comments,
    forget_indexes_on,
    forget_made,
    forget_owned,
    make_index,
)
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.relation import ANY, Index, Relation, Switched
from monitor.rollback.script.kinds import KINDS
from monitor.rollback.script.labels import bare, beside, quoted
from monitor.rollback.script.plan import Action


def switch_trigger(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    trigger = entry.triggers.get(a.name)
    if trigger is None:
        f.missing(f"trigger {a.name} of {label}")
    elif isinstance(trigger, Switched):
        trigger.enabled = "O" if a.kind == "enable_trigger" else "D"


def create_relation(f: Forecast, a: Action) -> None:
    label = f.label(a)
    if f.relations.get(label) is None:
        f.relations[label] = ANY
        f.leeway.made.add(label)
    elif a.kind == "create_view" and a.if_exists:
        entry = f.relations[label]
        if isinstance(entry, Relation):
            if entry.kind != "view":
                f.problem(f"{label} is a {entry.kind}: CREATE OR REPLACE VIEW does not replace it")
                return
            entry.definition, entry.columns, entry.foreseen = ANY, {}, False
        f.leeway.made.add(label)
    else:
        relation_already(f, a, label, f.relations[label])


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


def create_trigger(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if a.name in entry.triggers and not a.if_exists:
        f.problem(f"trigger {a.name} of {label} already exists")
        return
    if a.name in entry.triggers:
        _repoint(f, f"{quoted(a.name)} on {label}", a.text or "")
    entry.triggers[a.name] = ANY
    f.leeway.added.add((label, a.name))


def _repoint(f: Forecast, trigger: str, function: str) -> None:
    """A trigger that is replaced stands on its new function only; one of that name may be it."""
    kept = [
        (other, other.dependents)
        for other in f.others.values()
        if other and bare(other.label.partition(" ")[2].partition("(")[0]) == bare(function)
    ]
    f.release(trigger)
    for other, dependents in kept:
        new = [f"trigger {trigger}"] if len(kept) == 1 else []
        other.dependents = list(dict.fromkeys([*dependents, *new]))


def drop_relation(f: Forecast, a: Action) -> None:
    if forget_made(f, a) or (found := relation_of(f, a, a.if_exists)) is None:
        return
    label, entry = found
    kind = "table" if entry.kind in TABLES else entry.kind
    if kind != a.kind.removeprefix("drop_").replace("_", " "):
        f.problem(f"{label} is a {entry.kind}: {KINDS[a.kind].statement} does not drop it")
        return
    cascade(f, a, entry, list(entry.dependents), label)
    if entry.kind == "partitioned table":
        for child, under in below(f, entry):
            cascade(f, a, under, list(under.dependents), f"{child}, which goes with {label},")
    if a.kind in {"drop_table", "drop_sequence"}:
        f.lose(a, label)
    if entry.children:
        f.notice(f"{label} takes {', '.join(entry.children)} with it")
        for child, _ in below(f, entry):
            _take_along(f, child)
    _take_along(f, label)
    f.leeway.gone.add(label)
    f.unidentified.pop(entry.was or label, None)
    forget_indexes_on(f, label)
    forget_owned(f, label)
    forget_comments(f, label)
    f.forget(label)


def _take_along(f: Forecast, label: str) -> None:
    """A relation with its indexes, where the plan names them."""
    for known, entry in f.relations.items():
        if known == label or (isinstance(entry, Relation) and entry.table == label):
            f.relations[known] = None


def drop_index(f: Forecast, a: Action) -> None:
    if forget_made(f, a) or (found := relation_of(f, a, a.if_exists)) is None:
        return
    label, entry = found
    if entry.kind != "index":
        f.problem(f"{label} is a {entry.kind}, not an index")
        return
    table = f.relation(entry.table)
    index = table.indexes.get(bare(label)) if table else None
    if isinstance(index, Index) and index.constraint:
        f.problem(f"index {label} belongs to a constraint: drop the constraint instead")
        return
    if parent := entry.fixed.part_of:
        f.problem(f"index {label} is part of {parent}: drop that instead")
        return
    if table and entry.table:
        unidentified(f, entry.table, table, f"index {label}", bare(label))
    cascade(f, a, entry, list(entry.dependents), label)
    if table:
        table.indexes.pop(bare(label), None)
    f.relations[label] = None
    forget_comments(f, label)
    f.forget(label)


def drop_part(f: Forecast, a: Action) -> None:
    """A trigger or a policy."""
    if (found := relation_of(f, a, a.if_exists)) is None:
        return
    label, entry = found
    what = a.kind.removeprefix("drop_")
    part = entry.standing({"trigger": "triggers", "policy": "policies"}[what])
    if a.name not in part:
        f.absent(f"{what} {a.name} of {label}", a.if_exists)
        return
    del part[a.name]
    f.forget(f"{quoted(a.name)} on {label}")


def grant(f: Forecast, a: Action) -> None:
    if a.relation is not None and (found := relation_of(f, a, tolerated=False)) is not None:
        found[1].privileges = ANY


def change_owner(f: Forecast, a: Action) -> None:
    if a.relation is not None and (found := relation_of(f, a, a.relation_if_exists)) is not None:
        found[1].owner = found[1].privileges = ANY


def write_rows(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if a.kind == "update" and entry.foreseen and a.name not in entry.columns:
        f.missing(f"column {a.name} of {label}")
    elif a.kind == "truncate" and a.cascade:
        f.problem(f"TRUNCATE {label} CASCADE empties other tables too: name them instead")
    elif a.kind != "insert":
        f.lose(a, label, a.name)
        for other in reached(f, label, a):
            f.lose_also(a, other)
        if not a.only and a.kind != "upsert" and entry.kind != "partitioned table":
            for child, _ in below(f, entry):
                f.lose_also(a, child, a.name)


def inherited(effect: Effect) -> Effect:
    """The same, of something that children and partitions have from their parent."""

    def with_those_below(f: Forecast, a: Action) -> None:
        entry = f.relation(f.label(a))
        effect(f, a)
        if entry and entry.table:  # of an index
            entry = f.relation(entry.table)
        if entry and entry.children:
            loosen_below(f, entry)

    return with_those_below


def nothing(f: Forecast, a: Action) -> None:
    """The schema does not show it."""


EFFECTS: dict[str, Effect] = {
    **{kind: inherited(effect) for kind, effect in {**COLUMN_EFFECTS, **CONSTRAINT_EFFECTS}.items()},
    **NAME_EFFECTS,
    **OBJECT_EFFECTS,
    **OUTSIDE_EFFECTS,
    **QUERY_EFFECTS,
    **SETTING_EFFECTS,
    **TYPE_EFFECTS,
    **ACCESS_EFFECTS,
    "rename_part": inherited(rename_part),
    "set_statistics": inherited(set_statistics),
    "set_column_options": inherited(set_column_options),
    "enable_trigger": inherited(switch_trigger),
    "disable_trigger": inherited(switch_trigger),
    "create_table": create_relation,
    "create_view": create_relation,
    "create_sequence": create_relation,
    "create_index": inherited(create_index),
    "create_trigger": inherited(create_trigger),
    "drop_table": drop_relation,
    "drop_view": drop_relation,
    "drop_materialized_view": drop_relation,
    "drop_sequence": drop_relation,
    "drop_index": inherited(drop_index),
    "drop_trigger": inherited(drop_part),
    "drop_policy": drop_part,
    "grant": grant,
    "change_owner": change_owner,
    **dict.fromkeys(("insert", "upsert", "update", "delete", "merge", "truncate"), write_rows),
    **dict.fromkeys(("select", "do", "call", "set_constraints"), nothing),
}
