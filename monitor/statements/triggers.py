"""Triggers: made, switched on and off, dropped."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Effect, Forecast
from monitor.schema.relation import ANY, Switched
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted as key_of_names
from monitor.sql.facts_objects import strings
from monitor.sql.facts_parts import Facts, Tree, action, dropping_part, of_table, relation_name
from monitor.sql.labels import bare, quoted
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.parts import DROPS, dropped
from monitor.statements.relations import inherited

ENABLED = frozenset({"enabled"})


def read_create(body: Tree, _: Tree) -> list[Facts]:
    """`text`: its function, as a key."""
    replaces = bool(body.get("replace"))
    return [
        action(
            "create_trigger", relation_name(body["relation"]), body["trigname"], if_exists=replaces,
            text=key_of_names(strings(body["funcname"])),
        )
    ]  # fmt: skip


def switched(letter: str) -> Effect:
    """As pg_trigger.tgenabled has it."""

    def switch(f: Forecast, a: Action) -> None:
        if (found := relation_of(f, a, a.relation_if_exists)) is None:
            return
        label, entry = found
        trigger = entry.triggers.get(a.name)
        if trigger is None:
            f.missing(f"trigger {a.name} of {label}")
        elif isinstance(trigger, Switched):
            trigger.enabled = letter

    return switch


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


ENABLE_TRIGGER = Kind(
    "ALTER TABLE … ENABLE TRIGGER name", Class.LOSSLESS,
    read={"alter_table_stmt AT_EnableTrig": of_table("enable_trigger")},
    effect=inherited(switched("O")), switches=True, restores=ENABLED, trace=always,
)  # fmt: skip

DISABLE_TRIGGER = Kind(
    "ALTER TABLE … DISABLE TRIGGER name", Class.LOSSLESS,
    read={"alter_table_stmt AT_DisableTrig": of_table("disable_trigger")},
    effect=inherited(switched("D")), switches=False, restores=ENABLED, trace=always,
)  # fmt: skip

CREATE_TRIGGER = Kind(
    "CREATE [OR REPLACE] TRIGGER", Class.LOSSLESS,
    traits=Trait.LEAVES_ASPECTS, read={"create_trig_stmt": read_create},
    effect=create_trigger, made="triggers",
)  # fmt: skip

DROP_TRIGGER = Kind(
    "DROP TRIGGER", Class.LOSSLESS,
    traits=DROPS, read={"drop_stmt OBJECT_TRIGGER": dropping_part("drop_trigger")},
    effect=inherited(dropped("triggers")), switches=False, dropped="triggers", trace=always,
)  # fmt: skip
