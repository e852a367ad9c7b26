"""What one page makes of the trust in an address, case by case, with everything that is remembered of it."""

from __future__ import annotations

import pytest

from monitor.sources.growth import Growth, Page, growth, vanished
from monitor.sources.trust import DOUBTED, PAST, RESTARTED, SEVERAL, Trust, judged, several

R, E = "requests", "errors"


def page(requests: float, identity: str = "") -> Page:
    return Page({R: {"all": requests}}, identity)


def after(trust: Trust, was: float, now: float, *fell: str, identity: str = "", moved: bool = True) -> Trust:
    """The trust after requests went from one total to another."""
    grew = Growth({}, frozenset(fell), moved, True)
    return judged(trust, page(was, identity), page(now, identity), grew, R)


def changed(trust: Trust, left: str, found: str) -> Trust:
    return judged(trust, page(5, left), page(6, found), Growth({}, frozenset(), True, True), R)


# ---------------------------------------------------------------- identities


def test_another_identity_is_remembered_and_one_that_comes_back_proves_several() -> None:
    """The latest eight are known."""
    assert changed(Trust(), "x", "y") == Trust(past=("x",))
    assert changed(Trust(past=("x",)), "y", "x") == Trust(SEVERAL, 60, past=("x", "y"))
    known = tuple("abcdefgh")
    assert PAST == 8
    assert changed(Trust(past=known), "x", "y") == Trust(past=(*known[1:], "x"))
    assert changed(Trust(past=known), "x", "a") == Trust(past=(*known[1:], "x"))
    assert changed(Trust(past=known), "x", "b").why == SEVERAL


def test_of_several_processes_a_new_one_begins_the_calm_again() -> None:
    """What else is known stays."""
    trust = Trust(SEVERAL, 5, 0.0, frozenset({"s"}), ("a",))
    assert changed(trust, "x", "y") == Trust(SEVERAL, 60, 0.0, frozenset({"s"}), ("a", "x"))


# ---------------------------------------------------------------- falls


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (50, Trust(RESTARTED, 3, former=100, past=("v",))),
        (49, Trust(RESTARTED, 3, former=100, past=("v",))),
        (50.1, Trust(DOUBTED, 12, fallen=frozenset({"all"}), past=("v",))),
    ],
)
def test_all_that_falls_to_half_is_a_restart_and_less_is_doubt(now: float, expected: Trust) -> None:
    assert after(Trust(past=("v",)), 100, now, "all") == expected


def test_a_restart_before_it_is_where_it_was_costs_more_reads() -> None:
    """And is measured by where it was now."""
    found = after(Trust(former=500, past=("v",)), 100, 5, "all")
    assert found == Trust(RESTARTED, 12, former=100, past=("v",))


@pytest.mark.parametrize(
    ("trust", "identity"),
    [
        (Trust(past=("v",)), "x"),
        (Trust(SEVERAL, 3, past=("v",)), ""),
        (Trust(DOUBTED, 3, fallen=frozenset({"all"}), past=("v",)), ""),
    ],
)
def test_a_fall_proves_several_under_one_identity_and_in_doubt(trust: Trust, identity: str) -> None:
    """Sixty calm reads are owed from then on."""
    assert after(trust, 100, 90, "all", identity=identity) == Trust(SEVERAL, 60, past=("v",))


def test_a_leap_back_is_doubt_and_leaves_several_as_they_are() -> None:
    """More than half of what it was, at one read, before it is there."""
    assert after(Trust(former=100), 10, 61) == Trust(DOUBTED, 12, former=100)
    assert after(Trust(former=100), 10, 60) == Trust(former=100)
    assert after(Trust(SEVERAL, 5, former=100), 10, 61) == Trust(SEVERAL, 60, former=100)


# ---------------------------------------------------------------- calm


def test_a_process_that_is_where_it_was_has_no_former_one() -> None:
    assert after(Trust(former=100), 90, 100) == Trust()
    assert after(Trust(former=100), 90, 99) == Trust(former=100)


@pytest.mark.parametrize(
    ("trust", "moved", "expected"),
    [
        (Trust(DOUBTED, 2, 100, frozenset("s")), True, Trust(DOUBTED, 1, 100, frozenset("s"))),
        (Trust(DOUBTED, 1, 100, frozenset({"s"}), ("v",)), True, Trust(past=("v",))),
        (Trust(DOUBTED, 1, past=("v",)), False, Trust(DOUBTED, 1, past=("v",))),
        (Trust(RESTARTED, 1, 100, past=("v",)), False, Trust(former=100, past=("v",))),
        (Trust(RESTARTED, 1, 100, past=("v",)), True, Trust(former=100, past=("v",))),
        (Trust(SEVERAL, 1, past=("v",)), True, Trust(past=("v",))),
    ],
)
def test_the_last_calm_read_ends_what_was_owed(trust: Trust, moved: bool, expected: Trust) -> None:
    """Only a restart remembers where it was; a page that stands still shows nothing of the others."""
    assert after(trust, 10, 11, moved=moved) == expected


def test_pages_read_at_once_are_of_several_where_one_falls() -> None:
    """What only the later one shows fell from nowhere."""
    assert not several([page(5), Page({R: {"all": 5, "new": 0.5}, E: {"e": 0.5}})])
    assert not several([Page({}), page(5)])
    assert several([page(5), page(4)])
    assert several([page(5, "x"), page(6, "y")])


# ---------------------------------------------------------------- growth


def test_growth_says_what_could_be_compared() -> None:
    """A series of the weight group that was there before, or begins; others are no measure."""
    both = Page({R: {"all": 5}, E: {"bad": 1}})
    assert growth(both, both, (), R) == Growth({R: 0, E: 0}, frozenset(), False, True)
    errors = Page({E: {"bad": 1}})
    assert growth(errors, errors, (), R) == Growth({E: 0}, frozenset(), False, False)
    assert growth(Page({}), page(1), (), R) == Growth({R: 1}, frozenset(), True, True)
    assert growth(Page({}), errors, (), R) == Growth({E: 1}, frozenset(), True, False)
    assert growth(Page({}), page(2), (), R) == Growth({R: 0}, frozenset(), True, False)


def test_a_series_grows_in_the_groups_in_which_it_was() -> None:
    """One that counts as an error for the first time is a baseline there."""
    before, now = Page({R: {"all": 5}}), Page({R: {"all": 6}, E: {"all": 1}})
    assert growth(before, now, (), R) == Growth({R: 1, E: 0}, frozenset(), True, True)
    assert growth(now, before, (), R) == Growth({R: 0}, frozenset({"all"}), True, True)


def test_what_vanished_is_what_is_not_there_any_more() -> None:
    """In the order in which it went, once."""
    before, now = Page({R: {"a": 1, "b": 1}, E: {"c": 1, "b": 1}}), Page({R: {"a": 1}, E: {"z": 1}})
    assert vanished(before, now, ["y", "z", "c"]) == ["y", "c", "b"]
