"""For `check`: what `or vector(0)` hides. With it a mistyped name gives 0, for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.errors import OperatorError
from monitor.probes.selectors import selector

FALLBACK = re.compile(r"\bor\s+(?:on\s*\(\s*\)\s*)?vector\s*\(", re.IGNORECASE)

_SERIES = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:(\{(?:[^{}\"']|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*\})|(?=\[))"
)


def hidden(query: str) -> Iterator[tuple[str, str]]:
    """What to ask beside a query with a fallback, and what it means when that gives nothing."""
    if not FALLBACK.search(query):
        return
    for name, conditions in dict.fromkeys((m[1], m[2] or "") for m in _SERIES.finditer(query)):
        yield f"count({name})", f"the server has no series `{name}`"
        for label in _labels(name + conditions):
            yield f'count({name}{{{label}!=""}})', f"no series `{name}` has the label {label}"


def _labels(text: str) -> list[str]:
    """Labels without which the conditions hold for nothing."""
    try:
        return [m.label for m in selector(text).matchers if not m.holds({})]
    except OperatorError:
        return []  # more than a page's selectors can say
