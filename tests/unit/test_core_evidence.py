"""When counts carry a decision: evidence block by block, and each condition of firing."""

from __future__ import annotations

from math import log

import pytest

from monitor.core.evidence import TIMES, Evidence, retraced, scale_of
from monitor.core.thresholds import Action, Rule, Threshold
from tests.reference_values import Line
from tests.replays import (
    START,
    Replay,
    both,
    core,
    every,
    fired,
    line,
    micros,
    moment,
    named,
    policy,
    rate,
    told,
    verdict,
)

RULE = "error_rate.rollback"


def counted(step: float, first: float, last: float, errors: float, requests: float) -> list[Line]:
    return every(step, first, last, "error_rate", **rate(errors, requests))


def weights(events: list[dict[str, object]], event: str) -> list[object]:
    return [e["evidence"] for e in named(events, event, RULE)]


def test_the_alternatives_begin_just_above_the_limit_and_stay_under_all_requests() -> None:
    """Multiples of a small limit; of a large one steps up to 1."""
    ratios = [
        a.ratio for a in scale_of(Rule("error_rate", Action.ROLLBACK, 0.01, micros(300)), 9).alternatives
    ]
    assert ratios == pytest.approx([0.0103, 0.011, 0.0125, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.6])
    large = [a.ratio for a in scale_of(Rule("error_rate", Action.ROLLBACK, 0.4, micros(300)), 9).alternatives]
    assert large == pytest.approx([min(0.4 * m, 0.4 + 0.6 * (k + 1) / 11) for k, m in enumerate(TIMES)])
    assert max(large) < 1


@pytest.mark.parametrize("limit", [1.0, 2.0])
def test_a_limit_that_no_ratio_exceeds_has_no_alternatives(limit: float) -> None:
    """Nothing can speak for more than all requests."""
    assert scale_of(Rule("error_rate", Action.ROLLBACK, limit, micros(300)), 9).alternatives == ()


@both
def test_a_total_outage_fires_exactly_when_its_hold_is_over(replay: Replay) -> None:
    """Each block gives a fifth at most: five of them, and the hold."""
    events = told(replay, policy(), [*counted(5, 5, 600, 0, 100), *counted(5, 605, 1000, 100, 100)])
    (firing,) = named(events, "firing", RULE)
    assert (firing["at"], firing["since"]) == (905, 605)
    assert firing["evidence"] == pytest.approx(10.8)  # the block under way has its fifth too
    assert verdict(events) == ("rollback", 905)


@both
def test_a_fifth_of_the_evidence_is_pending(replay: Replay) -> None:
    """At the read at which it is reached; its start is the first read that speaks for the breach."""
    lines = [*counted(5, 5, 60, 0, 10), *counted(5, 65, 100, 1, 10)]
    (pending,) = named(told(replay, policy(), lines), "pending", RULE)
    one = log(10) + 9 * log(0.9 / 0.99)  # the alternative of 10 %, by one error and nine good requests
    assert one < 1.8 < 2 * one
    assert (pending["at"], pending["since"]) == (70, 65)
    assert pending["evidence"] == pytest.approx(1.8)


@both
def test_no_burst_decides_alone(replay: Replay) -> None:
    """A minute in which everything failed is a fifth, however many requests it had."""
    lines = [*counted(5, 5, 60, 0, 100), *counted(5, 65, 120, 1000, 1000), *counted(5, 125, 900, 0, 1)]
    events = told(replay, policy(), lines)
    assert weights(events, "pending") == [1.8]
    assert fired(events, RULE) == []


@both
@pytest.mark.parametrize(("length", "ends"), [(285, "watching"), (295, "watching"), (305, "rollback")])
def test_5_percent_of_errors_for_less_than_the_hold_and_for_more(
    replay: Replay, length: int, ends: str
) -> None:
    """As documented: above 1 % for 5 minutes. What is over before leaves its evidence, and does nothing."""
    lines = [*counted(5, 5, 600, 0, 500), *counted(5, 605, 600 + length, 25, 500)]
    lines += counted(5, 605 + length, 2000, 0, 500)
    assert verdict(told(replay, policy(), lines))[0] == ends


