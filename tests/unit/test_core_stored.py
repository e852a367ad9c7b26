"""A watch's state as it is stored and as it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.core import view
from monitor.core.codec import dump, load
from monitor.core.decisions import EvidenceLacks, StreakPending
from monitor.core.events import BatchEnded, Executed, Measured, RollbackAsked, Verdict
from monitor.core.samples import SECOND, Reading
from monitor.core.state import Track, WatchState
from monitor.core.thresholds import Mode, Policy
from tests.replays import ERRORS, LOAD, START, TIMES, moment, policy
from tests.watches import Driven


def through_json(told: Policy, state: WatchState) -> WatchState | None:
    return load(told, json.loads(json.dumps(dump(told, state))))


def counted(watch: Driven, first: float, last: float, errors: int = 50) -> None:
    for n in range(round((last - first) / 5) + 1):
        at = moment(first + 5 * n)
        reading = Reading("error_rate", errors / 100, errors=errors, requests=100)
        watch.take(Measured(at, reading), BatchEnded(at))


def test_a_firing_streak_with_its_evidence_and_request_is_stored_whole() -> None:
    """Streaks, evidence, the open request, unions of time: all come back equal."""
    watch = Driven(Mode.APPROVE)
    watch.measure(0, None)
    counted(watch, 40, 400)
    assert watch.state.life.order is not None
    assert watch.state.life.order.evidence is not None
    assert through_json(watch.policy, watch.state) == watch.state


def test_an_ended_watch_is_stored_with_its_verdict() -> None:
    """Verdict, moment and reason."""
    watch = Driven()
    watch.take(RollbackAsked(moment(5), "ann"))
    assert through_json(watch.policy, watch.state) == watch.state
    watch.take(Executed(moment(6), Verdict.ROLLED_BACK, "verified: plan"))
    assert through_json(watch.policy, watch.state) == watch.state


def test_a_state_of_another_format_is_not_read() -> None:
    """None, so that the watch starts with fresh streaks."""
    watch = Driven()
    assert load(watch.policy, {**dump(watch.policy, watch.state), "format": 0}) is None
    assert load(watch.policy, {}) is None


def test_after_a_change_of_the_policy_what_still_exists_is_taken_over() -> None:
    """A new metric starts unseen, a removed one is forgotten, the rest goes on."""
    watch = Driven(told=policy(ERRORS, LOAD))
    watch.breach(0, 100)
    state = through_json_into(policy(TIMES, ERRORS), watch)
    assert state is not None
    assert state.seen.tracks == (Track(), watch.state.seen.tracks[0])
    assert state.seen.streaks == (None, None, *watch.state.seen.streaks[:2])


def through_json_into(other: Policy, watch: Driven) -> WatchState | None:
    return load(other, json.loads(json.dumps(dump(watch.policy, watch.state))))


def test_metrics_are_shown_with_value_normality_and_limits() -> None:
    """Fresh values only; what is quiet, stale or never seen has none."""
    watch = Driven(told=policy(ERRORS, LOAD, TIMES))
    watch.measure(0, 60, "connections")
    watch.measure(5, 0.0005)
    shown = view.metrics_view(watch.policy, watch.state)
    assert shown["error_rate"] == {
        "value": 0.0005,
        "at": (START + 5_000_000) / 1e6,
        "normal": True,
        "blind": False,
        "quiet": False,
        "reason": "",
        "limits": {"normal_below": 0.001, "rollback_above": 0.01},
        "rules": [
            {"action": "rollback", "limit": 0.01, "hold_seconds": 300},
            {"action": "warn", "limit": 0.001, "hold_seconds": 60},
        ],
        "proven": None,
    }
    assert view.times_view(watch.policy, watch.state) == {
        "warm_until": START / 1e6,
        "max_gap_seconds": 30,
        "give_up_at": START / 1e6 + 72 * 3600,
    }
    assert (shown["connections"]["value"], shown["connections"]["normal"]) == (60, False)
    assert shown["response_time"]["value"] is None
    assert shown["response_time"]["normal"] is None
    assert shown["response_time"]["at"] is None


def test_a_stale_value_is_not_shown_as_current() -> None:
    """Older than max_gap, or a quiet reading since: neither value nor normality, but a reason."""
    watch = Driven()
    watch.measure(0, 0.0)
    watch.measure(31, None)
    shown = view.metrics_view(watch.policy, watch.state)["error_rate"]
    assert (shown["value"], shown["normal"], shown["reason"]) == (None, None, "no_value")
    watch.take(Measured(moment(32), Reading("error_rate", None, "insufficient_traffic", quiet=True)))
    shown = view.metrics_view(watch.policy, watch.state)["error_rate"]
    assert (shown["value"], shown["quiet"], shown["reason"]) == (None, True, "insufficient_traffic")


def test_streaks_are_shown_with_age_hold_and_evidence() -> None:
    """A counted streak past its hold says what it lacks, or what it stands on."""
    watch = Driven(Mode.OBSERVE)
    counted(watch, 0, 400)
    rollback, warn = view.streaks_view(watch.policy, watch.state)
    assert (rollback["rule"], rollback["action"], rollback["limit"]) == (
        "error_rate.rollback",
        "rollback",
        0.01,
    )
    assert (rollback["state"], rollback["age_seconds"], rollback["hold_seconds"]) == ("firing", 400, 300)
    assert (rollback["evidence"]["errors"], rollback["evidence"]["requests"]) == (61 * 50, 6100)
    assert warn["rule"] == "error_rate.warn"
    assert json.dumps([rollback, warn])


def test_a_streak_that_lacks_evidence_says_so() -> None:
    """Pending past its hold, with the counts that are too few."""
    watch = Driven()
    for at in range(5, 460, 25):
        watch.take(
            Measured(moment(at), Reading("error_rate", None, errors=1, requests=1)), BatchEnded(moment(at))
        )
    rollback = view.streaks_view(watch.policy, watch.state)[0]
    assert (rollback["state"], rollback["insufficient_evidence"]) == ("pending", True)
    assert (rollback["evidence"]["requests"], rollback["evidence"]["needed"]) == (19, 9)
    assert [lacks.rule for lacks in watch.heard(EvidenceLacks)] == ["error_rate.warn", "error_rate.rollback"]


def test_a_streak_that_was_long_in_coming_is_not_told_to_lack_traffic_at_once() -> None:
    """It counts from the first error; that it can't decide is said two blocks after it is pending."""
    watch = Driven()
    for at in range(5, 600, 5):
        reading = Reading("error_rate", errors=0.75, requests=500)
        watch.take(Measured(moment(at), reading), BatchEnded(moment(at)))
    (pending,) = (p for p in watch.heard(StreakPending) if p.rule == "error_rate.warn")
    (lacks,) = watch.heard(EvidenceLacks)
    assert pending.at - pending.since > 84 * SECOND
    assert lacks.at - pending.at >= 24 * SECOND


