"""An old and a new value for people: one line, short, cut where they begin to differ. Pure code."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

LENGTH = 60
"""Characters of a value that are shown."""

BEFORE = 15
"""Characters that are shown before the place where two values begin to differ."""

ARROW = "→"

NONE = "none"


def change(was: Any, now: Any) -> str:
    """`text → character varying(9)`; of lists and of named values what came (+) and went (-)."""
    if isinstance(was, list | dict) or isinstance(now, list | dict):
        gone, come = _items(was), _items(now)
        found = [f"-{_short(i)}" for i in gone if i not in come] + [
            f"+{_short(i)}" for i in come if i not in gone
        ]
        return ", ".join(found) or f"{_short(_line(was))} {ARROW} {_short(_line(now))}"
    old, new = _line(was), _line(now)
    if max(len(old), len(new)) > LENGTH:
        start = max(0, _alike(old, new) - BEFORE)
        old, new = (_short(text[start:], more=start > 0) for text in (old, new))
    return f"{old} {ARROW} {new}"


def _alike(old: str, new: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _items(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict):
        return [f"{k}: {_line(v)}" for k, v in sorted(value.items())]
    return [_line(v) for v in value]


def _line(value: Any) -> str:
    """One line of text without control characters."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "{" + ", ".join(_line(v) for v in value) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(_items(value)) + "}"
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split()) or "''"


def _short(text: str, *, more: bool = False) -> str:
    cut = text if len(text) <= LENGTH else text[:LENGTH] + "…"
    return f"…{cut}" if more else cut
