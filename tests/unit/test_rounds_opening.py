"""How a watch is taken into hand: what was sampled since its migration, what was so before, who may act."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.samples import SECOND, Reading
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import Loaded, ReadinessRead, Readings, Tick
from monitor.daemon.news import row_of
from monitor.ports import Lack, Outcome, OutcomeKind, ProgressKind, Readiness, Reason, SampleRow
from tests.hands import POLICY, START, Desk, IdleProbe, row

BAD = 0.05


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def breached() -> Desk:
    """Half a minute of breach, the hold of these tests, and five seconds more; then the migration."""
    desk = Desk()
    desk.say_through(-35, 0, error_rate=BAD)
    desk.clock.moment = at(2)
    return desk


def counted(errors: float, requests: float, first: int, last: int, step: int = 60) -> list[SampleRow]:
    """Stored samples with counts."""
    return [
        row_of(at(s), Reading("error_rate", errors / requests, errors=errors, requests=requests))
        for s in range(first, last + 1, step)
    ]


@pytest.mark.parametrize("late", [1, 3, 5, 25])
def test_a_breach_that_began_with_the_migration_acts_however_late_the_registration(late: int) -> None:
    """The streak counts from its first sample after the migration, which nobody watched yet."""
    desk = Desk()
    desk.say_through(-60, 0)
    desk.say_through(5, 5 + late // 5 * 5, error_rate=BAD)
    desk.clock.moment = at(5 + late)
    desk.register(started_at=at(4))
    desk.say_through(10 + late // 5 * 5, 35, error_rate=BAD)
    assert [(o.since, o.at) for o in desk.orders] == [(at(5), at(35))]
    assert desk.view()["mode"] == "auto"
    assert "already_breaching" not in desk.kinds()


def test_a_registration_later_than_the_hold_acts_at_the_next_bad_sample_and_not_before() -> None:
    """What was sampled before is evidence, but a rollback needs a fresh breach."""
    desk = Desk()
    desk.say_through(-60, 0)
    desk.say_through(5, 60, error_rate=BAD)
    desk.clock.moment = at(61)
    desk.register(started_at=at(2))
    assert desk.orders == []
    assert "firing" in desk.kinds()
    desk.say(65, error_rate=BAD)
    assert [(o.since, o.at) for o in desk.orders] == [(at(5), at(65))]


def test_a_breach_that_was_over_before_the_registration_is_written_down_and_told_to_nobody() -> None:
    """It fired and ended: that is the history of the watch, no alert of now."""
    desk = Desk()
    desk.say_through(5, 60, error_rate=BAD)
    desk.say_through(65, 70)
    desk.register(started_at=at(2))
    desk.say_through(75, 90)
    assert desk.orders == []
    assert [k for k in desk.kinds() if k in {"firing", "cleared"}][:2] == ["firing", "firing"]
    assert [a.title for a in desk.alerts() if "error_rate" in a.title] == []


def test_what_is_breached_still_at_the_registration_is_told() -> None:
    """A warning that fired since the migration and goes on."""
    desk = Desk()
    desk.say_through(5, 40, connections=70)
    desk.register(started_at=at(2))
    assert [a.condition for a in desk.alerts()] == ["w-1/started", "w-1/connections.warn"]


def test_a_breach_that_had_fired_before_the_migration_asks_a_person() -> None:
    """Its rule is named, in the event and to people; nothing is executed."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.say_through(5, 60, error_rate=BAD)
    assert desk.orders == []
    assert (desk.view()["phase"], desk.view()["mode"]) == ("awaiting_approval", "approve")
    assert desk.view()["already_breaching"] is True
    (event,) = [e for r in desk.records for e in r.events if e.kind == "already_breaching"]
    assert event.detail == {"rules": ["error_rate.rollback"]}
    assert "error_rate.rollback was already firing before it began" in desk.alerts()[0].title


