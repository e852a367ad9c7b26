"""Triggers and policies, as far as they are alike: parts of a relation with a name there."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Effect, Forecast
from monitor.schema.compare import singular
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Reader, Tree, action, relation_name
from monitor.sql.labels import quoted
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.relations import inherited

DROPS = Trait.DROPS | Trait.A_PART | Trait.OF_RELATION | Trait.LEAVES_ASPECTS


def read_rename(part: str) -> Reader:
    """`part`: of the relation's fingerprint, of which the name is one."""

    def read(body: Tree, _: Tree) -> list[Facts]:
        return [
            action(
                "rename_part", relation_name(body["relation"]), body["subname"], new_name=body["newname"],
                part=part, relation_if_exists=bool(body.get("missing_ok")),
            )
        ]  # fmt: skip

    return read


def dropped(part: str) -> Effect:
    """One of that part goes."""

    def drop(f: Forecast, a: Action) -> None:
        if (found := relation_of(f, a, a.if_exists)) is None:
            return
        label, entry = found
        there = entry.standing(part)
        if a.name not in there:
            f.absent(f"{singular(part)} {a.name} of {label}", a.if_exists)
            return
        del there[a.name]
        f.forget(f"{quoted(a.name)} on {label}")

    return drop


def rename_part(f: Forecast, a: Action) -> None:
    """A policy or a trigger; `part`: of which the name is one."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    known, one = entry.standing(a.part), singular(a.part)
    if a.name not in known:
        f.missing(f"{one} {a.name} of {label}")
    elif a.new_name in known:
        f.problem(f"{one} {a.new_name} of {label} already exists")
    else:
        known[a.new_name] = known.pop(a.name)
        f.leeway.rename(a.name, a.new_name)
        f.leeway.add_renamed(label, a.name, a.new_name)
        f.move(f"{quoted(a.name)} on {label}", f"{quoted(a.new_name)} on {label}")


RENAME_PART = Kind(
    "ALTER POLICY | TRIGGER … RENAME TO", Class.LOSSLESS,
    read={
        "rename_stmt OBJECT_POLICY": read_rename("policies"),
        "rename_stmt OBJECT_TRIGGER": read_rename("triggers"),
    },
    effect=inherited(rename_part), trace=always,
)  # fmt: skip