def test_a_streak_without_counts_shows_no_evidence() -> None:
    """There is none to show."""
    watch = Driven()
    watch.measure(0, 0.5)
    assert [s["evidence"] for s in view.streaks_view(watch.policy, watch.state)] == [None, None]


def test_coverage_is_shown_beside_what_is_allowed() -> None:
    """Seconds of the last success_after."""
    watch = Driven(told=policy(success_after=1000, success_tolerance=0.01))
    watch.measure(0, 0.0)
    watch.measure(50, 0.0)
    watch.measure(40, 0.0)
    shown = view.coverage_view(watch.policy, watch.state)
    assert shown == {
        "unobserved_seconds": 20,
        "unobserved_allowed_seconds": 50,
        "abnormal_seconds": 0,
        "abnormal_allowed_seconds": 10,
        "late_samples": 1,
    }


def test_what_is_proven_is_shown_of_a_metric_that_has_counts() -> None:
    """Errors of requests, and how many are needed; of a limit of 0 none would do."""
    watch = Driven()
    counted(watch, 5, 100, errors=0)
    proven = view.metrics_view(watch.policy, watch.state)["error_rate"]["proven"]
    assert proven == {
        "errors": 0, "requests": 2000, "needed": pytest.approx(3000), "left_out_minutes": 0, "normal": False,
    }  # fmt: skip
    literal = Driven(told=policy(replace(ERRORS, normal_below=0.0)))
    counted(literal, 5, 100, errors=0)
    shown = view.metrics_view(literal.policy, literal.state)["error_rate"]["proven"]
    assert (shown["needed"], shown["normal"]) == (None, False)