@pytest.mark.parametrize("since", [-5, 0])
def test_a_breach_that_was_only_pending_does_not(since: int) -> None:
    """It began seconds before the migration: whose it is the hold decides."""
    desk = Desk()
    desk.say_through(-60, since - 5)
    desk.say_through(since, 0, error_rate=BAD)
    desk.clock.moment = at(2)
    desk.register(started_at=at(1))
    desk.say_through(5, 35, error_rate=BAD)
    assert [o.since for o in desk.orders] == [at(5)]


def test_one_hold_after_the_old_breach_ended_it_acts_by_itself_again() -> None:
    """Told by an event and a notice; the next breach is rolled back."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.say_through(5, 10, error_rate=BAD)
    desk.say_through(15, 40)
    assert desk.view()["mode"] == "approve"
    desk.say(45)
    assert (desk.view()["mode"], desk.view()["already_breaching"]) == ("auto", False)
    assert desk.kinds().count("rearmed") == 1
    assert [a.page for a in desk.alerts() if a.condition == "w-1/rearmed"] == [False]
    desk.say_through(50, 80, error_rate=BAD)
    assert len(desk.orders) == 1


def test_a_restart_goes_on_waiting_for_the_old_breach_to_end() -> None:
    """What stood is stored with the watch."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.say(5, error_rate=BAD)
    stored = replace(
        desk.stored_row(started_at=at(1)), state=json.loads(json.dumps(desk.last_update().state))
    )
    desk.begin().start([stored], desk.records[-1].memory or {})
    assert desk.view()["already_breaching"] is True
    desk.say_through(10, 35)
    assert desk.view()["mode"] == "approve"
    desk.say(40)
    assert desk.view()["mode"] == "auto"


def test_a_watch_that_an_older_program_found_breaching_stays_with_a_person() -> None:
    """It followed nothing that could end."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.say(5, error_rate=BAD)
    state = dict(desk.last_update().state)
    old = {k: v for k, v in state.items() if k not in {"standing", "baseline"}} | {"already_breaching": True}
    for _ in range(2):  # also after one more restart
        desk.begin().start([desk.stored_row(state=old)], {})
        desk.say_through(10, 90)
        old = desk.last_update().state
        assert (desk.view()["mode"], desk.view()["already_breaching"]) == ("approve", True)
        desk.clock.moment = at(5)


@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.OBSERVE])
def test_a_mode_that_a_person_chose_is_neither_taken_nor_given(mode: Mode) -> None:
    """Nothing is said of already breaching, and nothing is armed later."""
    desk = breached()
    desk.register(mode=mode, started_at=at(1))
    desk.say_through(5, 90)
    assert desk.view()["mode"] == mode.value
    assert desk.view()["already_breaching"] is False
    assert not {"already_breaching", "rearmed"} & set(desk.kinds())


def test_a_ledger_lost_meanwhile_keeps_the_person_in_it() -> None:
    """The other reason is not over."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.say(5)
    desk.keeper().ledger_lost = "lost"
    desk.say_through(10, 90)
    assert desk.view()["mode"] == "approve"
    assert "rearmed" not in desk.kinds()


def test_what_an_earlier_rollback_left_behind_does_not_demote_the_next_watch() -> None:
    """The breach that was rolled back had fired; its residue lasts into the second attempt."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    desk.say_through(35, 40, error_rate=BAD)
    desk.clock.moment = at(42)
    desk.register("w-2", 2, started_at=at(41))
    assert desk.view("w-2")["mode"] == "auto"
    desk.say_through(45, 75, error_rate=BAD)
    assert [(o.watch.id, o.since) for o in desk.orders] == [("w-1", START), ("w-2", at(45))]


class WindowedProbe(IdleProbe):
    """Counts how often its window began afresh."""

    begun = 0

    def begin_afresh(self) -> None:
        self.begun += 1


def test_the_windows_of_rates_begin_afresh_when_a_rollback_took_effect() -> None:
    """Not when it was withdrawn, and once."""
    probe = WindowedProbe()
    desk = Desk(probe=probe)
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the streak ended"))
    assert probe.begun == 0
    desk.say_through(35, 65, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    desk.say(70)
    assert probe.begun == 1


def test_that_is_known_after_a_restart_too() -> None:
    """When evidence began anew is kept with the target's memory."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    samples = tuple(s for r in desk.records for s in r.samples)
    memory = json.loads(json.dumps(desk.records[-1].memory))
    desk.begin().start([], memory)
    desk.clock.moment = at(33)
    desk.take(Loaded([row("w-2", 2, started_at=at(32))], samples))
    assert desk.view("w-2")["mode"] == "auto"


