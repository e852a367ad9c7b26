"""Which differences from before the migration a plan will leave, as far as they can be foretold.

The plan is played on the touched objects; what comes out is held against the schema from before. Where the
outcome can't be foretold (a type that changes, an opaque statement) nothing is said: the comparison after
the rollback is exact. Pure code.
"""

from __future__ import annotations

from typing import Any

from monitor.plan.stored import Plan
from monitor.schema import whole
from monitor.schema.compare import Leeway, same
from monitor.schema.difference import How
from monitor.schema.other_objects import other_key
from monitor.schema.relation import ANY, Entry, Relation, Unforeseen
from monitor.schema.whole import Objects
from monitor.sql.classes import Class
from monitor.sql.labels import belongs, beside, quoted
from monitor.sql.refusals import OWN_SCHEMA
from monitor.sql.scripts import key_of
from monitor.statements.kind import Trait
from monitor.statements.others import other_of
from monitor.statements.registry import kind_of

PARTS = {"columns": "column", "constraints": "constraint", "indexes": "index", "triggers": "trigger",
         "policies": "policy", "statistics": "statistics object"}  # fmt: skip
"""Parts of a touched relation that a whole fingerprint has too -> one of them."""

COMPARED = {
    "columns": ("type", "default", "identity", "generated"), "constraints": ("definition",),
    "indexes": ("definition",), "triggers": ("definition", "enabled"), "policies": (),
    "statistics": ("definition",),
}  # fmt: skip

APART = {"index", "composite type"}
"""Relations that a whole fingerprint has elsewhere: with their table, and as a type."""

FOLLOW = ("constraints", "indexes", "statistics")
"""What may come along unnamed with an added column or table."""

ASPECTS = ("key_triggers", "options", "persistence", "replica_identity", "row_security", "toast_options")
"""Of a relation itself: what only statements that are made for it change."""

SAYS = {How.MISSING: "will be missing", How.NEW: "will still be there", How.CHANGED: "will differ"}


def remaining(plan: Plan, before: Objects, now: Objects) -> list[str]:
    """`public.contacts: column phone will still be there`; [] when nothing is known to remain."""
    if any(s.klass is Class.OPAQUE for s in plan.statements):
        return []
    forecast = plan.forecast()
    found: list[str] = []
    touched: set[str] = set()
    for label, entry in sorted(forecast.relations.items()):
        touched.add(label)
        if entry is not ANY and _kind(plan, label, entry) not in APART and not label.startswith(OWN_SCHEMA):
            found += _relation(label, entry, before.get(label), forecast.leeway, plan.aside)
    for label in sorted(touched & before.keys() & now.keys() - _reshaped(plan)):
        found += _aspects(label, before[label], now[label])
    loose = _with_followers(touched, now) | forecast.dropped | _views(plan) | _others(plan, before)
    loose |= _users(plan, before, now, forecast.leeway)
    loose |= {e.label for e in forecast.others.values() if e}
    granted = any(
        "privileges" in kind_of(a).restores and not a.relation for s in plan.statements for a in s.actions
    )
    for difference in whole.differences(before, now):
        label = difference.object
        if granted and difference.what == "privileges":  # of which object is not followed
            continue
        if label not in loose and not _is_made(label, forecast.leeway):
            what = f"{label}: {difference.what}" if difference.what else label
            found.append(f"{what} {SAYS[difference.how]}")
    return found


def _reshaped(plan: Plan) -> set[str]:
    """Labels of relations that a statement may change beyond their parts."""
    actions = (a for s in plan.statements for a in s.actions if a.relation)
    reshaping = (a for a in actions if not kind_of(a).has(Trait.LEAVES_ASPECTS))
    return {plan.resolution[key_of(a.relation or ())] for a in reshaping}


