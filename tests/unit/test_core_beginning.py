"""How a watch begins: only what had fired before its migration keeps it from acting, and how long."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from monitor.core.baseline import Baseline
from monitor.core.beginning import Beginning, Past, Standing, afresh, begin, earliest, follow
from monitor.core.replay import replay
from monitor.core.samples import MINUTE, SECOND, Micros, Reading
from monitor.core.thresholds import Mode, Policy, Threshold
from tests.reference_values import Line
from tests.replays import (
    ERRORS,
    START,
    Replay,
    both,
    core,
    every,
    line,
    merged,
    moment,
    policy,
    rate,
    reading,
    told,
    verdict,
)

TIMES = Threshold("response_time", normal_below=200.0, rollback_above=500.0)


def begun(lines: Sequence[Line], told: Policy | None = None, **known: object) -> Beginning:
    """A watch from START on, of which these lines were before it."""
    past = Past([(x.at, reading(x)) for x in lines], **known)  # type: ignore[arg-type]  # fields of Past
    return begin(told or policy(), START, past)


def bad(first: float, last: float, errors: float = 5, requests: float = 100) -> list[Line]:
    return every(5, first, last, "error_rate", **rate(errors, requests))


def good(first: float, last: float) -> list[Line]:
    return bad(first, last, errors=0)


@pytest.mark.parametrize(
    ("first", "mode"),
    [(-301, Mode.APPROVE), (-300, Mode.AUTO), (-299, Mode.AUTO), (1, Mode.AUTO)],
)
def test_a_breach_that_fired_before_the_migration_demotes_and_a_pending_one_does_not(
    first: float, mode: Mode
) -> None:
    """Five minutes of it and a second before; its firing at the migration's own moment is the migration's."""
    fired = every(1, first, -1, "error_rate", **rate(5, 100)) if first < 0 else []
    assert begun(fired).mode(Mode.AUTO) is mode


@both
def test_a_breach_that_fired_a_second_before_asks_a_person_and_one_begun_a_second_after_acts(
    replay: Replay,
) -> None:
    """The two sides of the migration's moment, to the verdict."""
    before = [*bad(-306, -1), *bad(4, 600)]
    assert verdict(told(replay, policy(), before)) == ("watching", 599)
    after = [*good(-306, -1), *every(5, 1, 600, "error_rate", **rate(5, 100))]
    assert verdict(told(replay, policy(), after)) == ("rollback", 301)


@both
def test_a_streak_that_was_pending_at_the_migration_counts_from_the_migration_on(replay: Replay) -> None:
    """Nothing from before is evidence: the whole hold lies after it."""
    assert verdict(told(replay, policy(), bad(-240, 600))) == ("rollback", 300)


@both
def test_one_noisy_window_before_the_migration_is_no_reason(replay: Replay) -> None:
    """A burst, or the residue of an earlier rollback."""
    lines = [*good(-600, -65), *bad(-60, -30), *good(-25, -5), *bad(0, 400)]
    assert verdict(told(replay, policy(), lines)) == ("rollback", 300)


@both
@pytest.mark.parametrize("again", [305, 905])
def test_the_watch_acts_by_itself_again_one_hold_after_what_was_before_has_ended(
    replay: Replay, again: int
) -> None:
    """At 480, two blocks and a hold after the last breach: a breach that began since rolls back."""
    lines = [*bad(-600, 60), *good(65, again - 5), *bad(again, again + 400)]
    ended, at = verdict(told(replay, policy(), lines))
    assert ended == "rollback"
    assert again + 300 <= float(str(at)) <= again + 310


@pytest.mark.parametrize(("at", "over"), [(299.999999, False), (300, True), (301, True)])
def test_it_is_over_a_hold_after_the_streak_ended_and_not_before(at: float, over: bool) -> None:
    """To the microsecond; the streak is cleared at 0, two blocks after it was last so."""
    found = begun([*bad(-700, -120), *good(-115, -5)])
    assert found.standing is not None
    calm = Reading("error_rate", 0.0, errors=0, requests=100)
    after = follow(found.policy, found.standing, moment(0), [calm])
    assert after.since == {}
    assert after.over(moment(at)) is over


def test_a_streak_that_ends_by_a_gap_ended_when_the_gap_was_complete() -> None:
    """Whenever that is noticed."""
    found = begun(bad(-600, -5))
    assert found.standing is not None
    after = follow(found.policy, found.standing, moment(100), [])
    assert (after.since, after.rearm_at) == ({}, moment(25 + 300))