def test_a_daemon_that_was_down_begins_with_what_is_stored() -> None:
    """The samples of the process before, and its own from the first round on."""
    desk = Desk()
    stored = [
        row_of(at(s), Reading(m, v))
        for s in range(-60, 21, 5)
        for m, v in (("error_rate", BAD if s > 0 else 0.0), ("connections", 5.0))
    ]
    desk.clock.moment = at(24)
    desk.begin().start([row(started_at=at(1))], {}, stored)
    desk.say_through(25, 35, error_rate=BAD)
    assert [(o.since, o.at) for o in desk.orders] == [(at(5), at(35))]


def test_the_baseline_is_told_at_the_beginning_and_with_every_decision() -> None:
    """In the event, to people, in the JSON: with the ratio, the counts and both limits."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(2, 100, -7200, -60)))
    found = desk.view()["baseline"]["error_rate"]
    assert (found["ratio"], found["errors"], found["requests"]) == (0.02, 240, 12000)
    assert (found["documented"], found["limit"]) == (0.01, pytest.approx(1.5 * found["bound"]))
    said = "error_rate was 2 % before it (240 of 12,000 requests): it acts above 3.54 % instead of 1 %"
    assert found["said"] == said
    assert desk.alerts()[0].facts == (("baseline", said),)
    assert desk.view()["metrics"]["error_rate"]["limits"]["rollback_above"] == found["limit"]
    (started,) = [e for r in desk.records for e in r.events if e.kind == "started"]
    told: Any = started.detail["baseline"]
    assert told["error_rate"]["said"] == said
    desk.say_through(5, 60, error_rate=0.03)
    assert desk.orders == []
    desk.say_through(65, 95, error_rate=BAD)
    (decided,) = [e for r in desk.records for e in r.events if e.kind == "rollback_decided"]
    assert (decided.detail["limit"], decided.detail["baseline"]) == (found["limit"], found["bound"])
    (alert,) = [a for a in desk.alerts() if a.transition.startswith("rollback/decided")]
    assert ("baseline", said) in alert.facts


def test_a_baseline_that_is_low_leaves_the_limit_as_it_is_documented() -> None:
    """And says so."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(1, 2000, -7200, -60)))
    found = desk.view()["baseline"]["error_rate"]
    assert found["limit"] == found["documented"] == 0.01
    assert found["said"].endswith("it acts above 1 %, as documented")


def test_a_restart_keeps_the_baseline_unless_it_is_turned_off() -> None:
    """It is measured once: what came after the migration is no part of it."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(2, 100, -7200, -60)))
    desk.say(5)
    before = desk.view()["baseline"]
    stored = desk.stored_row(state=json.loads(json.dumps(desk.last_update().state)))
    desk.begin().start([stored], {}, counted(50, 100, -7200, -60))
    assert desk.view()["baseline"] == before
    desk.policy = replace(POLICY, baseline=0)
    desk.begin().start([stored], {})
    assert desk.view()["baseline"] == {}
    assert desk.view()["metrics"]["error_rate"]["limits"]["rollback_above"] == 0.01


def test_a_state_of_another_format_begins_anew_with_the_baseline_that_it_had() -> None:
    """The samples since the migration are taken in again; what was normal is not asked again."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(2, 100, -7200, -60)))
    desk.say(5)
    before = desk.view()["baseline"]
    state = dict(desk.last_update().state)
    stored = desk.stored_row(state=state | {"core": {"format": 0}})
    desk.begin().start([stored], {}, counted(50, 100, -7200, -60))
    assert desk.view()["baseline"] == before


