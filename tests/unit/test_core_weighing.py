"""What each block adds to an alternative, takes away, and leaves: the numbers of the evidence rule."""

from __future__ import annotations

from math import ceil, log

import pytest

from monitor.core.decisions import EvidenceLacks, StreakCleared, StreakFiring
from monitor.core.events import BatchEnded, Measured
from monitor.core.evidence import (
    NOTHING,
    Drops,
    Evidence,
    Levels,
    Scale,
    Tally,
    Weight,
    closed,
    is_over,
    recovered,
    retraced,
    scale_of,
    strongest,
    weighed,
)
from monitor.core.reads import Reads
from monitor.core.samples import SECOND, Micros, Reading
from monitor.core.streaks import Streak, cleared
from monitor.core.thresholds import Action, Mode, Rule
from tests.replays import micros, moment
from tests.watches import Driven

NOW: Micros = 1_000_000 * SECOND
SCALE = scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9.0)
WARN = scale_of(Rule("error_rate", Action.WARN, 0.001, micros(60)), 9.0)
LARGEST = -1


def never(_scale: Scale, _tally: Tally, _reads: Reads, _at: Micros) -> bool:
    """Nothing is dropped."""
    return False


class Weighing:
    """One rule's evidence, read by read."""

    def __init__(self, scale: Scale = SCALE) -> None:
        self.scale = scale
        self.reads, self.weight, self.at = Reads(), Weight(NOW, 0.0, 0.0), NOW
        self.levels: Levels = ()

    def read(self, errors: float, requests: float, after: float = 5) -> Weighing:
        self.at += micros(after)
        before, self.reads = self.reads, self.reads.with_read(self.at, errors, requests)
        self.weight, self.levels = weighed(self.scale, self.weight, self.reads, self.at, before)
        return self

    def close(self) -> Weighing:
        self.weight = closed(self.scale, self.weight, self.reads, self.at, self.levels, never)
        return self

    @property
    def sums(self) -> list[float]:
        return [tally.sum for tally in self.weight.tallies]


def test_a_warning_is_exceeded_by_its_limit_and_a_rollback_by_more() -> None:
    """Normal is below 0.1 %; an investigation and a rollback are above theirs."""
    warning = scale_of(Rule("error_rate", Action.WARN, 0.001, micros(60)), 9.0)
    assert warning.exceeded_by(0.001)
    assert not warning.exceeded_by(0.000999)
    rollback = scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9.0)
    assert not rollback.exceeded_by(0.01)
    assert rollback.exceeded_by(0.010001)


def test_an_error_and_a_good_request_weigh_what_their_chances_are() -> None:
    """Of 10 % against 1 %: ten to one for each error, 90 to 99 for each other request."""
    scale = scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9.0)
    tenth = next(a for a in scale.alternatives if a.ratio == pytest.approx(0.1))
    assert tenth.per_error == pytest.approx(log(10))
    assert tenth.per_good == pytest.approx(log(0.9 / 0.99))
    level = Weighing(scale).read(1, 10).levels[scale.alternatives.index(tenth)]
    assert level == pytest.approx(log(10) + 9 * log(0.9 / 0.99))


def test_a_block_adds_a_fifth_at_most_and_takes_away_a_tenth() -> None:
    """However many requests it has."""
    weighing = Weighing().read(10_000, 10_000).close()
    assert weighing.sums[LARGEST] == pytest.approx(1.8)
    weighing.read(0, 10**6)
    assert weighing.levels[LARGEST] == pytest.approx(0.9)
    assert weighing.close().read(0, 10**6).levels[LARGEST] == pytest.approx(0)
    assert weighing.close().weight.tallies == ()


def test_a_sum_ends_a_fifth_above_what_is_needed() -> None:
    """A day of outage is forgotten as soon as an hour of it."""
    weighing = Weighing()
    for _ in range(10):
        weighing.read(100, 100).close()
    assert weighing.sums[LARGEST] == pytest.approx(10.8)


def test_an_alternative_begins_at_the_first_read_that_speaks_for_it() -> None:
    """4 % speak for what is near them, and against 60 %."""
    weighing = Weighing().read(0, 50).read(2, 50)
    assert weighing.weight.tallies[LARGEST] is NOTHING
    begun = weighing.weight.tallies[4]
    assert (begun.start, begun.errors, begun.requests) == (NOW + micros(10), 0, 50)
    assert (begun.peak_at, begun.peak_errors, begun.peak_requests) == (NOW + micros(10), 2, 100)
    assert begun.block == NOW
    weighing.read(2, 50)
    assert weighing.weight.tallies[4].start == NOW + micros(10)
    assert (weighing.weight.tallies[4].peak_errors, weighing.weight.tallies[4].block) == (4, NOW)
    assert weighing.close().weight.tallies[4].block == NOW


