"""What an action is about beside relations, by its kind: as schema/other_objects.py writes it. Pure code."""

from __future__ import annotations

from monitor.schema import other_objects
from monitor.schema.other_objects import Other
from monitor.sql.scripts import Action
from monitor.statements.registry import kind_of


def other_of(action: Action, label: str) -> Other | None:
    """`label`: of its relation; None: it is about a relation, or nothing that shows."""
    kind = kind_of(action)
    name = kind.name_of_other(action, label)
    return (kind.other, name) if kind.other and name else None


def renamed(action: Action) -> Other | None:
    """What it is called afterwards; None: as before."""
    kind = kind_of(action)
    return other_objects.renamed(kind.other, action) if kind.renames else None
