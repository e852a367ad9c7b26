"""What giving a relation another name or schema does to the modelled schema; the rule of effects.py holds."""

from __future__ import annotations

from monitor.rollback.compare import ANY
from monitor.rollback.entries import Entry, relation_of
from monitor.rollback.forecast import Effect, Forecast
from monitor.rollback.labels import bare, beside, split_label
from monitor.rollback.plan import Action


def rename_relation(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    new = beside(label, f.quoted[a.new_name])
    if f.relations.get(new) is not None:
        f.problem(f"{new} already exists, so {label} can't be renamed to it")
        return
    f.relations[new], f.relations[label] = entry, None
    f.leeway.renamed.add((bare(label), a.new_name))
    f.leeway.loose |= {(new, part) for loose, part in f.leeway.loose if loose == label}
    table = f.relations.get(entry["table"]) if entry["table"] else None
    if table:
        for part in ("indexes", "constraints"):
            if bare(label) in table[part]:
                table[part][a.new_name] = table[part].pop(bare(label))
    for other in f.relations.values():
        if isinstance(other, dict):
            loosen_views(other)
            if other["table"] == label:
                other["table"] = new
    if entry["kind"] in {"view", "materialized view"}:
        f.forget(label)
        f.leeway.added.add(new)


def set_schema(f: Forecast, a: Action) -> None:
    """Moves a table with its indexes; every definition that names the schema changes with it."""
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    schema = split_label(label)[0]
    for old in [label, *(i for i, o in f.relations.items() if isinstance(o, dict) and o["table"] == label)]:
        new = f"{f.quoted[a.new_name]}.{split_label(old)[2]}"
        if f.relations.get(new) is not None:
            f.problem(f"{new} already exists, so {old} can't be moved there")
            return
        f.relations[new], f.relations[old] = f.relations[old], None
        if f.relations[new]["table"]:
            f.relations[new]["table"] = f"{f.quoted[a.new_name]}.{split_label(label)[2]}"
    f.leeway.renamed.add((split_label(f"{schema}.x")[0].strip('"'), a.new_name))
    loosen_views(entry)


def loosen_views(entry: Entry) -> None:
    """A renamed name shows in the text of views in ways that can't be foretold."""
    for key, dependent in entry["dependents"].items():
        if key.startswith(("view ", "materialized view ")):
            dependent["definition"] = ANY


NAME_EFFECTS: dict[str, Effect] = {"rename_relation": rename_relation, "set_schema": set_schema}
