"""What a backtest says of its watches is what the core says of each when it is replayed by itself."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from monitor.backtest.history import Round, pace_told, paced
from monitor.backtest.trial import Found, Trial
from monitor.backtest.watches import ASKED_EVERY, Outcome, Watch
from monitor.core import replay as core_replay
from monitor.core.beginning import Line, Past, begin
from monitor.core.samples import HOUR, MINUTE, SECOND, Micros, Reading
from monitor.core.thresholds import Policy, Threshold

START: Micros = 1_700_000_000 * SECOND // HOUR * HOUR
STEP = 15 * SECOND

POLICY = Policy(
    thresholds=(Threshold("error_rate", 0.001, rollback_above=0.01), Threshold("response_time", 200.0)),
    success_after=3 * HOUR,
    give_up_after=7 * HOUR,
)

Incident = tuple[float, float, float]
"""From and to, in hours; the share that fails."""


def world(
    hours: float,
    seed: int = 1,
    background: float = 0.0003,
    incidents: Sequence[Incident] = (),
    slow: Sequence[tuple[float, float]] = (),
    away: Sequence[tuple[float, float]] = (),
    per_read: int = 75,
) -> list[Round]:
    """Seeded rounds of both metrics."""
    chance = random.Random(seed)
    rounds: list[Round] = []
    for n in range(round(hours * HOUR / STEP)):
        at = START + n * STEP
        hour = n * STEP / HOUR
        if any(a <= hour < b for a, b in away):
            continue
        share = next((s for a, b, s in incidents if a <= hour < b), background)
        errors = float(sum(chance.random() < share for _ in range(per_read)))
        took = 400.0 if any(a <= hour < b for a, b in slow) else chance.uniform(20, 150)
        readings = (
            Reading("error_rate", errors=errors, requests=float(per_read)),
            Reading("response_time", took),
        )
        rounds.append((at, readings))
    return rounds


def tried(rounds: Sequence[Round], policy: Policy = POLICY, every: Micros = HOUR) -> Found:
    trial = Trial(paced(policy, STEP), every)
    for found in rounds:
        trial.take(found)
    answer = trial.found()
    assert answer is not None
    return answer


def replayed(rounds: Sequence[Round], began: Micros, policy: Policy = POLICY) -> dict[str, object]:
    """The verdict of a watch of its own that begins then, with everything before it as its past."""
    lines: list[Line] = [
        (at, reading) for at, readings in rounds if at >= began - 3 * HOUR for reading in readings
    ]
    return list(core_replay.replay(paced(policy, STEP), began, lines, keep_going=False))[-1]


VERDICTS = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.ROLLED_BACK: "rollback",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.OPEN: "watching",
}

BUSY = world(17, incidents=[(6.2, 6.5, 0.3), (12.0, 12.06, 1.0)], slow=[(9.0, 9.2)], away=[(14.0, 14.05)])
NOISY = world(11, seed=5, background=0.008, incidents=[(6.0, 6.4, 0.2)])


def assert_as_replayed(rounds: Sequence[Round], watches: Sequence[Watch], policy: Policy = POLICY) -> None:
    for watch in watches:
        alone = replayed(rounds, watch.began, policy)
        told = f"{(watch.began - START) / HOUR:g} h"
        assert alone["verdict"] == VERDICTS[watch.outcome], (told, alone)
        if watch.outcome is not Outcome.OPEN:
            at = alone["at"]
            assert isinstance(at, int | float)
            assert abs(at * SECOND - watch.ended) <= ASKED_EVERY, told


def test_each_watch_ends_as_a_replay_of_its_own_ends() -> None:
    """Succeeded, rolled back, held up by slowness and a gap: the verdict and, to five minutes, its moment."""
    found = tried(BUSY)
    outcomes = {w.outcome for w in found.watches}
    assert {Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.OPEN} <= outcomes
    assert_as_replayed(BUSY, found.watches)


@pytest.mark.slow
def test_each_watch_of_a_noisy_service_ends_as_a_replay_with_its_own_baseline() -> None:
    """0.8 % is in its baseline: not one of them is rolled back before the incident, each by it."""
    found = tried(NOISY)
    assert any(w.limits["error_rate"] > 0.011 for w in found.watches)
    assert_as_replayed(NOISY, found.watches)
    early = [w for w in found.watches if w.outcome is Outcome.ROLLED_BACK]
    assert all(w.ended >= START + 6 * HOUR for w in early)
    assert early


def test_a_watch_that_begins_in_an_outage_asks_a_person() -> None:
    """The rule had fired before it began."""
    rounds = world(11, incidents=[(3.5, 5.5, 0.3)])
    found = tried(rounds)
    by = {round((w.began - START) / HOUR): w.outcome for w in found.watches}
    assert by[3] is Outcome.ROLLED_BACK
    assert by[4] is by[5] is Outcome.ASKED
    assert by[7] is Outcome.SUCCEEDED


def test_a_baseline_is_the_one_that_the_core_measures() -> None:
    """The same bound, from the same two hours, an outage that is over left out."""
    rounds = world(7, seed=3, background=0.007, incidents=[(3.1, 3.4, 0.5)])
    found = tried(rounds)
    policy = paced(POLICY, STEP)
    lines = [(at, reading) for at, readings in rounds for reading in readings]
    for watch in found.watches:
        own = begin(policy, watch.began, Past(lines))
        assert watch.baselines["error_rate"].bound == pytest.approx(own.baselines["error_rate"].bound)
        assert watch.limits["error_rate"] == pytest.approx(
            own.policy.places["error_rate"].threshold.rollback_above
        )


def test_a_service_without_traffic_says_how_many_requests_are_missing() -> None:
    """It gives up, inconclusive, and the reason is the core's."""
    found = tried(world(11, per_read=1))
    ends = [w for w in found.watches if w.outcome is Outcome.INCONCLUSIVE]
    assert ends
    assert all(any("of 3,000 requests" in reason for reason in w.held) for w in ends)


