"""Does the schema show beyond doubt that an action was done? Only then can it be found done by hand.

What shows but can't be foretold is no proof: somebody else's new version of a view is not the old one back,
and a constraint of the right name may check something else.
Pure code.
"""

from __future__ import annotations

from monitor.rollback.script import shapes
from monitor.rollback.script.kinds import NO_TRACE, VAGUE
from monitor.rollback.script.plan import Action

MADE = frozenset(
    (
        "add_column", "create_table", "create_view", "create_materialized_view", "create_sequence",
        "create_trigger", "create_index", "create_index_concurrently", "create_policy", "create_publication",
        "create_extension", "add_attribute",
    )
)  # fmt: skip
"""Kinds whose result is known by its name only: another column, index or table may have that name."""


def shows(action: Action) -> bool:
    """Whether what the action leaves is known to the last word of its definition, or is known to be gone."""
    if action.kind in NO_TRACE | VAGUE | MADE:
        return False
    if action.kind == "add_constraint":
        return _only_not_null(action)
    return action.kind != "create_function" or action.text is not None  # its body, to the letter


def _only_not_null(action: Action) -> bool:
    """PostgreSQL 18 names NOT NULL as a constraint; it says no more than its column does."""
    shape = shapes.constraint(action.shape)
    return shape.type == "n" and shape.checked