def test_a_read_without_requests_begins_no_alternative() -> None:
    """A quiet read in a block that another alternative's evidence keeps open says nothing for the others."""
    weighing = Weighing().read(2, 100).close()
    assert weighing.weight.tallies[LARGEST] is NOTHING
    assert weighing.read(0, 0).weight.tallies[LARGEST] is NOTHING
    assert weighing.read(50, 50).weight.tallies[LARGEST].start == weighing.at


def test_nothing_is_weighed_without_an_error() -> None:
    """A block without one keeps its beginning."""
    weighing = Weighing().read(0, 1000)
    assert (weighing.weight, weighing.levels) == (Weight(NOW, 0.0, 0.0), ())


def test_errors_that_speak_for_nothing_leave_nothing() -> None:
    """0.5 % against 1 %."""
    weighing = Weighing().read(5, 1000)
    assert (weighing.weight, weighing.levels) == (Weight(NOW, 0.0, 0.0), ())


def test_a_peak_is_the_latest_of_the_highest_level() -> None:
    """A level that fell leaves it where it was; one that stays moves it on."""
    weighing = Weighing().read(100, 100).close().read(100, 100).read(100, 100).read(0, 20_000)
    tally = weighing.weight.tallies[LARGEST]
    assert (tally.peak_at, tally.peak_errors, tally.peak_requests) == (NOW + micros(15), 300, 300)
    assert tally.peak == pytest.approx(3.6)


def test_a_block_begins_where_the_one_before_it_ended() -> None:
    """With the totals of then."""
    weighing = Weighing().read(1, 10).close()
    assert (weighing.weight.since, weighing.weight.errors, weighing.weight.requests) == (weighing.at, 1, 10)
    weighing.read(1, 10)
    assert weighing.weight.errors == 1
    nothing = Weighing().read(0, 10).close()
    assert nothing.weight == Weight(nothing.at, 0, 10)


@pytest.mark.parametrize(
    ("ago", "errors", "requests", "asked", "dropped"),
    [
        (24, 0, 100, recovered, True),
        (24, 0, 99, recovered, False),
        (24, 0.9, 100, recovered, True),
        (24, 1, 100, recovered, False),
        (23.999999, 0, 100, recovered, False),
        (60, 0, 1000, recovered, True),
        (24, 0, 100, never, False),
    ],
)
def test_a_warning_is_dropped_when_its_own_ratio_would_have_brought_five_errors(
    ago: float, errors: float, requests: float, asked: Drops, dropped: bool
) -> None:
    """5 % until two blocks ago; 100 requests since, and fewer than one error of five."""
    tally = Tally(5.0, NOW - micros(200), 10, 1000, 5.0, NOW - micros(ago), 15.0, 1100.0)
    weight = Weight(NOW - micros(12), 15 + errors, 1100 + requests, (tally,) * len(WARN.alternatives))
    reads = Reads(15 + errors, 1100 + requests)
    after = closed(WARN, weight, reads, NOW, (5.0,) * len(WARN.alternatives), asked)
    assert (after.tallies == ()) is dropped
    assert dropped or after.tallies[0].sum == 5.0


@pytest.mark.parametrize(
    ("ago", "errors", "requests", "over"),
    [
        (300, 0, 437, True),
        (300, 0, 436, False),
        (299.999999, 0, 1000, False),
        (300, 2, 517, True),
        (300, 2, 516, False),
        (300, 10, 1000, True),
        (300, 10.01, 1000, False),
        (3600, 40, 3999, False),
    ],
)
def test_a_breach_is_over_when_twice_what_is_needed_for_it_speaks_against_it(
    ago: float, errors: float, requests: float, over: bool
) -> None:
    """5 % until a hold ago. Each good request since speaks 0.0412 against it, each error 1.61 for it; but
    what is above the limit, however little, is no calm."""
    tally = Tally(5.0, NOW - micros(4000), 10, 1000, 5.0, NOW - micros(ago), 15.0, 1100.0)
    weight = Weight(NOW - micros(60), 15 + errors, 1100 + requests, (tally,) * len(SCALE.alternatives))
    reads = Reads(15 + errors, 1100 + requests)
    after = closed(SCALE, weight, reads, NOW, (5.0,) * len(SCALE.alternatives), is_over)
    assert (after.tallies == ()) is over
    assert over or after.tallies[0].sum == 5.0


