"""What alerts say of data: how much is at risk before a rollback, where it is after it."""

from __future__ import annotations

from monitor.daemon.happenings import ReadinessRead
from monitor.ports import AtRisk, Fate, Outcome, OutcomeKind, ProgressKind, Readiness
from monitor.ports.losses import loss_sentences
from tests.hands import Desk

BAD = 0.05
VALUES = AtRisk("contacts.email", "values", 1204, "", Fate.SALVAGED)
NOTHING = AtRisk("contacts.note", "values", 0, "", Fate.SALVAGED)
PLACE = "migration_monitor_salvage.w_1_1"


def facts(desk: Desk, condition: str, label: str) -> list[list[str]]:
    """Of each alert of that condition: its facts of that label."""
    return [
        [text for name, text in a.facts if name == label]
        for a in desk.alerts()
        if a.condition == f"w-1/{condition}"
    ]


def test_alerts_say_what_is_at_risk_before_and_what_was_kept_after() -> None:
    """With the number of the last full check; a check that did not ask changes nothing; zero is no news."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", Readiness(True, at_risk=(VALUES, NOTHING))))
    desk.take(ReadinessRead("w-1", Readiness(True)))
    assert [risk["count"] for risk in desk.view()["readiness"]["at_risk"]] == [1204, 0]
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    kept = [{"source": "public.contacts.email", "rows": 1210, "into": PLACE, "step": 1}]
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back", {"salvaged": kept}))
    said = "1,204 values of contacts.email (a backup is kept)"
    assert facts(desk, "rollback", "at risk") == [[said], []]
    assert facts(desk, "rollback", "kept") == [[], [f"1,210 rows of public.contacts.email in {PLACE}"]]
    assert [said] in facts(desk, "error_rate.rollback", "at risk")


def test_a_watch_that_is_not_ready_says_what_is_at_stake_too() -> None:
    """Whoever mends it should know."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", Readiness(False, ("no rights",), at_risk=(VALUES,))))
    assert facts(desk, "readiness", "at risk") == [["1,204 values of contacts.email (a backup is kept)"]]


def test_amounts_are_told_with_their_bound() -> None:
    """Exact, estimated, at most, one, and not known."""
    risks = (
        VALUES,
        NOTHING,
        AtRisk("orders", "rows", 1, "about", Fate.QUARANTINED),
        AtRisk("orders", "rows", None, "", Fate.LOST),
    )
    assert loss_sentences(risks) == (
        "rollback drops 1,204 values of contacts.email (a backup is kept)",
        "rollback drops about 1 row of orders (kept in quarantine)",
        "rollback drops an unknown number of rows of orders (lost for good)",
    )
