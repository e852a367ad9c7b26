"""A watch costs the same at its end as at its beginning: what is stored is counted, not timed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.core.events import BatchEnded, Measured
from monitor.core.samples import SECOND, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.core.watch import step
from tests.replays import START, policy

Rates = Iterable[tuple[object, int | None, int | None]]


def sizes(told: Policy, rates: Rates) -> Iterator[tuple[int, int]]:
    """Entries of what is counted and spans of coverage, after each sample of one a second."""
    state = new_state(told, START, Mode.OBSERVE)
    for n, (value, errors, requests) in enumerate(rates):
        at = START + n * SECOND
        got = Reading("error_rate", value, "", value is None and requests is not None, errors, requests)
        for event in (Measured(at, got), BatchEnded(at)):
            state, _ = step(told, state, event)
        yield entries(state), spans(state)


def entries(state: WatchState) -> int:
    """Reads that are kept, and slots and bad minutes of the proof."""
    kept = [c for c in state.seen.counting if c is not None]
    return sum(len(c.reads.log) + len(c.proof.bad) + len(c.proof.slots) for c in kept)


def spans(state: WatchState) -> int:
    c = state.coverage
    return sum(len(list(union)) for union in (c.unobserved, c.abnormal))


def test_a_day_of_counts_keeps_little() -> None:
    """Reads of the last minutes, and sums: as much after an hour as after a day."""
    day = policy(success_after=100_000, give_up_after=10**6)
    busy = [e for e, _ in sizes(day, ((0.0, 0, 100) for _ in range(12_000)))]
    assert max(busy[6000:]) <= max(busy[:4000]) + 20
    assert max(busy) < 500


def test_a_quiet_service_keeps_little() -> None:
    """A request in every fourth read: what is asked back for may be thousands of them."""
    day = policy(success_after=100_000, give_up_after=10**6)
    rates = ((0.0, 0, 1) if n % 4 == 0 else (None, 0, 0) for n in range(20_000))
    assert max(e for e, _ in sizes(day, rates)) < 250


def test_a_breach_that_is_never_decided_keeps_six_holds_of_reads() -> None:
    """Evidence that never suffices, one read a second."""
    brief = Threshold("error_rate", 0.001, 10 * SECOND, rollback_above=0.3, rollback_for=30 * SECOND)
    endless = policy(brief, give_up_after=10**6, success_after=10**6)
    most = max(e for e, _ in sizes(endless, ((0.3, 30, 100) for _ in range(5000))))
    assert most < 6 * 30 + 200


def test_spans_before_the_window_of_success_are_forgotten() -> None:
    """A second of every ten without a value, for longer than the window: no more spans than fit in it."""
    rolling = policy(success_after=500, max_gap=1, blind_after=2, give_up_after=10**6)
    gaps = ((None, None, None) if n % 10 < 3 else (0.5, None, None) for n in range(4000))
    assert max(s for _, s in sizes(rolling, gaps)) <= 500