def test_a_healthy_history_succeeds_at_once_and_fires_nothing() -> None:
    """Every watch that could be followed, after exactly `success_after`."""
    found = tried(world(9))
    assert found.firings == []
    over = [w for w in found.watches if w.outcome is not Outcome.OPEN]
    assert {w.ended - w.began for w in over} == {POLICY.success_after}
    assert all(not v.firings for v in found.variants["error_rate"])


def test_the_firings_are_those_of_a_replay_that_keeps_going() -> None:
    """At the limit as written, since it is one pass of the same core."""
    policy = paced(
        Policy(
            thresholds=POLICY.thresholds, success_after=1000 * HOUR, give_up_after=1000 * HOUR, baseline=0
        ),
        STEP,
    )
    lines = [(at, reading) for at, readings in BUSY for reading in readings]
    events = core_replay.replay(policy, START - STEP, lines, keep_going=True)
    fired = [(e["rule"], e["at"]) for e in events if e.get("event") == "firing"]
    found = tried(BUSY, policy)
    assert [(f.rule, f.at / SECOND) for f in found.firings] == fired
    assert any(rule == "error_rate.rollback" for rule, _ in fired)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_another_limit_fires_where_a_pass_of_its_own_fires(seed: int) -> None:
    """Screening skips only what can't fire; blocks begin elsewhere, so that a moment may differ."""
    chance = random.Random(seed)
    incidents = [
        (h, h + chance.uniform(0.05, 0.6), chance.choice((0.007, 0.012, 0.03, 0.2, 1.0))) for h in (1, 2.8)
    ]
    background = chance.choice((0.0, 0.0005, 0.004))
    rounds = world(4, seed, background, incidents, per_read=chance.choice((2, 20, 75)))
    found = tried(rounds, paced(POLICY, STEP))
    for variant in found.variants["error_rate"]:
        own = Policy(
            thresholds=(
                Threshold("error_rate", 0.001, rollback_above=variant.limit, rollback_for=variant.hold),
            ),
        )
        alone = tried([(at, readings[:1]) for at, readings in rounds], own)
        expected = [f.at for f in alone.firings if f.rule == "error_rate.rollback"]
        got = [f.at for f in variant.firings]
        for at in expected:
            near = [g for g in got if abs(g - at) <= variant.hold]
            assert near, (variant.limit, variant.hold, at)


def test_reads_further_apart_than_the_policy_allows_are_paced_and_told() -> None:
    """A minute apart: a gap is longer than two of them, so that nothing is unobserved by rule."""
    slower = paced(POLICY, MINUTE)
    assert slower.max_gap == 2 * MINUTE
    assert list(pace_told(POLICY, slower)) == [
        "reads are 1m apart, the daemon's are 5s; a gap is more than 2m here, not 30s"
    ]
    assert list(pace_told(POLICY, paced(POLICY, 2 * MINUTE)))[1].startswith(
        "error_rate.rollback holds for 5m, but five reads take 10m"
    )