def _aspects(label: str, was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """How the migration left the relation itself, and the plan will leave it."""
    found = whole.differences_of(label, *({k: e[k] for k in ASPECTS if k in e} for e in (was, now)))
    return [f"{label}: {d.what} {SAYS[d.how]} ({d.detail})" for d in found]


def _with_followers(touched: set[str], now: Objects) -> set[str]:
    """Partitions and children follow their parent, an owned sequence its column."""
    found = set(touched)
    while new := {k for k, e in now.items() if k not in found and found & _leaders(e)}:
        found |= new
    return found


def _leaders(entry: dict[str, Any]) -> set[str]:
    owner = entry.get("owned_by", "").rpartition(".")[0]
    return {*entry.get("parents", ()), *((owner,) if owner else ())}


def _is_made(label: str, leeway: Leeway) -> bool:
    """An index of a new constraint stands beside its table; what is new itself is known by its label."""
    return label in leeway.made or any(beside(of, quoted(name)) == label for of, name in leeway.added)


def _kind(plan: Plan, label: str, entry: Entry) -> str:
    """Of a relation that the plan drops: what it was."""
    was = entry or plan.fingerprint.relation(label)
    return was.kind if isinstance(was, Relation) else ""


def _relation(label: str, entry: Relation | None, was: Any, leeway: Leeway, aside: set[str]) -> list[str]:
    if entry is None or was is None:
        if entry is None and was is None:
            return []
        return [f"{label} {SAYS[How.MISSING if entry is None else How.NEW]}"]
    found = []
    for part, one in PARTS.items():
        if part != "columns" or entry.foreseen:
            found += _named(f"{label}: {one}", part, entry, was.get(part, {}), leeway, aside)
    return found


def _named(
    what: str, part: str, entry: Relation, was: dict[str, Any], leeway: Leeway, aside: set[str]
) -> list[str]:
    expected = entry.standing(part)
    unknown = not entry.foreseen or any(c is ANY for c in entry.columns.values())
    found = []
    for name in sorted(expected.keys() | was.keys()):
        if name not in expected:
            if not (unknown and part in FOLLOW):
                found.append(f"{what} {name} {SAYS[How.MISSING]}")
        elif name not in was and name not in aside:
            found.append(f"{what} {name} {SAYS[How.NEW]}")
        elif (
            name in was
            and not isinstance(expected[name], Unforeseen)
            and _differs(part, expected[name], was[name], leeway)
        ):
            found.append(f"{what} {name} {SAYS[How.CHANGED]}")
    return found


def _differs(part: str, expected: object, was: dict[str, Any], leeway: Leeway) -> bool:
    nullable = getattr(expected, "not_null", ANY)
    if part == "columns" and nullable is not ANY and bool(nullable) != bool(was.get("not_null")):
        return True
    return any(
        getattr(expected, key) is not ANY
        and not same(getattr(expected, key) or "", was.get(key) or "", leeway)
        for key in COMPARED[part]
    )


def _views(plan: Plan) -> set[str]:
    """Labels of views on what the plan touches: how their text follows can't be foretold."""
    entries = (e for e in plan.fingerprint.relations.values() if isinstance(e, Relation))
    return {k.split("view ", 1)[1] for e in entries for k in e.dependents if "view " in k}


def _users(plan: Plan, before: Objects, now: Objects, leeway: Leeway) -> set[str]:
    """Labels of what uses a type or function that the plan renames, or a value of it.

    A function of such a type has another label then.
    """
    actions = [a for s in plan.statements for a in s.actions if kind_of(a).has(Trait.SHOWS_IN_USERS)]
    keys = {other_key(*other) for a in actions if (other := other_of(a, ""))}
    entries = [plan.fingerprint.others.get(key) for key in keys]
    dependents = [d for e in entries if e for d in e.dependents]
    dependents += _on_sequences(plan)
    found = {label for label in now if any(belongs(d, label.partition(" ")[2] or label) for d in dependents)}
    return found | {label for label in before.keys() - now if any(same(u, label, leeway) for u in found)}


def _on_sequences(plan: Plan) -> list[str]:
    """Defaults that show the name of a sequence which the plan renames."""
    actions = (a for s in plan.statements for a in s.actions if kind_of(a).has(Trait.RENAMES_RELATION))
    entries = (plan.fingerprint.relation(plan.resolution[key_of(a.relation or ())]) for a in actions)
    sequences = [e for e in entries if e and e.kind == "sequence"]
    return [d for e in sequences for d in (*e.dependents, f"column {e.owned_by or ''}")]


def _others(plan: Plan, before: Objects) -> set[str]:
    """Labels of functions, types and schemas that the plan names, and of those it may create."""
    made = tuple({f"{sort} " for s in plan.statements for a in s.actions if (sort := kind_of(a).makes)})
    created = {label for label in before if made and label.startswith(made)}
    of_statistics = {
        str(e.body) for k, e in plan.fingerprint.others.items() if e and k.startswith("statistics ")
    }
    return plan.named | created | of_statistics
