"""Puts a broken document in a state that can be looked at further, so that one run tells every problem.

What stands in for a value is never used: a document that needed mending gives no settings.
"""

from __future__ import annotations

from copy import deepcopy

from monitor.settings.document import Loc

_DATABASE: dict[str | int, object] = {"dsn": "postgresql://stand.in"}
STAND_INS: dict[str | int, object] = {
    "targets": {"x": {"database": _DATABASE}},
    "database": _DATABASE,
    "webhook_url": "http://stand.in",
    "url": "http://stand.in",
    "routing_key": "-",
    "secret": "-",
    "query": "-",
    "unit": "count",
    "tool": "plain",
    **_DATABASE,
}
"""One for every key that must be written."""


def mend(tree: object, loc: Loc) -> None:
    """Takes the value at `loc` out; where it is not written, its stand-in is put there."""
    if not loc:
        return
    place = tree
    for part in loc[:-1]:
        place = _child(place, part)
    if not _mended(place, loc[-1]) and isinstance(place, list):
        mend(tree, loc[:-1])


def _mended(place: object, part: str | int) -> bool:
    if isinstance(place, dict):
        if part in place:
            del place[part]
        elif part in STAND_INS:
            place[part] = deepcopy(STAND_INS[part])
        else:
            return False
        return True
    if isinstance(place, list) and isinstance(part, int) and place[part] != {}:
        place[part] = {}  # its position stays: the lines of what follows hang on it
        return True
    return False


def _child(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None
