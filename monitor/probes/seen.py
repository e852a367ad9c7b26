"""For `check`: what a page has of what is configured, in words; notes begin with `note:`.

What a page says is somebody else's text: only what looks like a word is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.probes import doubts
from monitor.probes.doubts import PLAIN
from monitor.probes.endpoints import NOTE
from monitor.probes.exposition import Line
from monitor.probes.series import Rate

SHOWN = 10
"""Names or values that are told of a page."""


def of_rate(rate: Rate, found: Sequence[Line]) -> list[str]:
    """What is to be said of the errors that this way would count on this page."""
    requests = doubts.of(rate.requests, found)
    if missing := doubts.lacking(rate, requests):
        there = _words({label for line in requests for label in line.labels})
        return [f"{doubts.unlabelled(missing)}; this page has {there or 'no labels'}"]
    if why := doubts.counted_twice(rate, found):
        return [why]
    return _none_yet(rate, requests, found)


def _none_yet(rate: Rate, requests: Sequence[Line], found: Sequence[Line]) -> list[str]:
    """A note when no series is an error: the selector may be one that never holds."""
    if not rate.errors or doubts.of(rate.errors, found):
        return []
    named = [line for line in found if any(s.names(line.name) for s in rate.errors)]
    if not named:
        name = rate.errors[0].name
        return [f"{NOTE} the page has no series `{name}`: no error is counted until there is one"]
    labels = dict.fromkeys(m.label for s in rate.errors for m in s.matchers if m not in _asked(rate))
    values = "".join(f": {label} is {_values_of(label, requests or named)}" for label in labels)
    return [f"{NOTE} no series is an error yet{values}; check that an error would be another one"]


def _asked(rate: Rate) -> set[object]:
    return {m for s in rate.requests for m in s.matchers}


def _values_of(label: str, found: Iterable[Line]) -> str:
    return _words({line.labels.get(label, "") for line in found}) or "of another kind"


def _words(texts: Iterable[str]) -> str:
    return ", ".join([text for text in sorted(texts) if PLAIN.fullmatch(text)][:SHOWN])