@pytest.mark.parametrize(("errors", "own"), [(100.0, 0.98), (1.0, 0.0102)])
def test_its_own_ratio_is_kept_apart_from_the_limit_and_from_all(errors: float, own: float) -> None:
    """Of logarithms of 0 there are none, and a ratio of the limit would never be over."""
    tally = Tally(5.0, NOW - micros(600), 0, 0, 5.0, NOW - micros(300), errors, 100.0)
    enough = ceil(18 / -log((1 - own) / 0.99))
    assert is_over(SCALE, tally, Reads(errors, 100.0 + enough), NOW)
    assert not is_over(SCALE, tally, Reads(errors, 99.0 + enough), NOW)


def test_the_strongest_is_that_of_the_highest_level_and_of_equals_the_oldest() -> None:
    """What is shown is what speaks most."""
    old, young = Tally(1.0, NOW - micros(60), 0, 0), Tally(1.0, NOW - micros(30), 1, 50)
    reads = Reads(5, 100)
    weight = Weight(NOW, 5, 100, (NOTHING, young, old, young))
    found = strongest(SCALE, weight, reads, (0.0, 2.0, 2.0, 1.0))
    assert found is not None
    assert (found.since, found.errors, found.requests, found.score) == (NOW - micros(60), 5, 100, 2.0)
    assert found.ratio == SCALE.alternatives[2].ratio
    found = strongest(SCALE, weight, reads, (0.0, 2.1, 2.0, 1.0))
    assert found is not None
    assert (found.since, found.errors, found.requests) == (NOW - micros(30), 4, 50)
    assert strongest(SCALE, Weight(NOW, 0, 0), reads, ()) is None


@pytest.mark.parametrize(
    ("ages", "levels", "strongest_is"),
    [
        ((60, 60), (0.5, 0.2), 0),
        ((60, 60), (0.5, 0.8), 1),
        ((60, 30), (2.0, 2.0), 0),
        ((60, 60), (2.0, 2.0), 0),
        ((30, 60), (-0.5, -0.2), 1),
    ],
)
def test_of_two_alternatives_one_is_the_strongest(
    ages: tuple[int, int], levels: tuple[float, float], strongest_is: int
) -> None:
    """The higher level, below 1 as above; then the older one; then the one nearer to the limit."""
    tallies = tuple(Tally(1.0, NOW - micros(age), block=NOW - micros(age + 7)) for age in ages)
    found = strongest(SCALE, Weight(NOW, 0, 0, tallies), Reads(5, 100), levels)
    assert found is not None
    assert found.ratio == SCALE.alternatives[strongest_is].ratio
    age = ages[strongest_is]
    assert (found.since, found.blocks_from) == (NOW - micros(age), NOW - micros(age + 7))


def test_a_level_below_nothing_is_shown_as_nothing() -> None:
    """A good block may take more than there was."""
    weight = Weight(NOW, 0, 0, (Tally(0.5, NOW - micros(60), 0, 0),))
    found = strongest(SCALE, weight, Reads(5, 100), (-0.4,))
    assert found is not None
    assert found.score == 0


