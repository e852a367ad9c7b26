"""What changed in the database since a watch began, in words. Statements come without values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.ports import Json

FIRST = 3
"""Statements of each kind that are told in an alert and on the terminal."""

TITLES = {
    "slower": "Statements whose mean time rose most",
    "heavier": "Statements whose total time rose most",
    "new": "New statements",
    "gone": "Statements that ran steadily before and not once since: they fail, or nothing asks for them",
}

NOT_COMPARED = "not compared"
NO_STATISTICS = "The server has no pg_stat_statements that could be read: statements are not compared."
RESET = "pg_stat_statements was reset meanwhile: counted since then."
NOTHING = "No statement became slower, heavier, new or absent."


def slower_facts(changes: Json | None) -> tuple[tuple[str, str], ...]:
    """The statements whose mean rose most, as facts of an alert."""
    return tuple(("slower", f"{s['statement']}: {_rise(s)}") for s in _slower(changes))


def changed_lines(changes: Json | None) -> Iterator[str]:
    """The first of each kind, a line each."""
    found = _mapping(changes)
    for s in _slower(changes):
        yield f"slower: {_rise(s)}: {s['statement']}"
    for s in _sequence(_mapping(found.get("statements")).get("gone"))[:FIRST]:
        yield f"ran steadily before, not once since: {s['statement']}"
    for wait in _sequence(found.get("lock_waits"))[:FIRST]:
        yield f"{wait['waiting']} sessions wait for a lock on {wait['relation']}"
    for index in _sequence(found.get("invalid_indexes")):
        if index["new"]:
            yield f"index {index['name']} on {index['relation']} became invalid"


def _slower(changes: Json | None) -> Sequence[Mapping[str, Any]]:
    return _sequence(_mapping(_mapping(changes).get("statements")).get("slower"))[:FIRST]


def _rise(s: Mapping[str, Any]) -> str:
    return f"{s['mean_before_ms']:.3g} ms before, now {s['mean_ms']:.3g} ms"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
