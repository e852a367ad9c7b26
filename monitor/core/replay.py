"""The decision core over recorded samples: what `replay --json` prints, one object at a time.

It streams: memory does not grow with the recording. Lines of one moment are a batch, which ends
when a later moment comes or the recording ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

from monitor.core import decisions as said
from monitor.core.baseline import Baseline
from monitor.core.beginning import Beginning, Line, Past, begin, earliest, follow
from monitor.core.events import BatchEnded, Rearmed, Verdict
from monitor.core.evidence import Evidence
from monitor.core.samples import ERROR_RATE, SECOND, Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Action, Mode, Policy
from monitor.core.watch import step, step_all

Object = dict[str, object]


def replay(
    policy: Policy, started_at: Micros, lines: Iterable[Line], *, keep_going: bool,
    baseline: float | None = None, tell: Callable[[Beginning], object] = lambda _: None,
) -> Iterator[Object]:  # fmt: skip
    """Events in order, then the verdict as the last object.

    Lines before `started_at` say what was normal and what was wrong already; `baseline` is given instead of
    measured; `tell` hears of both. With `keep_going` a rollback is no verdict: it is counted, and the last
    object says `rollbacks`.
    """
    before, rest = _parted(lines, started_at, policy)
    given = None if baseline is None else {ERROR_RATE: Baseline(baseline, baseline)}
    beginning = begin(policy, started_at, Past(before, given=given))
    tell(beginning)
    policy, standing = beginning.policy, beginning.standing
    state = new_state(policy, started_at, beginning.mode(Mode.OBSERVE if keep_going else Mode.AUTO))
    rollbacks = 0
    verdict: str | None = None
    for event in _events(policy, started_at, rest):
        if standing is not None:
            if isinstance(event, BatchEnded) and standing.over(event.at):
                state, _ = step(policy, state, Rearmed(event.at))
                standing = None
            elif isinstance(event, Together) and event.readings:
                standing = follow(policy, standing, event.at, event.readings)
        if isinstance(event, BatchEnded):
            state, decided = step(policy, state, event)
        else:
            state, decided = step_all(policy, state, event.at, event.readings)
        for decision in decided:
            shown = to_json(decision)
            if shown is not None:
                yield shown
            rollbacks += is_rollback_firing(decision)
            verdict = _verdict(decision) or verdict
        if verdict is not None:
            break
    yield _last(state, verdict, rollbacks if keep_going else None)


def _parted(lines: Iterable[Line], started_at: Micros, policy: Policy) -> tuple[deque[Line], Iterable[Line]]:
    """The lines before `started_at`, as far back as they matter; and the others, not read yet."""
    before: deque[Line] = deque()
    rest = iter(lines)
    for line in rest:
        if line[0] >= started_at:
            return before, chain([line], rest)
        before.append(line)
        while before[0][0] < earliest(policy, line[0]):
            before.popleft()
    return before, ()


class Together(NamedTuple):
    """Lines that follow each other and are of one moment; `readings`: of the policy's metrics."""

    at: Micros
    readings: Sequence[Reading]


def _events(policy: Policy, started_at: Micros, lines: Iterable[Line]) -> Iterator[Together | BatchEnded]:
    latest, known = started_at, policy.places
    for at, together in groupby(lines, itemgetter(0)):
        if at < started_at:
            continue
        if at > latest:
            yield BatchEnded(latest)
            latest = at
        yield Together(at, [reading for _, reading in together if reading.metric in known])
    yield BatchEnded(latest)


def to_json(decision: said.Decision) -> Object | None:
    """The object for an event of the recording; None for what has none."""
    match decision:
        case said.StreakPending(at, rule, since, evidence):
            return {"event": "pending", "at": seconds(at), "rule": rule, **_stands_on(since, evidence)}
        case said.StreakFiring(at, rule, since, evidence):
            return {"event": "firing", "at": seconds(at), "rule": rule, **_stands_on(since, evidence)}
        case said.StreakCleared(at, rule, reason, was):
            return {"event": "cleared", "at": seconds(at), "rule": rule, "reason": reason, "was": was}
        case said.WentBlind(at, metric):
            return {"event": "blind", "at": seconds(at), "metric": metric}
        case said.Sighted(at, metric):
            return {"event": "sighted", "at": seconds(at), "metric": metric}
        case said.Ended(at, Verdict.SUCCEEDED):
            return {"event": "succeeded", "at": seconds(at)}
        case said.Ended(at, Verdict.INCONCLUSIVE):
            return {"event": "gave_up", "at": seconds(at)}
    return None


def _stands_on(since: Micros, evidence: Evidence | None) -> Object:
    found: Object = {"since": seconds(since)}
    return found if evidence is None else {**found, "evidence": round(evidence.score, 3)}


def seconds(at: Micros) -> float | int:
    """Epoch seconds; whole ones without a fraction."""
    return at // SECOND if at % SECOND == 0 else at / SECOND


def is_rollback_firing(decision: said.Decision) -> bool:
    return isinstance(decision, said.StreakFiring) and decision.rule.endswith(f".{Action.ROLLBACK.value}")


def _verdict(decision: said.Decision) -> str | None:
    if isinstance(decision, said.ExecuteRollback):
        return "rollback"
    return decision.verdict.value if isinstance(decision, said.Ended) else None


def _last(state: WatchState, verdict: str | None, rollbacks: int | None) -> Object:
    last: Object = {"verdict": verdict or "watching", "at": seconds(state.seen.at)}
    return last if rollbacks is None else {**last, "rollbacks": rollbacks}