def test_a_streak_that_goes_on_is_not_over() -> None:
    """However long."""
    standing = begun(bad(-600, -5)).standing
    for at in range(0, 3000, 5):
        assert standing is not None
        standing = follow(
            policy(), standing, moment(at), [Reading("error_rate", 0.05, errors=5, requests=100)]
        )
        assert not standing.over(moment(at))


def test_what_fired_and_ended_before_the_migration_is_no_reason() -> None:
    """It is over."""
    assert begun([*bad(-900, -300), *good(-295, -5)]).standing is None


@pytest.mark.parametrize(("first", "stands"), [(-64.999999, False), (-65, True), (-66, True)])
def test_a_plain_rule_that_breached_for_warn_for_is_a_reason(first: float, stands: bool) -> None:
    """Times have no counts: a minute of breaching samples, the last of them five seconds before."""
    lines = merged([line(first, "response_time", 900.0)], every(5, -60, -5, "response_time", 900.0))
    assert (begun(lines, policy(TIMES)).standing is not None) is stands


def test_modes_that_a_person_chose_stay() -> None:
    """Only `auto` has something to lose."""
    found = begun(bad(-600, -5))
    assert [found.mode(m) for m in (Mode.AUTO, Mode.APPROVE, Mode.OBSERVE)] == [
        Mode.APPROVE, Mode.APPROVE, Mode.OBSERVE,
    ]  # fmt: skip


def test_evidence_begins_anew_with_a_rollback_of_ours() -> None:
    """What was wrong until then was the other migration's; what fired since is a reason again."""
    lines = bad(-900, -5)
    assert begun(lines, afresh=moment(-200)).standing is None
    assert begun(lines, afresh=moment(-400)).standing is not None


def test_a_rollback_of_ours_ends_what_stood_from_before() -> None:
    """One hold after it the watch may act."""
    found = begun(bad(-600, -5))
    assert found.standing is not None
    after = afresh(found.policy, found.standing, moment(10))
    assert (after.over(moment(309.9)), after.over(moment(310))) == (False, True)
    assert afresh(found.policy, after, moment(500)) == after


@both
def test_a_service_that_always_fails_a_little_is_not_rolled_back_for_it(replay: Replay) -> None:
    """2 % before and after; 5 % after is found against the same baseline."""
    before = bad(-7200, -5, errors=2)
    assert verdict(told(replay, policy(), [*before, *bad(0, 900, errors=2)])) == ("watching", 900)
    assert verdict(told(replay, policy(), [*before, *bad(0, 900)])) == ("rollback", 300)


@both
def test_with_the_baseline_off_the_limit_is_as_written(replay: Replay) -> None:
    """The same service has been breaching already, then: a person is asked, and nothing acts."""
    lines = [*bad(-7200, -5, errors=2), *bad(0, 900, errors=2)]
    assert verdict(told(replay, policy(baseline=0), lines)) == ("watching", 900)
    fresh = [*good(-7200, -5), *bad(0, 900, errors=2)]
    assert verdict(told(replay, policy(baseline=0), fresh)) == ("rollback", 300)


def test_fired_before_is_judged_against_the_limit_of_the_watch() -> None:
    """A service at its usual 2 % is not already breaching."""
    found = begun(bad(-7200, -5, errors=2))
    assert found.standing is None
    assert found.policy.thresholds[0].rollback_above == pytest.approx(
        1.5 * found.baselines["error_rate"].bound
    )


def test_the_outage_of_a_first_attempt_does_not_excuse_the_second() -> None:
    """Its streak fired and ended: those ten minutes are no baseline."""
    found = begun([*good(-7200, -1205), *bad(-1200, -600, errors=50), *good(-595, -5)])
    assert found.baselines["error_rate"].errors == 0
    assert found.policy.thresholds[0].rollback_above == 0.01


def test_the_time_of_an_earlier_watch_that_was_rolled_back_is_left_out() -> None:
    """Also what of it never fired."""
    lines = [*good(-7200, -1205), *bad(-1200, -1000, errors=50), *good(-995, -5)]
    assert begun(lines).baselines["error_rate"].errors > 0
    found = begun(lines, left_out=[(moment(-1210), moment(-900))])
    assert found.baselines["error_rate"].errors == 0


def test_a_short_or_a_quiet_past_is_no_baseline() -> None:
    """Then the limit is as documented."""
    assert begun(bad(-1700, -5, errors=2)).baselines == {}


