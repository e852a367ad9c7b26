"""Which relations and other objects a plan is about: those it names, and those it makes. Pure code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.rollback.schema.catalogue import Resolved
from monitor.rollback.schema.others import other_of, renamed
from monitor.rollback.script.labels import beside, split_label
from monitor.rollback.script.plan import Action, Statement, Written, key_of, key_parts

NEW_NAMES: dict[str, Callable[[Action], str]] = {
    "rename_relation": lambda a: a.new_name,
    "create_index": lambda a: a.name,
    "set_schema": lambda a: a.new_name,
    "create_index_concurrently": lambda a: a.name,
}
"""Kinds that make a name: in the schema of the relation they are about, or that schema's own."""


def _new_label(a: Action, label: str, quoted: dict[str, str]) -> str:
    """The relation that will be there, qualified."""
    new = quoted[NEW_NAMES[a.kind](a)]
    return f"{new}.{split_label(label)[2]}" if a.kind == "set_schema" else beside(label, new)


def names(statements: Sequence[Statement]) -> list[Written]:
    """Every relation a plan names, as written."""
    found = {r for s in statements for r in s.relations} | {
        key_parts(a.name) for a in _composites(statements)
    }
    return sorted(found | {a.relation for s in statements for a in s.actions if a.relation is not None})


ATTRIBUTES = {"add_attribute", "rename_attribute", "drop_attribute"}


def _composites(statements: Sequence[Statement]) -> list[Action]:
    """Types that get the name under which the plan changes attributes: they are relations, too."""
    actions = [a for s in statements for a in s.actions]
    changed = {a.relation[-1] for a in actions if a.relation and a.kind in ATTRIBUTES}
    return [a for a in actions if a.kind == "rename_type" and a.new_name in changed]


def new_names(statements: Sequence[Statement]) -> list[str]:
    """Names that are not there yet, and schemas that something moves to."""
    return sorted({NEW_NAMES[a.kind](a) for s in statements for a in s.actions if a.kind in NEW_NAMES})


def touched(
    statements: Sequence[Statement], resolved: dict[str, Resolved], quoted: dict[str, str]
) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Labels of relations, and `(kind, name as written)` of what is no relation."""
    labels: set[str] = set()
    others: set[tuple[str, str]] = set()
    labels |= {resolved[a.name].label for a in _composites(statements) if a.name in resolved}
    for a in (a for s in statements for a in s.actions):
        if a.relation is not None:
            label = resolved[key_of(a.relation)].label
            labels |= {label, _new_label(a, label, quoted)} if a.kind in NEW_NAMES else {label}
            if a.kind == "detach_partition":
                labels.add(resolved[a.name].label)
        other = other_of(a, resolved[key_of(a.relation)].label if a.relation else "")
        others |= {o for o in (other, renamed(a)) if o}
    return sorted(labels), tuple(sorted(others))
