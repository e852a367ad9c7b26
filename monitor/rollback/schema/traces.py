"""Does the schema show beyond doubt that an action was done? Only then can it be found done by hand.

What shows but can't be foretold is no proof: somebody else's new version of a view is not the old one back.
Pure code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.rollback.schema.others import other_key, other_of
from monitor.rollback.script.kinds import NO_TRACE, VAGUE
from monitor.rollback.script.plan import Action, key_of

REPLACING = {"create_view": "", "create_trigger": "triggers"}
"""Kinds that may replace what is there, of which only the name is foretold -> the part of its relation."""


def shows(action: Action, resolution: Mapping[str, str], registered: Mapping[str, Any]) -> bool:
    """`registered`: the fingerprint of the touched objects when the watch was registered."""
    if action.kind in NO_TRACE | VAGUE:
        return False
    label = resolution[key_of(action.relation)] if action.relation else ""
    if action.kind in {"create_function", "comment"}:
        other = other_of(action, label)
        return other is not None and _foretold(action, registered["others"].get(other_key(*other)))
    if action.kind in REPLACING:
        entry = registered["relations"].get(label)
        part = REPLACING[action.kind]
        return entry is None if not part else entry is not None and action.name not in entry[part]
    return True


def _foretold(action: Action, was: Mapping[str, Any] | None) -> bool:
    """A function that is new, or one whose body is known to the letter; a comment always."""
    return action.kind == "comment" or was is None or action.text is not None
