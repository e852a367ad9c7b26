"""A breach that gets worse or better is one breach: its parts, each at its boundary, and told as stories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.core.certainty import fires, still_so
from monitor.core.evidence import Tally, Weight, scale_of
from monitor.core.parts import Part, eased, parts
from monitor.core.reads import Reads
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Rule
from tests.replays import Replay, both, fired, line, micros, policy, told

RULE = "error_rate.rollback"
NOW: Micros = 1_000_000 * SECOND
SCALE = scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9.0)
LONG_AGO: Micros = NOW - micros(3000)

CALM = 300
"""Seconds before a story begins."""

Share = Callable[[float], float]


def story(*of: tuple[float, float]) -> Share:
    """Shares that fail, each up to so many seconds since it began; the last one stays."""
    return lambda second: next((share for until, share in of if second < until), of[-1][1])


def fires_after(replay: Replay, of: Share, per_minute: float = 6000, step: float = 5) -> object:
    """Seconds from the first bad read to the first rollback, in a world without chance."""
    requests = per_minute * step / 60
    calm, bad = round(CALM / step), round(1500 / step)
    shares = [0.0] * calm + [of(step * n) for n in range(bad)]
    lines = [
        line(step * n, "error_rate", errors=requests * share, requests=requests)
        for n, share in enumerate(shares, 1)
    ]
    at = fired(told(replay, policy(), lines), RULE)
    return float(str(at[0])) - CALM - step if at else None


@both
@pytest.mark.parametrize(
    "of",
    [
        story((60, 0.02), (1500, 0.05)),
        story((60, 0.016), (1500, 0.06)),
        story((200, 0.02), (1500, 1.0)),
        story((60, 0.015), (120, 0.03), (180, 0.06), (240, 0.12), (1500, 0.24)),
        story((240, 0.02), (1500, 0.06)),
        story((100, 1.0), (1500, 0.02)),
        story((20, 1.0), (1500, 0.02)),
        story((100, 0.2), (1500, 0.02)),
        story((100, 0.02), (200, 0.5), (1500, 0.02)),
    ],
)
def test_a_breach_that_gets_worse_or_better_is_as_old_as_all_of_it(replay: Replay, of: Share) -> None:
    """Five minutes above 1 %, however much above it in each of them."""
    assert fires_after(replay, of) == 300


@both
def test_an_outage_that_eases_at_the_end_of_the_hold_is_waited_for(replay: Replay) -> None:
    """It may be ending: a block and a half tells whether it has only got better."""
    assert fires_after(replay, story((280, 1.0), (1500, 0.02))) == 365


@both
def test_a_ramp_fires_a_hold_after_it_passes_the_limit(replay: Replay) -> None:
    """From 0.05 % to 10 % in 20 minutes: above 1 % after 115 s, and plainly so half a minute later."""
    assert fires_after(replay, lambda second: 0.0005 + min(second, 1200) / 1200 * 0.0995) == 445


@both
@pytest.mark.parametrize(
    "of",
    [
        story((285, 0.05), (1500, 0.0)),
        story((200, 0.02), (285, 0.05), (1500, 0.0)),
        story((200, 1.0), (285, 0.02), (1500, 0.0)),
        story((290, 1.0), (1500, 0.002)),
    ],
)
def test_parts_of_less_than_a_hold_do_not_fire(replay: Replay, of: Share) -> None:
    """Whatever each of them was."""
    assert fires_after(replay, of) is None


@both
@pytest.mark.parametrize("calm", [0.0, 0.005])
@pytest.mark.parametrize("lasts", [20, 60])
def test_calm_between_two_parts_begins_it_anew(replay: Replay, calm: float, lasts: float) -> None:
    """20 s of it with 2,000 requests."""
    of = story((100, 0.02), (100 + lasts, calm), (1500, 0.05))
    assert fires_after(replay, of) == 400 + lasts


@both
def test_where_traffic_does_not_tell_the_first_part_it_counts_from_the_second(replay: Replay) -> None:
    """1 error in 60 requests is no part."""
    assert fires_after(replay, story((60, 0.02), (1500, 0.05)), per_minute=60) == 360


# ------------------------------------------------------------ boundaries


def reads(*of: tuple[float, float, float]) -> Reads:
    """Seconds before now, errors, requests; the latest last."""
    found = Reads()
    for ago, errors, requests in of:
        found = found.with_read(NOW - micros(ago), errors, requests)
    return found


def ages(*of: tuple[float, float, float], since: float = 3000) -> list[float]:
    """Seconds since each part of the breach began, the latest first; none: it is none of parts."""
    return [(NOW - p.since) / SECOND for p in parts(SCALE, reads(*of), NOW, NOW - micros(since))]


WORST = ((200, 50, 100), (0, 50, 100))


@pytest.mark.parametrize(("errors", "is_part"), [(4, False), (4.999, False), (5, True), (6, True)])
def test_a_part_has_five_errors(errors: float, is_part: bool) -> None:
    """However much they weigh."""
    assert ages((300, errors, 100), *WORST) == ([200, 300] if is_part else [])


@pytest.mark.parametrize(("requests", "is_part"), [(185, True), (190, False)])
def test_a_part_weighs_what_a_block_may_add(requests: float, is_part: bool) -> None:
    """5 of 185 are 1.85, of 190 they are 1.76; 1.8 is asked."""
    assert ages((300, 5, requests), *WORST) == ([200, 300] if is_part else [])


@pytest.mark.parametrize(("ago", "old"), [(299.999999, False), (300, True)])
def test_the_parts_are_a_hold_old_together(ago: float, old: bool) -> None:
    """To the microsecond."""
    assert bool(ages((ago, 10, 100), *WORST)) is old
    assert bool(ages((ago, 50, 100), (0, 50, 100))) is old


@pytest.mark.parametrize(("good", "is_part"), [(0, True), (10, True), (30, False)])
def test_calm_at_the_end_of_a_part_ends_it(good: float, is_part: bool) -> None:
    """At 10 % each good request takes a tenth: more than 20 of them deny it."""
    assert bool(ages((300, 10, 100 - good), (250, 0, good), *WORST)) is is_part


def test_a_worse_part_before_calm_does_not_hide_the_part_after_it() -> None:
    """Of 100 %, 2 % and 50 % each is asked by itself."""
    assert ages((320, 100, 100), (240, 20, 1000), (180, 20, 1000), (100, 500, 1000), (0, 500, 1000)) == [
        100, 240, 320,
    ]  # fmt: skip


@pytest.mark.parametrize(("errors", "enough"), [(7, False), (8, True)])
def test_the_parts_bring_all_the_evidence(errors: float, enough: bool) -> None:
    """Of 100 requests 7 are 7.8, 8 are 9.9; what an alternative kept of an older outage is not enough."""
    half = errors / 2
    assert bool(ages((300, half, 50), (0, half, 50))) is enough


def test_what_a_hold_did_not_bring_the_part_before_it_may() -> None:
    """30 of 1,450 are 6.4; the outage that they came from is a thousand."""
    assert ages((300, 15, 725), (0, 15, 725)) == []
    assert ages((305, 300, 300), (300, 15, 725), (0, 15, 725)) == [300, 305]


@pytest.mark.parametrize(("good", "together"), [(10, True), (190, True), (210, False)])
def test_reads_without_errors_between_two_parts_may_be_of_the_later(good: float, together: bool) -> None:
    """At 2 % each takes a hundredth: 200 of them are a doubt of 2. They make the breach no older."""
    of = ((270, good / 2, 0), (260, good / 2, 0))
    calm = [(ago, errors, requests) for ago, requests, errors in of]
    assert ages((305, 300, 300), *calm, (250, 20, 1000), (0, 20, 1000)) == ([250, 305] if together else [])
    assert ages(*calm, (299, 20, 1000), (0, 20, 1000)) == []


@pytest.mark.parametrize("errors", [0, 1])
def test_a_read_with_an_error_between_two_parts_is_of_the_earlier(errors: float) -> None:
    """Or of neither."""
    found = ages((305, 300, 300), (270, errors, 150), (250, 20, 1000), (0, 20, 1000))
    assert found == ([] if errors else [250, 305])


def test_a_breach_began_with_its_evidence_at_the_earliest() -> None:
    """And within six holds."""
    of = ((2000, 50, 100), (1801, 50, 100), (1000, 50, 100), (0, 50, 100))
    assert ages(*of) == [1000]
    assert ages(*of, since=1900) == [1000]
    assert ages(*of, since=999) == []
    assert ages((1801, 5, 10), (1800, 50, 100), (0, 50, 100)) == [1800]


def test_no_reads_are_no_breach() -> None:
    """Nor is what has no error, or fewer than the limit allows."""
    assert ages() == []
    assert ages((300, 0, 100), (0, 0, 100)) == []
    assert ages((300, 10, 1000), (0, 10, 1000)) == []


@pytest.mark.parametrize(("ago", "long"), [(89.999999, False), (90, True), (91, True)])
def test_a_breach_has_eased_after_a_block_and_a_half(ago: float, long: bool) -> None:
    """From the last read on at which it was worse."""
    of = ((300, 100, 100), (ago, 100, 100), (ago - 5, 10, 500), (0, 10, 500))
    assert bool(ages(*of)) is long
    part = eased(SCALE, reads(*of), NOW)
    assert (part is not None) is long
    assert part is None or part == Part(2, NOW - micros(ago - 5), 20, 1000, part.weight)
    assert still_so(SCALE, reads(*of), NOW, 0.5) is long


def test_what_it_eased_to_is_looked_for_in_the_last_hold() -> None:
    """A read as old as the hold is none of it."""
    of = ((301, 100, 100), (300, 10, 500), (0, 10, 500))
    found = eased(SCALE, reads(*of), NOW)
    assert found is not None
    assert (found.begins, found.errors) == (2, 10)
    assert eased(SCALE, reads((300, 10, 500)), NOW) is None


def test_a_part_that_is_first_of_all_reads_has_lasted_since_its_first() -> None:
    """Nothing is before it."""
    assert eased(SCALE, reads((89, 10, 500), (0, 10, 500)), NOW) is None
    assert eased(SCALE, reads((90, 10, 500), (0, 10, 500)), NOW) is not None


def test_what_got_worse_need_not_have_lasted() -> None:
    """Only of an outage that got better it is asked whether it is ending."""
    assert ages((300, 20, 1000), (40, 20, 1000), (20, 500, 1000), (0, 500, 1000)) == [20, 300]


def acts(*of: tuple[float, float, float]) -> bool:
    """With all the evidence for one alternative that explains nothing of it."""
    tallies = tuple(Tally(sum=9.0, start=LONG_AGO) for _ in SCALE.alternatives)
    levels = (9.0, *(0.0 for _ in SCALE.alternatives[1:]))
    return fires(SCALE, Weight(NOW, 0.0, 0.0, tallies), levels, reads(*of), NOW) is not None


def test_a_breach_of_parts_is_still_what_its_latest_part_is() -> None:
    """21 of 41 with 20 requests that succeeded last."""
    assert acts((300, 20, 40), (0, 20, 40))
    assert not acts((300, 20, 40), (5, 20, 20), (0, 0, 30))


def test_parts_are_asked_for_at_a_read_with_errors_only() -> None:
    """Between two errors nothing becomes plainer."""
    assert acts((300, 20, 40), (10, 20, 40))
    assert not acts((300, 20, 40), (10, 20, 40), (0, 0, 1))
    assert not acts((300, 20, 40), (10, 20, 40), (0, 0, 0))
    assert not acts()


def test_a_last_hold_that_is_not_above_the_limit_is_no_breach() -> None:
    """Though the reads before it and the latest are."""
    assert not acts((310, 1000, 10000), (290, 0, 9000), (0, 50, 100))
