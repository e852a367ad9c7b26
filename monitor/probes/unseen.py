"""For `check`: does an errors selector ever match? One that never does is an error rate of 0 for ever."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.probes.endpoints import NOTE
from monitor.probes.exposition import Line
from monitor.probes.selectors import Selector

SHOWN = 10
"""Names or values that are told of a page."""

PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,20}")
"""Values that may be shown: what a page says is somebody else's text."""


def no_errors_seen(errors: Sequence[Selector], found: Sequence[Line]) -> list[str]:
    """A note when no series is an error yet: the selector may be one that never matches."""
    if not errors or any(s.holds(line.name, line.labels) for s in errors for line in found):
        return []
    named = [line for line in found if line.name in {s.name for s in errors}]
    if not named:
        return [f"{NOTE} the page has no series `{errors[0].name}`: no error is counted until there is one"]
    labels = sorted({label for s in errors for label in s.labels})
    there = sorted({n for line in named for n in line.labels if PLAIN.fullmatch(n)})[:SHOWN]
    if labels and not set(labels) & {label for line in named for label in line.labels}:
        return [
            f"{NOTE} no series has any of the labels {', '.join(labels)}, so no error would ever be counted: "
            f"this page has {', '.join(there) or 'no labels'}"
        ]
    values = "".join(f": {label} is {_values_of(label, named)}" for label in labels)
    return [f"{NOTE} no series is an error yet{values}; check that an error would be another one"]


def _values_of(label: str, found: Sequence[Line]) -> str:
    values = sorted({line.labels.get(label, "") for line in found})
    return ", ".join([v for v in values if PLAIN.fullmatch(v)][:SHOWN]) or "of another kind"
