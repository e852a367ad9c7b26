"""A counted streak that may not act: when it is said to lack traffic, and whether it is still so."""

from __future__ import annotations

import pytest

from monitor.core.certainty import still_so
from monitor.core.decisions import EvidenceLacks
from monitor.core.evidence import NOTHING, TIMES, Evidence, Tally, Weight, scale_of
from monitor.core.reads import Reads
from monitor.core.samples import SECOND, Micros
from monitor.core.streaks import Said, Streak, take_counts
from monitor.core.thresholds import Action, Rule
from tests.replays import micros, policy

NOW: Micros = 1_000_000 * SECOND
RULE = Rule("error_rate", Action.ROLLBACK, 0.01, micros(300))
NEEDED = 9.0
STEP = NEEDED / 5
TENTH = TIMES.index(10)


def ago(seconds: float) -> Micros:
    return NOW - micros(seconds)


def reads_of(*counts: tuple[float, float]) -> Reads:
    """A read every 5 s, the last one now: errors, requests."""
    found = Reads()
    for n, (errors, requests) in enumerate(counts):
        found = found.with_read(ago(5 * (len(counts) - 1 - n)), errors, requests)
    return found


def taken(
    streak: Streak, reads: Reads, *tallies: Tally, needed: float = NEEDED
) -> tuple[Streak | None, Said]:
    """After a read that adds nothing; `tallies`: of the alternatives from ten times the limit on."""
    found = (*(NOTHING,) * TENTH, *tallies, *(NOTHING,) * (len(TIMES) - TENTH - len(tallies)))
    weight = Weight(ago(5), reads.errors, reads.requests, found)
    streak_now, _, said = take_counts(policy(evidence=needed), RULE, streak, weight, reads, reads, NOW)
    return streak_now, said


def pending(first: float = 1000) -> Streak:
    return Streak(ago(first), ago(500), counted=True, still=ago(20), before=(1.0, 10.0))


LITTLE = reads_of((3, 13), (1, 1), (1, 1), (0, 5))


def test_what_lacks_is_told_of_all_since_the_streak_began() -> None:
    """Also where what speaks loudest for it began later."""
    tally = Tally(2 * STEP, ago(500), 3.0, 13.0, peak=NEEDED)
    streak, said = taken(pending(), LITTLE, tally)
    ratio = scale_of(RULE, NEEDED).alternatives[TENTH].ratio
    whole = Evidence(ago(1000), 4.0, 10.0, 2 * STEP, NEEDED, ratio)
    assert said == (EvidenceLacks(NOW, RULE.name, ago(1000), whole),)
    assert streak is not None
    assert streak.evidence == Evidence(ago(500), 2.0, 7.0, 2 * STEP, NEEDED, ratio)
    assert (streak.insufficient, streak.lacked, streak.last_breach) == (True, True, NOW)


def test_a_streak_lacks_traffic_when_its_time_to_fire_is_over() -> None:
    """Told a hold and two blocks after its beginning, and once."""
    tally = Tally(2 * STEP, ago(500), 3.0, 13.0, peak=NEEDED)
    early, said = taken(pending(419.999999), LITTLE, tally)
    assert (said, early is not None and early.insufficient) == ((), False)
    late, said = taken(pending(420), LITTLE, tally)
    assert (len(said), late is not None and late.insufficient) == (1, True)
    assert late is not None
    assert taken(late, LITTLE, tally) == (late, ())


@pytest.mark.parametrize(("ago_pending", "lacks"), [(119.999999, False), (120, True)])
def test_what_has_just_become_pending_lacks_nothing_yet(ago_pending: float, lacks: bool) -> None:
    """Its evidence may have begun long before: two blocks from when there was a fifth of it."""
    tally = Tally(2 * STEP, ago(500), 3.0, 13.0, peak=NEEDED)
    streak, said = taken(pending()._replace(pending=ago(ago_pending)), LITTLE, tally)
    assert (streak is not None and streak.insufficient, len(said)) == (lacks, lacks)


@pytest.mark.parametrize(("score", "breach"), [(STEP, NOW), (STEP - 0.01, ago(500))])
def test_what_is_nearly_nothing_lacks_nothing(score: float, breach: Micros) -> None:
    """Below a fifth of what is needed there is no breach to decide on."""
    streak, said = taken(pending(), LITTLE, Tally(score, ago(500), 3.0, 13.0, peak=NEEDED))
    assert streak is not None
    assert (streak.insufficient, len(said)) == ((True, 1) if breach == NOW else (False, 0))
    assert streak.last_breach == breach


@pytest.mark.parametrize(("requests", "lacks"), [(19, True), (20, False), (21, False)])
def test_evidence_of_twenty_requests_is_enough(requests: float, lacks: bool) -> None:
    """What keeps such a streak from acting is its age, or that it may be over: no lack of traffic."""
    reads = reads_of((50, 100), (8, requests - 4), (2, 4))
    streak, said = taken(pending(), reads, Tally(NEEDED, ago(10), 50.0, 100.0, peak=2 * NEEDED))
    assert streak is not None
    assert (streak.firing, streak.insufficient) == (False, lacks)
    assert len(said) == lacks


@pytest.mark.parametrize(("earlier", "so"), [(0, True), (1, False), (100, False)])
def test_fewer_than_twenty_requests_deny_nothing(earlier: float, so: bool) -> None:
    """5 of 5 and then none of 14 are no outage any more, where there were 20 requests to tell."""
    reads = reads_of((0, earlier), (5, 5), (0, 14))
    streak, _ = taken(pending(), reads, Tally(2 * STEP, ago(5), 0.0, earlier, peak=NEEDED))
    assert streak is not None
    assert streak.still == (NOW if so else ago(20))


@pytest.mark.parametrize(
    ("tallies", "breach"),
    [
        ((Tally(NEEDED, ago(400), peak=NEEDED),), NOW),
        ((Tally(NEEDED - 0.01, ago(400), peak=NEEDED),), ago(500)),
        ((), ago(500)),
    ],
)
def test_a_fired_streak_shows_its_breach_while_its_evidence_suffices(
    tallies: tuple[Tally, ...], breach: Micros
) -> None:
    """It is still so all the same: it stands, and no new decision is made of it."""
    reads = reads_of((0, 100), (10, 100), (10, 100))
    fired = Streak(
        ago(400), ago(500), counted=True, firing=True, still=ago(5),
        errors=10, requests=100, before=(0.0, 100.0),
    )  # fmt: skip
    streak, said = taken(fired, reads, *tallies)
    assert said == ()
    assert streak == fired._replace(last_breach=breach, still=NOW, errors=20, requests=200)
    nothing, _ = taken(fired, reads, needed=1.0)
    assert nothing is not None
    assert nothing.last_breach == ago(500)


def test_errors_before_the_latest_stretch_are_none_of_it() -> None:
    """One of the latest 250 requests failed: that is no 2 %, whatever failed before them."""
    scale = scale_of(RULE, NEEDED)
    latest = ((0, 50), (0, 50), (0, 50), (0, 50))
    assert not still_so(scale, reads_of((50, 100), *latest, (1, 50)), NOW, 0.02)
    assert still_so(scale, reads_of((50, 100), *latest, (5, 50)), NOW, 0.02)