@both
@pytest.mark.parametrize("length", [245, 270, 290])
def test_an_outage_that_ended_before_the_hold_is_not_rolled_back_for_a_late_error(
    replay: Replay, length: int
) -> None:
    """One failed request after it does not make it last."""
    lines = [*counted(5, 5, 600, 0, 25), *counted(5, 605, 600 + length, 25, 25)]
    after = counted(5, 605 + length, 2000, 0, 25)
    after[4] = line(625 + length, "error_rate", **rate(1, 25))
    assert fired(told(replay, policy(), [*lines, *after]), RULE) == []


@both
def test_one_error_in_three_requests_at_night_is_no_rollback(replay: Replay) -> None:
    """A handful of requests is no evidence, and at most pending."""
    lines = [*counted(5, 5, 600, 0, 0), *counted(5, 605, 605, 1, 3), *counted(5, 610, 2000, 0, 0)]
    assert fired(told(replay, policy(), lines), RULE) == []


@both
def test_at_15_requests_a_minute_every_one_failing_is_found(replay: Replay) -> None:
    """One request in every second read or so: 20 of them, and the hold."""
    lines = [x for at in range(20, 1200, 4) for x in counted(4, at, at, 1, 1)]
    events = told(replay, policy(), lines)
    assert fired(events, RULE) == [320]


@both
@pytest.mark.parametrize(("every_", "fires"), [(16, [324]), (18, [362]), (60, [1160])])
def test_20_requests_must_be_in(replay: Replay, every_: int, fires: list[float]) -> None:
    """With fewer it waits, however sure the evidence is."""
    lines = [
        line(at, "error_rate", **rate(*((1, 1) if (at - 20) % every_ == 0 else (0, 0))))
        for at in range(2, 1202, 2)
        if at >= 20
    ]
    assert fired(told(replay, policy(), lines), RULE) == fires


@both
def test_an_outage_in_which_the_customers_go_away_is_found(replay: Replay) -> None:
    """1,200 requests a minute, then 12, all failing."""
    lines = [*counted(5, 5, 600, 0, 100), *counted(5, 605, 700, 100, 100), *counted(5, 705, 1200, 1, 1)]
    assert fired(told(replay, policy(), lines), RULE) == [905]


