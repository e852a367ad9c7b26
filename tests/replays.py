"""Histories for tests of the decision rules, and the two programs that must tell them alike.

`@both` runs a test on the reference and on the core. Times in tests are seconds after `START`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from monitor.core import replay as core_replay
from monitor.core.samples import SECOND, Micros, Reading
from monitor.core.thresholds import Policy, Threshold
from tests import reference
from tests.reference_values import Event, Line

Replay = Callable[[Policy, Micros, Sequence[Line], bool], list[Event]]

START: Micros = 1_700_000_000 * SECOND
US = 1e-6


def core(policy: Policy, started_at: Micros, lines: Sequence[Line], keep_going: bool) -> list[Event]:
    """What the decision core prints of the same lines."""
    readings = [(x.at, reading(x)) for x in lines]
    return list(core_replay.replay(policy, started_at, readings, keep_going=keep_going))


def reading(x: Line) -> Reading:
    return Reading(x.metric, x.value, x.reason, x.reason == "quiet", x.errors, x.requests)


both = pytest.mark.parametrize(
    "replay", [pytest.param(reference.replay, id="reference"), pytest.param(core, id="core")]
)


def moment(seconds: float) -> Micros:
    """Seconds after the start, to the microsecond."""
    return START + round(seconds * SECOND)


def micros(seconds: float) -> Micros:
    return round(seconds * SECOND)


def line(at: float, metric: str, value: object = None, **more: object) -> Line:
    """One line `at` seconds after the start; `more` are errors, requests, reason."""
    return replace(Line(moment(at), metric, value), **more)  # type: ignore[arg-type]  # tests pass bad types too


def every(
    step: float, first: float, last: float, metric: str, value: object = None, **more: object
) -> list[Line]:
    """Lines of one metric from `first` to `last`, both included."""
    count = round((last - first) / step)
    return [line(first + step * i, metric, value, **more) for i in range(count + 1)]


def merged(*parts: Iterable[Line]) -> list[Line]:
    """Several series in time order; lines of the same moment in the order of the series."""
    return sorted((x for part in parts for x in part), key=lambda x: x.at)


def rate(errors: float, requests: float) -> dict[str, float]:
    """What a counted error rate says, as keywords of `line`."""
    return {"value": errors / requests if requests else 0.0, "errors": errors, "requests": requests}


def told(replay: Replay, policy: Policy, lines: Sequence[Line], *, keep_going: bool = False) -> list[Event]:
    """What is printed of a watch that starts at `START`, with times as seconds after it."""
    events = replay(policy, START, lines, keep_going)
    return [{k: _seconds(v) if k in ("at", "since") else v for k, v in event.items()} for event in events]


def _seconds(at: object) -> float:
    assert isinstance(at, float | int)
    return (round(at * SECOND) - START) / SECOND


def named(events: Sequence[Event], event: str, rule: str = "") -> list[Event]:
    """The events of one kind (of one rule, or of one metric)."""
    return [e for e in events if e.get("event") == event and rule in ("", e.get("rule"), e.get("metric"))]


def fired(events: Sequence[Event], rule: str) -> list[object]:
    """When a rule fired."""
    return [e["at"] for e in named(events, "firing", rule)]


def verdict(events: Sequence[Event]) -> tuple[object, object]:
    """The last line: verdict and when."""
    assert [e for e in events if "verdict" in e] == [events[-1]]
    return events[-1]["verdict"], events[-1]["at"]


ERRORS = Threshold("error_rate", normal_below=0.001, rollback_above=0.01)
TIMES = Threshold("response_time", normal_below=200.0, investigate_above=500.0)
LOAD = Threshold("connections", normal_below=60.0)


def policy(*thresholds: Threshold, **times: float) -> Policy:
    """A policy of these thresholds, else of the error rate alone; times in seconds, shares as they are."""
    shares = {"evidence", "success_tolerance", "max_unobserved"}
    values = {k: v if k in shares else micros(v) for k, v in times.items()}
    return Policy(thresholds=thresholds or (ERRORS,), **values)  # type: ignore[arg-type]  # keys are checked by Policy
