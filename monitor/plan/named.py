"""Which relations and other objects a plan is about: those it names, and those it makes. Pure code."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.schema.catalogue import Resolved
from monitor.sql.scripts import Action, Statement, Written, key_of, key_parts
from monitor.statements.kind import Trait
from monitor.statements.others import other_of, renamed
from monitor.statements.registry import kind_of


def names(statements: Sequence[Statement]) -> list[Written]:
    """Every relation a plan names, as written."""
    found = {r for s in statements for r in s.relations} | {
        key_parts(a.name) for a in _composites(statements)
    }
    return sorted(found | {a.relation for s in statements for a in s.actions if a.relation is not None})


def _composites(statements: Sequence[Statement]) -> list[Action]:
    """Types that get the name under which the plan changes attributes: they are relations, too."""
    actions = [a for s in statements for a in s.actions]
    changed = {a.relation[-1] for a in actions if a.relation and kind_of(a).has(Trait.OF_COMPOSITE)}
    return [a for a in actions if (new := renamed(a)) and new[0] == "type" and a.new_name in changed]


def new_names(statements: Sequence[Statement]) -> list[str]:
    """Names that are not there yet, and schemas that something moves to."""
    actions = (a for s in statements for a in s.actions)
    return sorted({new_name(a) for a in actions if (new_name := kind_of(a).new_name) is not None})


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
            new = kind_of(a).new_label(a, label, quoted)
            labels |= {label, *([new] if new else []), *(resolved[key].label for key in kind_of(a).also(a))}
        other = other_of(a, resolved[key_of(a.relation)].label if a.relation else "")
        others |= {o for o in (other, renamed(a)) if o}
    return sorted(labels), tuple(sorted(others))