def test_quiet_reads_are_part_of_the_baseline_and_failed_ones_are_not() -> None:
    """Their counts are true; a read that failed says nothing."""
    quiet = every(5, -7200, -5, "error_rate", errors=1, requests=50, reason="quiet")
    failed = every(5, -7200, -5, "error_rate", errors=1, requests=50, reason="timeout")
    assert begun(quiet).baselines["error_rate"].ratio == pytest.approx(0.02)
    assert begun(failed).baselines == {}


def test_a_moment_is_read_once() -> None:
    """A line that comes twice is one."""
    lines = bad(-7200, -5, errors=2)
    twice = [x for x in lines for _ in range(2)]
    assert begun(twice).baselines == begun(lines).baselines


def test_nothing_is_looked_at_that_is_older_than_the_baseline_and_two_hours() -> None:
    """The earliest moment that matters; what lies before it changes nothing."""
    assert START - earliest(policy(), START) == 120 * MINUTE
    assert START - earliest(policy(baseline=3 * 3600), START) == 180 * MINUTE
    lines = good(-7200, -5)
    assert begun([*bad(-9000, -7205, errors=90), *lines]).baselines == begun(lines).baselines


def test_a_policy_that_never_acts_has_no_beginning() -> None:
    """Nothing to demote, no limit to move."""
    found = begun(every(5, -600, -5, "connections", 900.0), policy(Threshold("connections", 60.0)))
    assert (found.baselines, found.standing) == ({}, None)


def test_a_baseline_can_be_given() -> None:
    """`replay --baseline 0.02`; where lines before the start are, they still say what had fired."""
    heard: list[Beginning] = []
    lines = [(x.at, reading(x)) for x in bad(0, 400, errors=2)]
    said = list(replay(policy(), START, lines, keep_going=False, baseline=0.02, tell=heard.append))
    assert said[-1]["verdict"] == "watching"
    assert heard[0].baselines == {"error_rate": Baseline(0.02, 0.02)}


def test_the_lines_before_the_start_are_kept_only_as_far_back_as_they_matter() -> None:
    """Memory does not grow with the file."""
    heard: list[Beginning] = []
    days = [
        (START - n * 60 * SECOND, Reading("error_rate", 0.5, errors=50, requests=100))
        for n in range(3000, 0, -1)
    ]
    list(replay(policy(), START, days, keep_going=False, tell=heard.append))
    assert heard[0].standing is None  # a minute between two lines is a gap
    assert heard[0].baselines["error_rate"].requests <= 120 * 100


def test_only_lines_before_the_start_have_nothing_to_say() -> None:
    """No watch yet."""
    assert core(policy(), START, bad(-60, -5), False)[-1]["verdict"] == "watching"


def test_lines_earlier_than_the_start_that_come_after_it_are_left_out() -> None:
    """As late ones are."""
    lines: list[Line] = [*good(0, 10), *bad(-600, -5), *good(15, 20)]
    assert core(policy(), START, lines, False) == core(policy(), START, [*good(0, 10), *good(15, 20)], False)


def standing_at(at: Micros) -> Standing:
    """For whoever needs one."""
    found = begun(bad(-600, -5)).standing
    assert found is not None
    return follow(policy(ERRORS), found, at, [Reading("error_rate", 0.05, errors=5, requests=100)])


def test_late_samples_do_not_disturb_what_stands() -> None:
    """They are ignored, as everywhere."""
    once = standing_at(moment(5))
    again = follow(policy(ERRORS), once, moment(5), [Reading("error_rate", 0.0)])
    assert again.since == once.since


def test_a_baseline_given_for_a_metric_that_never_acts_moves_nothing() -> None:
    """The policy may have no error rate at all."""
    load = policy(Threshold("connections", 60.0))
    found = begin(load, START, Past(given={"error_rate": Baseline(0.02, 0.02)}))
    assert (found.policy, found.baselines) == (load, {})


def test_a_service_that_mostly_fails_a_little_keeps_its_baseline_though_its_streaks_fired_and_ended() -> None:
    """2 % with a calm minute every half hour: were each stretch an outage, nothing would be left."""
    stretches = [x for n in range(4) for x in (*bad(-7200 + 1800 * n, -5475 + 1800 * n, errors=2),
                                               *good(-5470 + 1800 * n, -5405 + 1800 * n))]  # fmt: skip
    found = begun(stretches)
    assert found.policy.thresholds[0].rollback_above == pytest.approx(0.03, rel=0.1)
    assert found.standing is None