def test_what_an_older_program_stored_goes_on() -> None:
    """Plain streaks, unions of time, phase and request stay; streaks of counts begin anew."""
    older: dict[str, Any] = {
        "format": 1, "started_at": START, "at": START + 9, "late": 2,
        "tracks": {"error_rate": {"seen": START, "quiet": False, "value": 0.5, "value_at": START,
                                  "blind": False, "missing": ""}},
        "streaks": {
            "error_rate.rollback": {"first": START, "last_breach": START, "counted": True, "firing": True,
                                    "insufficient": False, "acted": True, "entries": [], "evidence": None},
            "error_rate.warn": {"first": START, "last_breach": START, "counted": False, "firing": True,
                                "insufficient": False, "acted": False, "entries": [], "evidence": None},
        },
        "coverage": [[[1, 2]], [[3, 4]], [[5, 6]]],
        "life": {"mode": "approve", "phase": "awaiting_approval", "armed": True,
                 "order": {"rule": "error_rate.rollback", "since": START, "by": "",
                           "evidence": {"since": START, "errors": 5, "requests": 9, "lower_bound": 0.2}},
                 "intent": False, "verdict": None, "verdict_at": None, "reason": ""},
    }  # fmt: skip
    found = load(policy(), json.loads(json.dumps(older)))
    assert found is not None
    rollback, warn = found.seen.streaks
    assert rollback is None
    assert warn is not None
    assert (warn.firing, warn.first, found.seen.late, found.life.phase.value) == (
        True, START, 2, "awaiting_approval",
    )  # fmt: skip
    assert list(found.coverage.unobserved) == [(1, 2)]
    assert list(found.coverage.abnormal) == [(5, 6)]
    assert found.life.order is not None
    assert found.life.order.evidence is not None
    assert (found.life.order.evidence.errors, found.life.order.evidence.needed) == (5, 9)
    assert through_json(policy(), found) == found
    asked = {**older, "life": {**older["life"], "order": {**older["life"]["order"], "evidence": None}}}
    of_a_person = load(policy(), asked)
    assert of_a_person is not None
    assert of_a_person.life.order is not None
    assert of_a_person.life.order.evidence is None


def test_counts_of_other_rules_begin_anew_and_what_is_proven_stays() -> None:
    """A limit was removed in the configuration, or a rule added."""
    watch = Driven()
    counted(watch, 5, 200, errors=0)
    fewer = policy(replace(ERRORS, rollback_above=None))
    found = load(fewer, dump(watch.policy, watch.state))
    assert found is not None
    (counting,) = found.seen.counting
    (before,) = watch.state.seen.counting
    assert counting is not None
    assert before is not None
    assert counting.proof == before.proof
    assert (len(counting.weights), counting.reads.log) == (1, ())


def test_an_outage_that_is_over_lacks_no_traffic() -> None:
    """Its evidence fades, and nobody is told that there is too little traffic to decide."""
    watch = Driven(Mode.OBSERVE)
    for first, last, errors in ((5, 600, 0), (605, 870, 100), (875, 1500, 0)):
        counted(watch, first, last, errors=errors)
    assert watch.heard(EvidenceLacks) == []


def test_what_lacks_is_told_with_all_that_was_counted_since() -> None:
    """Errors and requests since the streak began, not since the alternative that is spoken for most."""
    watch = Driven(Mode.OBSERVE)
    for at in range(5, 900, 25):
        few = Reading("error_rate", None, errors=float(at % 75 == 5), requests=float(at % 75 == 5))
        watch.take(Measured(moment(at), few), BatchEnded(moment(at)))
    told = [lacks for lacks in watch.heard(EvidenceLacks) if lacks.rule == "error_rate.rollback"]
    assert [(x.evidence.since, x.evidence.errors) for x in told] == [(moment(5), 6)]


def test_a_streak_says_whether_it_is_so_at_the_latest_reads() -> None:
    """An outage that is over leaves evidence, which fades; what is plain is so as long as it lasts."""
    watch = Driven(Mode.OBSERVE)
    counted(watch, 5, 200, errors=100)
    assert view.streaks_view(watch.policy, watch.state)[0]["still_so"] is True
    counted(watch, 205, 300, errors=0)
    rollback = view.streaks_view(watch.policy, watch.state)[0]
    assert (rollback["state"], rollback["still_so"]) == ("pending", False)
    plain = Driven(Mode.OBSERVE)
    plain.measure(0, 0.5)
    assert view.streaks_view(plain.policy, plain.state)[0]["still_so"] is None
