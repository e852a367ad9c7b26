"""What `or vector(0)` hides: with it a name that is mistyped, or gone, gives 0 for ever.

`check` asks for each name and label by itself (`hidden`). A watch asks beside each read (`guard`) whether the
server still has what the query is about: without a single one of its names nothing is measured, and without
the label that it selects by nothing of it could be found. An error counter of its own that is not there may
have counted nothing yet, so that alone is no failure. This file asks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monitor.errors import OperatorError, SourceError
from monitor.promql import series_in
from monitor.sources.promql_rows import Row
from monitor.sources.selectors import is_presence, selector

GUARD = "guard"

THERE, LOST = "there", "lost"

_TEXTS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_FALLBACK = re.compile(
    r"\bvector\s*\(|\bdefault\s*[(\d.]|\bor\s+(?:(?:on|ignoring)\s*\([^()]*\)\s*)?[\d.]", re.IGNORECASE
)
"""A constant in the place of nothing; VictoriaMetrics writes `default 0` and `or 0` too."""


def hidden(query: str) -> Iterator[tuple[str, str]]:
    """What to ask beside a query with a fallback, and what it means when that gives nothing."""
    for name, labels in _wanted(query).items():
        yield f"count({name})", f"the server has no series `{name}`"
        for label in labels:
            yield _having(name, label), f"no series `{name}` has the label {label}"


def guard(query: str) -> str:
    """One query for all of it: a row `there` if any name is, a row `lost` if a label is not; or ""."""
    wanted = _wanted(query)
    if not wanted:
        return ""
    there = " or ".join(f"count({name})" for name in wanted)
    lost = [f"(count({n}) unless {_having(n, label)})" for n, labels in wanted.items() for label in labels]
    found = [_told(THERE, there), *([_told(LOST, " or ".join(lost))] if lost else [])]
    return " or ".join(found)


def refuse(rows: Sequence[Row]) -> None:
    """Raises SourceError for an answer to `guard` that leaves nothing to measure."""
    said = {row.labels.get(GUARD) for row in rows}
    if THERE not in said:
        raise SourceError(
            "no_series", "the server has no series of the query: its 0 is that of `or vector(...)`"
        )
    if LOST in said:
        text = "no series of the query has the label that it selects by: its 0 is that of `or vector(...)`"
        raise SourceError("no_error_label", text)


def _wanted(query: str) -> dict[str, list[str]]:
    """Names of a query with a fallback, each with the labels without which nothing of it is found."""
    found: dict[str, list[str]] = {}
    if _FALLBACK.search(_TEXTS.sub("", query)):
        for name, conditions in series_in(query):
            labels = found.setdefault(name, [])
            labels += [label for label in _labels(name + conditions) if label not in labels]
    return found


def _told(what: str, query: str) -> str:
    return f'label_replace({query}, "{GUARD}", "{what}", "", "")'


def _having(name: str, label: str) -> str:
    return f'count({name}{{{label}!=""}})'


def _labels(text: str) -> list[str]:
    """Labels without which the conditions hold for nothing; one that only what failed has is none of them."""
    try:
        return [m.label for m in selector(text).matchers if not m.holds({}) and not is_presence(m)]
    except OperatorError:
        return []  # more than a page's selectors can say
