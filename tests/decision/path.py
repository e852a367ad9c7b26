"""The daemon's own path, without the daemon: counters as pages, the meter and its window, the decision core.

A world's counters are read at the moments at which `Poller` would read them: on the grid of the interval,
every `fast_interval` while a rollback streak lasts, and exactly at the end of its hold. The limit comes from
the two hours before, as `beginning` takes it. Nothing of the decision is written again here.

`phase`: how many seconds after the beginning of the watch the first read comes, 1 to SLOW.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monitor.core.baseline import measure, with_limits
from monitor.core.beginning import Line, Past, begin
from monitor.core.decisions import Ended, StreakCleared, StreakFiring, StreakPending, WouldRollBack
from monitor.core.events import BatchEnded, Measured, Verdict
from monitor.core.samples import ERROR_RATE, SECOND, Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import DOCUMENTED, Action, Mode, Policy
from monitor.core.watch import step
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page, Rates
from monitor.sources.rate import error_rate
from tests.decision.screen import calm, latest
from tests.worlds.made import World

ERRORS_ONLY = Policy(thresholds=tuple(t for t in DOCUMENTED if t.metric == ERROR_RATE))
"""The documented policy of the one metric that rolls back."""

AS_WRITTEN = Policy(thresholds=ERRORS_ONLY.thresholds, baseline=0)
"""The same with `baseline: off`."""

NEVER = -1

SLOW, FAST = 5, 1
"""Seconds between two reads, and while a rollback streak lasts."""

SHORT = Rates(rate_requests=0, rate_window_max=30 * SECOND)
"""The shortest window. Where there are counts, a window is only what people are shown, and at one read a
second the documented one costs more than all else; a test holds that nothing else comes of it."""


@dataclass(slots=True)
class Told:
    """What the core said of a world, in the world's seconds; NEVER where it did not.

    `fired`: the first rollback, had the mode been `auto`. `cleared`: the end of the streak that did it.
    """

    limit: float
    fired: int = NEVER
    cleared: int = NEVER
    pending: int = 0
    verdict: Verdict | None = None
    ended: int = NEVER
    reads: list[int] = field(default_factory=list)


def decided(world: World, policy: Policy = ERRORS_ONLY, phase: int = SLOW) -> int:
    """The second of the first rollback, or NEVER. Worlds in which there can be none are not run."""
    own = opened(world, policy, phase)
    ends: int | None = world.seconds
    if phase == SLOW:
        ends = latest(world, world.watch, world.seconds, _limit(own), own.evidence)
    return NEVER if ends is None else watched(world, own, phase, ends, until_fired=True).fired


def watched(
    world: World,
    own: Policy,
    phase: int = SLOW,
    ends: int | None = None,
    until_fired: bool = False,
    rates: Rates = SHORT,
) -> Told:
    """Runs a watch of the world from its beginning to its verdict, its end, or its first firing."""
    told, meter = Told(_limit(own)), Meter(rates)
    rule = next(n for n, rule in enumerate(own.rules) if rule.action is Action.ROLLBACK)
    state, last = new_state(own, world.watch * SECOND, Mode.OBSERVE), world.watch + phase - SLOW
    _read(world, meter, last)
    while (last := _next(last, phase, own, state, rule)) <= (ends or world.seconds):
        reading = _read(world, meter, last)
        told.reads.append(last)
        for event in (Measured(last * SECOND, reading), BatchEnded(last * SECOND)):
            state, said = step(own, state, event)
            for decision in said:
                _note(told, decision, own.rules[rule].name)
        if state.ended or (until_fired and told.fired != NEVER):
            break
    return told


def opened(world: World, policy: Policy = ERRORS_ONLY, phase: int = SLOW) -> Policy:
    """The policy with the limit of this watch, as the daemon finds it when it adopts one."""
    if not policy.baseline:
        return policy
    begins = max(world.watch - policy.baseline // SECOND, 0)
    if calm(world, begins + phase % SLOW, world.watch, _limit(policy), policy.evidence):
        found = measure(_entries(world, begins, phase))
        return policy if found is None else with_limits(policy, {ERROR_RATE: found})
    return begin(policy, world.watch * SECOND, Past(lines(world, begins, phase))).policy


def lines(world: World, begins: int, phase: int) -> Sequence[Line]:
    """The target's samples from before the watch: it is read without one, too."""
    meter = Meter(Rates())
    return [(at * SECOND, _read(world, meter, at)) for at in range(begins + phase % SLOW, world.watch, SLOW)]


def _entries(world: World, begins: int, phase: int) -> Iterator[tuple[Micros, float, float]]:
    """At, errors and requests of each read of that time that has counts."""
    e, r = world.errors, world.requests
    for at in range(begins + phase % SLOW + SLOW, world.watch, SLOW):
        yield at * SECOND, float(e[at] - e[at - SLOW]), float(r[at] - r[at - SLOW])


def _next(last: int, phase: int, own: Policy, state: WatchState, rule: int) -> int:
    """As `Poller`: the next point of the grid, or of the fast reads, or a hold's end before it."""
    streak = state.seen.streaks[rule]
    if streak is None:
        return ((last - phase) // SLOW + 1) * SLOW + phase
    end = (streak.first + own.rules[rule].hold) // SECOND
    return min(last + FAST, end) if end > last else last + FAST


def counters(world: World, at: int) -> dict[str, Page]:
    """What the application says at that second."""
    page = Page({REQUESTS: {"": float(world.requests[at])}, ERRORS: {"": float(world.errors[at])}})
    return {"application": page}


def _read(world: World, meter: Meter, at: int) -> Reading:
    return error_rate(ERROR_RATE, meter, at * SECOND, counters(world, at), whole=True)


def _note(told: Told, decision: object, rule: str) -> None:
    match decision:
        case StreakPending(rule=name) if name == rule:
            told.pending += 1
        case StreakFiring(rule=name, at=at) if name == rule and told.fired == NEVER:
            told.fired = at // SECOND
        case StreakCleared(rule=name, at=at, was="firing") if name == rule and told.cleared == NEVER:
            told.cleared = at // SECOND
        case Ended(at=at, verdict=verdict):
            told.verdict, told.ended = verdict, at // SECOND
        case WouldRollBack(at=at):
            assert at // SECOND >= told.fired != NEVER, "what was not said to fire must not act"


def _limit(policy: Policy) -> float:
    return policy.thresholds[0].rollback_above or 0.0
