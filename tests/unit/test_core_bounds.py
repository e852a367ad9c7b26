"""A watch costs the same at its end as at its beginning: what is stored is counted, not timed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.core.events import BatchEnded, Measured
from monitor.core.samples import SECOND, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.core.watch import step
from tests.replays import START, policy

Rates = Iterable[tuple[object, int, int]]


def sizes(told: Policy, rates: Rates) -> Iterator[tuple[int, int]]:
    """Entries of streaks and spans of coverage, after each sample of one a second."""
    state = new_state(told, START, Mode.OBSERVE)
    for n, (value, errors, requests) in enumerate(rates):
        at = START + n * SECOND
        got = Reading("error_rate", value, "", value is None, errors, requests)
        for event in (Measured(at, got), BatchEnded(at)):
            state, _ = step(told, state, event)
        yield entries(state), spans(state)


def entries(state: WatchState) -> int:
    return sum(len(s.entries) for s in state.seen.streaks if s is not None)


def spans(state: WatchState) -> int:
    c = state.coverage
    return sum(len(list(union)) for union in (c.unobserved, c.quiet, c.abnormal))


def test_a_streak_that_never_finds_evidence_keeps_six_holds_of_samples() -> None:
    """Hours of too few requests: six holds of each rule and no more, one sample a second."""
    brief = Threshold("error_rate", 0.001, 10 * SECOND, rollback_above=0.01, rollback_for=30 * SECOND)
    endless = policy(brief, give_up_after=10**6, success_after=10**6)
    most = max(e for e, _ in sizes(endless, ((0.5, 0, 0) for _ in range(5000))))
    assert most == (6 * 30 + 1) + (6 * 10 + 1)


def test_a_firing_streak_keeps_no_samples() -> None:
    """Its evidence is found; what comes after it only tells when it ends."""
    endless = policy(give_up_after=10**6)
    *_, (kept, _) = sizes(endless, ((0.5, 50, 100) for _ in range(400)))
    assert kept == 0


def test_spans_before_the_window_of_success_are_forgotten() -> None:
    """Every other sample quiet for longer than the window: no more spans than fit in it."""
    rolling = policy(success_after=500, give_up_after=10**6)
    quiet = ((None if n % 2 else 0.5, 0, 0) for n in range(4000))
    assert max(s for _, s in sizes(rolling, quiet)) <= 500
