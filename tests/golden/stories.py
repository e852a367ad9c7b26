"""The days that are written down: every phase, verdict, alert and event of a watch, one story each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from monitor.core.samples import SECOND
from monitor.ports import OutcomeKind
from tests.golden import days_rolled, days_watched
from tests.golden.days import Day

Happens = Callable[[Day], None]


def _stories(room: object) -> dict[str, Happens]:
    """The public functions of a file that take a day alone, as they stand there."""
    found = {name: f for name, f in vars(room).items() if getattr(f, "__module__", "") == room.__name__}  # type: ignore[attr-defined]  # a module
    return {name: f for name, f in found.items() if name[0] != "_" and name != "outcomes"}


OUTCOMES: Mapping[str, Happens] = {
    f"outcome_{kind.value}": partial(days_rolled.outcomes, kind=kind)
    for kind in OutcomeKind
    if kind is not OutcomeKind.ROLLED_BACK
}

UNTOUCHED: Happens = partial(days_rolled.outcomes, kind=OutcomeKind.FAILED, took_effect=0)

STORIES: Mapping[str, Happens] = {
    **_stories(days_watched),
    **_stories(days_rolled),
    **OUTCOMES,
    "outcome_untouched": UNTOUCHED,
}


def told(name: str) -> Day:
    """The day of that story, as it was written down."""
    remind = {"log": 30 * SECOND} if name == "reminders" else {}
    day = Day(remind_every=remind, links=name == "rehearsed")
    STORIES[name](day)
    return day
