"""Too little, too short, too long ago: what must not roll back, beside what must. Pure time."""

from __future__ import annotations

import pytest

from monitor.clock import SystemClock
from monitor.core.decisions import ExecuteRollback
from monitor.core.events import BatchEnded, Measured
from monitor.core.samples import HOUR, SECOND, Reading
from monitor.core.thresholds import Policy, Threshold
from tests.hands import START, Desk
from tests.replays import moment
from tests.watches import Driven

DAY = 24 * HOUR

HOURLY = Policy(
    thresholds=(Threshold("error_rate", 0.001, rollback_above=0.01), Threshold("connections", 60.0)),
    interval=60 * SECOND,
    max_gap=150 * SECOND,
    blind_after=300 * SECOND,
)
"""The documented 24 hours at a poll a minute."""


def counted(watch: Driven, at: float, errors: int, requests: int) -> None:
    """One sample of exact counts."""
    reading = Reading("error_rate", errors / requests, errors=errors, requests=requests)
    watch.take(Measured(moment(at), reading), BatchEnded(moment(at)))


@pytest.mark.fault(29)
def test_one_error_in_three_requests_is_no_rollback_all_night() -> None:
    """Fault 29: a third of them fail, but there are 3 in 5 minutes."""
    watch = Driven()
    for n in range(100):
        counted(watch, 300 * n, 1, 3)
    assert watch.heard(ExecuteRollback) == []


@pytest.mark.fault(30)
@pytest.mark.parametrize(("seconds", "rollbacks"), [(295, 0), (305, 1)])
def test_five_percent_for_295_s_is_none_and_for_305_s_is_one(seconds: int, rollbacks: int) -> None:
    """Fault 30: one sample a second, exact counts, then none fails any more."""
    watch = Driven()
    for at in range(seconds + 60):
        counted(watch, at, 5 if 0 < at <= seconds else 0, 100)
    assert len(watch.heard(ExecuteRollback)) == rollbacks


@pytest.mark.fault(31)
def test_a_wall_clock_that_is_set_moves_nothing_in_a_running_daemon() -> None:
    """Fault 31: the wall is looked at once; an hour back and a day forward tick alike from there."""
    clocks = [SystemClock(START), SystemClock(START - HOUR), SystemClock(START + DAY)]
    before = [clock.now() for clock in clocks]
    assert before[0] - before[1] == pytest.approx(HOUR, abs=SECOND)
    while clocks[0].now() - before[0] < SECOND // 50:
        pass
    passed = [clock.now() - was for clock, was in zip(clocks, before, strict=True)]
    assert max(passed) - min(passed) < SECOND


@pytest.mark.fault(31)
@pytest.mark.parametrize(("jump", "earliest"), [(-3600, 30), (86400, 86400 + 30)])
def test_a_wall_clock_that_was_set_while_the_daemon_was_down_needs_fresh_evidence(
    jump: int, earliest: int
) -> None:
    """Fault 31: back, time goes on where it was; forward, it is a gap: the hold stays whole."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=0.5)
    memory = desk.records[-1].memory
    assert memory is not None
    row = desk.stored_row()
    rounds = desk.begin()
    desk.clock.moment += jump * SECOND
    rounds.start([row], memory)
    assert desk.clock.now() > START + 25 * SECOND  # never behind what is stored
    began = (desk.clock.now() - START) / SECOND
    for n in range(12):
        desk.say(began + 1 + 5 * n, error_rate=0.5)
    assert desk.orders
    assert desk.orders[0].at >= START + earliest * SECOND


@pytest.mark.fault(32)
def test_a_daemon_stopped_for_six_minutes_needs_five_fresh_ones() -> None:
    """Fault 32: four bad minutes before it stood still count for nothing."""
    watch = Driven()
    watch.breach(0, 240)
    watch.breach(600, 895)
    assert watch.heard(ExecuteRollback) == []
    watch.breach(900, 900)
    assert [d.since for d in watch.heard(ExecuteRollback)] == [moment(600)]


@pytest.mark.fault(39)
def test_a_daemon_restarted_at_23_h_59_ends_the_watch_at_24_h() -> None:
    """Fault 39: the end it had before."""
    desk = Desk(policy=HOURLY)
    desk.register()
    for minute in range(24 * 60):
        desk.say(60 * minute)
    assert desk.view()["verdict"] is None
    memory = desk.records[-1].memory
    assert memory is not None
    row = desk.stored_row()
    desk.begin().start([row], memory)
    desk.say(24 * 3600)
    ended = desk.last_update()
    assert (ended.verdict, ended.verdict_at) == ("succeeded", START + DAY)
