"""May a counted rule act now: each condition at its boundary, asked of reads as they are counted."""

from __future__ import annotations

import pytest

from monitor.core.certainty import fires, still_so
from monitor.core.evidence import Scale, Tally, Weight, scale_of
from monitor.core.reads import Reads
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Rule
from tests.reference_values import Line
from tests.replays import Replay, both, every, fired, micros, policy, rate, told

RULE = "error_rate.rollback"
NOW: Micros = 1_000_000 * SECOND
SCALE = scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9.0)
TENTH = 0.1


def reads(*of: tuple[float, float, float]) -> Reads:
    """Seconds before now, errors, requests; the latest last."""
    found = Reads()
    for ago, errors, requests in of:
        found = found.with_read(NOW - micros(ago), errors, requests)
    return found


def so(ratio: float, *of: tuple[float, float, float]) -> bool:
    return still_so(SCALE, reads(*of), NOW, ratio)


@pytest.mark.parametrize(("errors", "still"), [(1.4, False), (1.5, True), (2, True)])
def test_three_tenths_of_the_ratio_must_be_there_still(errors: float, still: bool) -> None:
    """Of 10 % at least 3 % of the latest 50 requests."""
    assert so(TENTH, (0, errors, 50)) is still


@pytest.mark.parametrize(("errors", "still"), [(8, False), (10, False), (11, True)])
def test_what_is_still_there_is_above_the_limit(errors: float, still: bool) -> None:
    """Three tenths of a ratio near the limit are below it."""
    assert so(0.0102, (0, errors, 1000)) is still


@pytest.mark.parametrize(("requests", "still"), [(49, False), (50, True)])
def test_the_latest_reads_are_those_that_would_bring_five_errors(requests: float, still: bool) -> None:
    """50 requests at 10 %; with one less, those of 70 s ago are among them, and none of these failed."""
    assert so(TENTH, (70, 0, 60), (0, 2, requests)) is still


@pytest.mark.parametrize(("requests", "still"), [(19, False), (20, True)])
def test_fewer_than_20_requests_say_nothing(requests: float, still: bool) -> None:
    """However many of them fail."""
    assert so(0.5, (0, requests, requests)) is still


@pytest.mark.parametrize(("good", "still"), [(20, True), (21, False)])
def test_good_requests_at_the_end_speak_against_it(good: float, still: bool) -> None:
    """At 10 % each takes a tenth from the doubt of 2: 21 in a row are one chance in seven."""
    assert so(TENTH, (5, 10, 30), (0, 0, good)) is still


@pytest.mark.parametrize(("ago", "still"), [(59, False), (60, False), (61, True)])
def test_a_minute_before_the_latest_reads_speaks_too(ago: float, still: bool) -> None:
    """200 good requests there; what is older does not."""
    assert so(TENTH, (ago, 0, 200), (0, 5, 50)) is still


@pytest.mark.parametrize(("ago", "still"), [(299.999999, False), (300, True), (301, True)])
def test_nothing_that_is_as_old_as_the_hold_speaks(ago: float, still: bool) -> None:
    """The latest reads began 280 s ago, less than a minute after it."""
    assert so(TENTH, (ago, 0, 200), (280, 4, 40), (0, 1, 10)) is still


def test_the_ratio_of_an_outage_leaves_room_for_a_request_that_succeeds() -> None:
    """Of all requests 98 %: no single good one refutes it."""
    assert so(1.0, (5, 30, 30), (0, 0, 0.5))
    assert not so(1.0, (5, 30, 30), (0, 0, 1))


def acts(begun: float, *of: tuple[float, float, float], quiet: float | None = None) -> bool:
    """With all the evidence that is needed, for every alternative, from reads since `begun`."""
    tally = Tally(sum=9.0, start=NOW - micros(begun))
    weight = Weight(NOW, 0.0, 0.0, (tally,) * len(SCALE.alternatives))
    found = reads(*of) if quiet is None else reads(*of).with_read(NOW - micros(quiet), 0, 0)
    return fires(SCALE, weight, (9.0,) * len(SCALE.alternatives), found, NOW) is not None


@pytest.mark.parametrize(("begun", "so_old"), [(299.999999, False), (300, True), (301, True)])
def test_a_breach_must_be_as_old_as_the_hold(begun: float, so_old: bool) -> None:
    """And its evidence: of the two the younger counts."""
    breach = ((150, 5, 100), (0, 5, 100))
    assert acts(begun, (begun, 5, 100), *breach) is so_old
    assert acts(400, (begun, 5, 100), *breach) is so_old