def test_the_way_of_the_evidence_shows_what_a_good_block_takes() -> None:
    """A fifth, minus a tenth, never below nothing, and the block under way at the end."""
    evidence = Evidence(NOW, 0, 0, 0, 9, ratio=0.6, blocks_from=NOW)
    moments = [NOW + micros(at) for at in (30, 60, 90, 120, 180, 240, 250)]
    counts = [(50, 50), (50, 50), (0, 1000), (0, 1000), (0, 1000), (0, 1000), (50, 50)]
    blocks = retraced(SCALE, evidence, [(at, *c) for at, c in zip(moments, counts, strict=True)])
    assert [(b.at - NOW) // SECOND for b in blocks] == [60, 120, 180, 240, 250]
    assert [round(b.added, 6) for b in blocks] == [1.8, -0.9, -0.9, -0.9, 1.8]
    assert [round(b.sum, 6) for b in blocks] == [1.8, 0.9, 0.0, -0.9, 1.8]
    assert [(b.errors, b.requests) for b in blocks] == [(100, 100), (0, 2000), (0, 1000), (0, 1000), (50, 50)]
    many = retraced(SCALE, evidence, [(NOW + micros(60 * n), 50, 50) for n in range(1, 10)])
    assert [round(b.sum, 6) for b in many][-3:] == [12.6, 12.6, 12.6]


def counts(errors: float, requests: float, at: float) -> tuple[Measured, BatchEnded]:
    reading = Reading("error_rate", None, "quiet", True, errors, requests)
    return Measured(moment(at), reading), BatchEnded(moment(at))


def test_evidence_that_a_good_read_took_away_is_shown_no_more() -> None:
    """Its streak stays until the block is over, and is not still so."""
    watch = Driven()
    watch.take(*counts(100, 100, 0), *counts(100, 100, 5))
    pending = [s for s in watch.state.seen.streaks if s]
    assert pending
    assert all((s.evidence is None, s.still) == (False, moment(5)) for s in pending)
    watch.take(*counts(0, 1_000_000, 10))
    after = [s for s in watch.state.seen.streaks if s]
    assert after
    assert all((s.evidence, s.still, s.last_breach) == (None, moment(5), moment(5)) for s in after)


def test_a_streak_of_counts_lasted_until_it_was_last_so() -> None:
    """One of plain values until its end: every value of it breached."""
    rule = Rule("error_rate", Action.WARN, 0.001, micros(60))
    counted = Streak(NOW, NOW, counted=True, firing=True, still=NOW + 5)
    plain = Streak(NOW, NOW, counted=False, firing=True)
    assert cleared(rule, counted, NOW + 9, "recovered").until == NOW + 5
    assert cleared(rule, plain, NOW + 9, "recovered").until == NOW + 9


def test_counts_do_not_end_a_fired_streak_of_plain_values() -> None:
    """Quiet reads say nothing against them: the next value does, or a gap."""
    watch = Driven(Mode.OBSERVE)
    watch.breach()
    for n in range(100):
        watch.take(*counts(*((100, 100) if n < 5 else (0, 0)), 305 + 5 * n))
    kept = [s for s in watch.state.seen.streaks if s and not s.counted]
    assert kept
    assert all((s.firing, s.still) == (True, None) for s in kept)


def test_a_streak_that_was_over_as_it_fired_ends_two_blocks_later() -> None:
    """The read at which it fired was the last that was still so."""
    watch = Driven(Mode.OBSERVE)
    for n in range(1, 100):
        watch.take(*counts(*((100, 100) if n <= 61 else (0, 100)), 5 * n))
    (fired,) = [d for d in watch.heard(StreakFiring) if d.rule == "error_rate.rollback"]
    (over,) = [d for d in watch.heard(StreakCleared) if d.rule == "error_rate.rollback"]
    assert (fired.at, over.at, over.until) == (moment(305), moment(425), moment(305))
    assert (over.since, over.was, over.reason) == (moment(5), "firing", "recovered")


def test_what_lacks_is_told_with_all_that_came_since_the_streak_began() -> None:
    """Not with what came before: ten good requests there are none of it."""
    watch = Driven()
    for n in range(1, 11):
        watch.take(*counts(0, 1, 5 * n))
    for n in range(1, 200):
        watch.take(*counts(*((1, 1) if n % 12 == 0 else (0, 0)), 50 + 5 * n))
    (lacks,) = [d for d in watch.heard(EvidenceLacks) if d.rule == "error_rate.rollback"]
    assert (lacks.at - lacks.since, lacks.evidence.since) == (micros(420), lacks.since)
    assert (lacks.evidence.errors, lacks.evidence.requests) == (8, 8)


def fell(lasts: int, then: float) -> list[StreakCleared]:
    """Of an outage, that fell to a fifth for so many reads, and then to `then`: the end of its streak."""
    watch = Driven(Mode.OBSERVE)
    for n in range(1, 260):
        errors = 0 if n <= 100 else 100 if n <= 162 else 20 if n <= 162 + lasts else then
        watch.take(*counts(errors, 100, 5 * n))
    (fired,) = [d for d in watch.heard(StreakFiring) if d.rule == "error_rate.rollback"]
    assert (fired.since, fired.at) == (moment(505), moment(805))
    return [d for d in watch.heard(StreakCleared) if d.rule == "error_rate.rollback"]


def test_an_outage_that_fell_to_a_fifth_and_then_to_nothing_is_over() -> None:
    """What it was is what came since it began, not with the good requests before."""
    (over,) = fell(10, then=0)
    assert over.until == moment(810)


def test_an_outage_that_fell_to_a_fifth_goes_on() -> None:
    """20 % are above the limit too: from a block and a half after it fell on it is that breach."""
    assert fell(100, then=20) == []
    (over,) = fell(60, then=0)
    assert over.until == moment(505 + 5 * (62 + 60 - 1))


def test_a_fired_streak_tells_the_latest_read_that_breached() -> None:
    """As long as the evidence is there."""
    watch = Driven(Mode.OBSERVE)
    for n in range(1, 71):
        watch.take(*counts(100, 100, 5 * n))
        fired = [s for s in watch.state.seen.streaks if s and s.firing]
        assert all((s.last_breach, s.still) == (moment(5 * n), moment(5 * n)) for s in fired)
    watch.take(*counts(0, 100, 355))
    assert all(s.last_breach == moment(350) for s in watch.state.seen.streaks if s)