@both
def test_errors_in_every_other_minute_are_found(replay: Replay) -> None:
    """5 % there, none in between: 2.5 % in the mean. A good minute does not wipe out a bad one."""
    lines = [line(at, "error_rate", **rate(25 if at // 60 % 2 else 0, 500)) for at in range(5, 3600, 5)]
    assert len(fired(told(replay, policy(), lines), RULE)) == 1


@both
def test_a_mean_below_the_limit_never_fires(replay: Replay) -> None:
    """1.5 % for 50 of every 120 s is 0.63 %."""
    lines = [line(at, "error_rate", **rate(7.5 if at % 120 < 50 else 0, 500)) for at in range(5, 4000, 5)]
    assert fired(told(replay, policy(), lines), RULE) == []


@both
@pytest.mark.parametrize(("percent", "hours", "fires"), [(0.99, 1, False), (1.0, 1, False), (1.05, 3, True)])
def test_exactly_the_limit_is_no_breach_and_a_little_more_is_found(
    replay: Replay, percent: float, hours: int, fires: bool
) -> None:
    """6,000 requests a minute."""
    lines = counted(5, 5, 3600 * hours, 5 * percent, 500)
    assert bool(fired(told(replay, policy(), lines), RULE)) is fires


@both
def test_what_is_no_longer_so_does_not_fire(replay: Replay) -> None:
    """All the evidence is there when the breach gets better just before its hold is over."""
    lines = [*counted(5, 5, 300, 50, 500), *counted(5, 305, 900, 5, 500)]
    assert fired(told(replay, policy(), lines), RULE) == []


@both
def test_a_breach_counts_from_its_own_beginning(replay: Replay) -> None:
    """A blip half an hour before makes nothing older."""
    lines = [
        *counted(5, 5, 60, 500, 500), *counted(5, 65, 1800, 0, 500), *counted(5, 1805, 2400, 25, 500),
    ]  # fmt: skip
    assert fired(told(replay, policy(), lines), RULE) == [2105]


@both
def test_a_first_bad_minute_and_a_pause_make_the_breach_no_older(replay: Replay) -> None:
    """The last hold says what ratio is asked about, and from when on it is likeliest."""
    lines = [
        *counted(5, 5, 60, 25, 500), *counted(5, 65, 240, 0, 500), *counted(5, 245, 600, 25, 500),
    ]  # fmt: skip
    assert fired(told(replay, policy(), lines), RULE) == [545]


@both
@pytest.mark.parametrize("quiet", [False, True])
def test_a_quiet_read_adds_its_counts_and_may_fire(replay: Replay, quiet: bool) -> None:
    """The last read has no value: what was counted decides."""
    reason = {"reason": "quiet"} if quiet else {}
    last = line(305, "error_rate", None, errors=100, requests=100, **reason)
    assert fired(told(replay, policy(), [*counted(5, 5, 300, 100, 100), last]), RULE) == [305]


@both
def test_counts_decide_and_a_value_beside_them_does_not(replay: Replay) -> None:
    """Neither a shown value that is above nor one that is below."""
    high = every(5, 5, 900, "error_rate", 0.9, errors=0, requests=100)
    assert named(told(replay, policy(), high), "pending", RULE) == []
    low = every(5, 5, 900, "error_rate", 0.0, errors=100, requests=100)
    assert fired(told(replay, policy(), low), RULE) == [305]


@both
def test_a_streak_ends_when_nothing_speaks_for_it_any_more(replay: Replay) -> None:
    """At the end of the block in which the last sum came back to 0."""
    lines = [*counted(5, 5, 60, 0, 100), *counted(5, 65, 70, 100, 100), *counted(5, 75, 900, 0, 100)]
    events = told(replay, policy(), lines)
    (cleared,) = named(events, "cleared", RULE)
    assert (cleared["at"], cleared["was"], cleared["reason"]) == (420, "pending", "recovered")


@both
def test_a_fired_streak_ends_within_two_blocks_of_its_incident(replay: Replay) -> None:
    """Counted from the last read at which it was still so; afterwards it may fire again."""
    first = [*counted(5, 5, 400, 100, 100), *counted(5, 405, 1000, 0, 100)]
    events = told(replay, policy(), [*first, *counted(5, 1005, 1400, 100, 100)], keep_going=True)
    (cleared,) = named(events, "cleared", RULE)
    assert (cleared["was"], cleared["reason"]) == ("firing", "recovered")
    assert 400 < float(str(cleared["at"])) <= 400 + 2 * 60 + 5
    assert fired(events, RULE) == [305, 1305]


@both
def test_a_warning_of_counts_has_its_own_limit_and_hold(replay: Replay) -> None:
    """At 0.1 %, inclusive, for a minute."""
    lines = [*counted(5, 5, 300, 0, 5000), *counted(5, 305, 600, 25, 5000)]
    events = told(replay, policy(), lines)
    assert fired(events, "error_rate.warn") == [365]
    assert fired(events, RULE) == []


@both
def test_a_warning_is_dropped_when_its_own_ratio_brings_no_errors_any_more(replay: Replay) -> None:
    """One bad block leaves no warning pending for the hours that 0.1 % would take to be refuted."""
    lines = [*counted(5, 5, 60, 0, 100), *counted(5, 65, 75, 5, 100), *counted(5, 80, 900, 0, 100)]
    events = told(replay, policy(), lines)
    (cleared,) = named(events, "cleared", "error_rate.warn")
    assert float(str(cleared["at"])) < 300


@both
def test_a_gap_begins_evidence_anew(replay: Replay) -> None:
    """31 s without a read: what was before is not added to what comes after."""
    lines = [*counted(5, 5, 200, 100, 100), *counted(5, 235, 900, 100, 100)]
    events = told(replay, policy(), lines)
    (cleared,) = named(events, "cleared", RULE)
    assert (cleared["at"], cleared["reason"]) == (230, "gap")
    assert fired(events, RULE) == [535]


@both
def test_samples_of_the_warm_up_are_no_evidence(replay: Replay) -> None:
    """The hold begins after it."""
    events = told(replay, policy(warm_up=100), counted(5, 5, 900, 100, 100))
    assert fired(events, RULE) == [400]


@both
@pytest.mark.parametrize(("needed", "fires"), [(9.0, 305), (18.0, 305), (3.0, 305)])
def test_evidence_is_scaled_with_its_blocks(replay: Replay, needed: float, fires: float) -> None:
    """More is needed of each block as well: an outage is found at once with every setting."""
    events = told(replay, policy(evidence=needed), counted(5, 5, 900, 100, 100))
    assert fired(events, RULE) == [fires]
    assert weights(events, "firing") == [pytest.approx(1.2 * needed)]


@both
def test_plain_values_begin_a_streak_that_counts_take_over(replay: Replay) -> None:
    """A value without counts breached; a good read of counts ends it, bad ones need their evidence."""
    plain = every(5, 5, 50, "error_rate", 0.5)
    events = told(replay, policy(), [*plain, *counted(5, 55, 60, 0, 100)])
    assert [e["reason"] for e in named(events, "cleared", RULE)] == ["recovered"]
    events = told(replay, policy(), [*plain, *counted(5, 55, 900, 100, 100)])
    assert fired(events, RULE) == [355]
    assert len(named(events, "pending", RULE)) == 1


@both
def test_a_value_without_counts_neither_adds_to_evidence_nor_ends_it(replay: Replay) -> None:
    """A streak of counts is theirs."""
    lines = [
        *counted(5, 5, 295, 100, 100),
        *every(5, 300, 310, "error_rate", 0.0),
        *counted(5, 315, 400, 100, 100),
    ]
    assert fired(told(replay, policy(), lines), RULE) == [315]


@both
def test_a_limit_of_half_of_all_requests_works_too(replay: Replay) -> None:
    """The alternatives lie between it and everything."""
    half = Threshold("error_rate", 0.1, rollback_above=0.5, rollback_for=micros(50))
    assert fired(told(replay, policy(half), counted(1, 1, 100, 60, 100)), RULE) == [51]
    assert fired(told(replay, policy(half), counted(1, 1, 100, 50, 100)), RULE) == []


def test_the_way_of_the_evidence_is_found_again_from_the_reads() -> None:
    """Block by block, with the one under way: the sum at its end is what was recorded."""
    rule = Rule("error_rate", Action.ROLLBACK, 0.01, micros(300))
    reads = [(moment(at), 100.0, 100.0) for at in range(65, 370, 5)]
    lines = [*counted(5, 5, 60, 0, 100), *counted(5, 65, 370, 100, 100)]
    (firing,) = named(told(core, policy(), lines), "firing", RULE)
    evidence = Evidence(moment(65), 0, 0, 0, 9, ratio=0.6, blocks_from=moment(60))
    blocks = retraced(scale_of(rule, 9), evidence, reads)
    assert [(b.at - START) / 1e6 for b in blocks] == [120, 180, 240, 300, 360, 365]
    assert [round(b.added, 2) for b in blocks] == [1.8] * 6
    assert [round(b.sum, 2) for b in blocks] == [1.8, 3.6, 5.4, 7.2, 9.0, 10.8]
    assert (firing["at"], firing["evidence"]) == (365, pytest.approx(10.8))
    assert retraced(scale_of(rule, 9), evidence, []) == []