def test_good_reads_before_it_make_a_breach_no_older() -> None:
    """Evidence since 400 s, of which the first half was good."""
    assert not acts(400, (400, 0, 500), (200, 10, 100), (0, 10, 100))
    assert acts(400, (400, 50, 500), (200, 10, 100), (0, 10, 100))


@pytest.mark.parametrize(("ago", "so_old"), [(1800, True), (1800.000001, False)])
def test_the_beginning_is_looked_for_within_six_holds(ago: float, so_old: bool) -> None:
    """What is older says nothing: alone it leaves a breach of a moment."""
    assert acts(2000, (ago, 5, 100), (0, 5, 100)) is so_old


def test_a_breach_in_which_the_customers_went_away_is_as_old_as_its_errors() -> None:
    """10 % until 400 s ago, and nobody asked since: of the last hold nothing is known."""
    assert acts(400, (400, 10, 100), quiet=200)


WARN = scale_of(Rule("error_rate", Action.WARN, 0.001, micros(300)), 9.0)


@pytest.mark.parametrize(
    ("scale", "alternative", "errors", "explained"),
    [
        (SCALE, 0.02, 1.19, True),
        (SCALE, 0.02, 1.21, False),
        (WARN, 0.025, 1.49, True),
        (WARN, 0.025, 1.51, False),
        (WARN, 0.06, 1.51, True),
        (WARN, 0.06, 1.65, True),
    ],
)
def test_an_alternative_explains_three_times_its_ratio(
    scale: Scale, alternative: float, errors: float, explained: bool
) -> None:
    """Of 2 % at most 6 %; the largest explains everything. Under 5 errors nothing else does."""
    tallies = tuple(Tally(sum=9.0, start=NOW - micros(400)) for _ in scale.alternatives)
    each = 20 if alternative < 0.06 else 8
    of = reads((400, errors, each), (200, errors, each), (0, errors, each))
    levels = tuple(9.0 if a.ratio == pytest.approx(alternative) else 0.0 for a in scale.alternatives)
    assert (fires(scale, Weight(NOW, 0.0, 0.0, tallies), levels, of, NOW) is not None) is explained


def test_the_ratio_of_the_last_hold_is_of_reads_that_are_younger() -> None:
    """10 % a hold ago speak against the 50 % of now, and would not against the mean of both."""
    assert not acts(400, (300, 1, 10), (0, 5, 10))
    assert acts(400, (300, 3, 10), (0, 5, 10))


@pytest.mark.parametrize(("level", "enough"), [(8.9, False), (9.0, True)])
def test_only_what_has_all_the_evidence_acts(level: float, enough: bool) -> None:
    """However long the others have theirs."""
    tallies = tuple(Tally(sum=level, start=NOW - micros(400)) for _ in SCALE.alternatives)
    of = reads((400, 5, 100), (200, 5, 100), (0, 5, 100))
    levels = tuple(level for _ in SCALE.alternatives)
    assert (fires(SCALE, Weight(NOW, 0.0, 0.0, tallies), levels, of, NOW) is not None) is enough


def test_an_alternative_whose_hold_is_not_over_leaves_the_others_theirs() -> None:
    """The larger ones began 200 s ago, the smaller ones 400 s ago."""
    old, young = (Tally(sum=9.0, start=NOW - micros(ago)) for ago in (400, 200))
    tallies = tuple(old if a.ratio < 0.03 else young for a in SCALE.alternatives)
    of = reads((400, 5, 100), (200, 5, 100), (0, 5, 100))
    found = fires(SCALE, Weight(NOW, 0.0, 0.0, tallies), (9.0,) * len(tallies), of, NOW)
    assert found is not None
    assert (NOW - found.since, found.errors, found.requests) == (micros(400), 15, 300)


def test_what_was_not_above_the_limit_since_it_began_does_not_act() -> None:
    """Its sums are cut off below: bursts can bring all the evidence to a mean under the limit."""
    assert not acts(400, (400, 0, 4000), (350, 20, 100), (0, 20, 100))
    assert acts(400, (400, 0, 3000), (350, 20, 100), (0, 20, 100))
    assert not acts(1000, (1000, 0, 5000), (400, 50, 2500), (0, 49, 2500))
    assert acts(1000, (1000, 0, 4800), (400, 50, 2500), (0, 49, 2500))


def counted(step: float, first: float, last: float, errors: float, requests: float) -> list[Line]:
    return every(step, first, last, "error_rate", **rate(errors, requests))


@both
def test_a_total_outage_is_warned_of_after_a_minute(replay: Replay) -> None:
    """Its ratio is far above three times the largest alternative of a limit of 0.1 %: that one has no top."""
    events = told(replay, policy(), [*counted(5, 5, 300, 0, 100), *counted(5, 305, 400, 100, 100)])
    assert fired(events, "error_rate.warn") == [365]
