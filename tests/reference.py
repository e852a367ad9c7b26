"""A second, independent writing of the decision rules, to compare the decision core with.

The rule of this room: take each rule as literally as it is written, keep the whole history, and
compute everything anew at each event. Slow is fine, clever is not. Nothing of the core is used
but the values that describe a policy; time is whole microseconds, ratios are fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from monitor.core.samples import Micros
from monitor.core.thresholds import Policy
from tests.reference_before import begin, waits_for_a_person
from tests.reference_streaks import take
from tests.reference_values import Event, History, Line
from tests.reference_verdicts import verdict_after


def replay(policy: Policy, started_at: Micros, lines: Sequence[Line], keep_going: bool) -> list[Event]:
    """The objects that `replay --json` prints: events, then one line with the verdict."""
    policy, standing = begin(policy, started_at, _before(started_at, lines))
    history = History(policy, started_at, started_at)
    printed: list[Event] = []
    for at, batch in _batches(history, lines):
        printed += [event for line in batch for event in take(history, line)]
        if waits_for_a_person(standing, at, batch) and not keep_going:
            history.rollbacks.clear()  # a person was asked: it is no decision of the rules, then or later
        verdict = verdict_after(history, at, keep_going)
        if verdict is not None:
            printed += _goodbye(verdict, at)
            return [*printed, _last_line(history, verdict, at, keep_going)]
    return [*printed, _last_line(history, "watching", history.latest, keep_going)]


def _before(started_at: Micros, lines: Sequence[Line]) -> list[Line]:
    """What was recorded before the watch began."""
    return list(takewhile(lambda line: line.at < started_at, lines))


def _batches(history: History, lines: Sequence[Line]) -> Iterator[tuple[Micros, list[Line]]]:
    """Rule 9: lines of one `at` together; what is earlier than the latest `at` is left out."""
    batch: list[Line] = []
    for line in lines:
        if line.at < history.started_at or (batch and line.at < batch[0].at):
            continue
        if batch and line.at > batch[0].at:
            yield batch[0].at, batch
            batch = []
        batch.append(line)
    if batch:
        yield batch[0].at, batch


def _last_line(history: History, verdict: str, at: Micros, keep_going: bool) -> Event:
    rollbacks = {"rollbacks": len(history.rollbacks)} if keep_going else {}
    return {"verdict": verdict, "at": at / 1e6, **rollbacks}


def _goodbye(verdict: str, at: Micros) -> list[Event]:
    names = {"succeeded": "succeeded", "inconclusive": "gave_up"}
    return [{"event": names[verdict], "at": at / 1e6}] if verdict in names else []