def test_the_time_of_a_watch_that_was_rolled_back_is_no_baseline() -> None:
    """Until it would have been said whether that helped: here a minute after it."""
    desk = Desk()
    desk.clock.moment = at(-600)
    desk.register(started_at=at(-600))
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    before = counted(0, 100, -7200, -660)
    first = counted(4, 100, -600, -540)
    after = counted(0, 100, -480, -60)
    desk.clock.moment = at(0)
    desk.take(Loaded([row("w-2", 2, started_at=at(0))], [*before, *first, *after]))
    assert desk.view("w-2")["baseline"]["error_rate"]["errors"] == 0


def test_rounds_of_the_last_quarter_of_an_hour_are_kept_and_no_more() -> None:
    """The store has the others."""
    desk = Desk()
    for second in range(-2000, 1, 5):
        desk.clock.moment = at(second)
        desk.take(Readings([Reading("error_rate", BAD), Reading("connections", 5.0)]), Tick())
    desk.register(started_at=at(-1990))
    assert desk.view()["streaks"][0]["since"] == (at(-900)) / SECOND


def test_what_was_rolled_back_by_hand_does_not_demote_the_next_watch_either() -> None:
    """Whoever did it: what was wrong before is another migration's."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=BAD)
    desk.take(ReadinessRead("w-1", Readiness(False, (Reason("done by hand", Lack.BY_HAND),))))
    desk.say_through(30, 35, error_rate=BAD)
    desk.clock.moment = at(37)
    desk.register("w-2", 2, started_at=at(36))
    assert desk.view("w-2")["mode"] == "auto"


def test_a_superseded_watch_is_rearmed_without_a_word() -> None:
    """It acts no more than before; the event stands in its history."""
    desk = breached()
    desk.register(started_at=at(1))
    desk.register("w-2", 2, started_at=at(2))
    desk.controls(superseded=True)
    desk.say_through(5, 60)
    assert desk.kinds().count("rearmed") == 2
    assert [a.condition for a in desk.alerts() if a.condition.endswith("rearmed")] == ["w-2/rearmed"]


def test_a_metric_that_lost_its_limit_has_no_baseline_any_more() -> None:
    """The configuration of now is what counts."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(2, 100, -7200, -60)))
    desk.say(5)
    stored = desk.stored_row(state=json.loads(json.dumps(desk.last_update().state)))
    bare = tuple(replace(t, rollback_above=None) for t in POLICY.thresholds)
    desk.policy = replace(POLICY, thresholds=bare)
    desk.begin().start([stored], {})
    assert desk.view()["baseline"] == {}


@pytest.mark.parametrize(("error_rate", "helped"), [(0.02, True), (BAD, False)])
def test_whether_a_rollback_helped_is_judged_by_the_limit_of_its_watch(
    error_rate: float, helped: bool
) -> None:
    """A service that fails 2 % as always is not one whose breach goes on; also after a restart."""
    desk = Desk()
    desk.clock.moment = at(0)
    desk.take(Loaded([row(started_at=at(0))], counted(2, 100, -7200, -60)))
    desk.say_through(5, 35, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    desk.say_through(40, 60, error_rate=error_rate)
    desk.begin().start([], json.loads(json.dumps(desk.records[-1].memory)))
    desk.say_through(65, 95, error_rate=error_rate)
    said = [e.detail["helped"] for r in desk.records for e in r.events if e.kind == "aftermath"]
    assert said == [helped]
