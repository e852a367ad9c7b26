"""A chart is bounded however long the watch and however wide the question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.samples import HOUR, SECOND
from monitor.ports import SampleSlot, WatchRow
from monitor.showing import BEFORE, chart_view, window_of
from tests.stored import T0, registration

WATCH = WatchRow(
    "w-1", 1, **{name: getattr(registration(), name) for name in registration().__dataclass_fields__}
)


@pytest.mark.parametrize(
    ("hours", "slots", "width"),
    [(24, 400, 220_500_000 + 1), (1, 10_000, SECOND), (0, 2000, SECOND)],
)
def test_the_width_of_a_slot_follows_from_the_time_and_is_at_least_a_second(
    hours: int, slots: int, width: int
) -> None:
    """Rounded up, so that there are never more slots than asked for."""
    since, until, found = window_of(WATCH, 0, slots, T0 + hours * HOUR)
    assert since == T0 - BEFORE
    assert found == width
    assert (until - since) / found <= slots or found == SECOND


def test_an_ended_watch_is_drawn_to_its_end() -> None:
    """And its last sample is in."""
    ended = replace(WATCH, verdict="succeeded", verdict_at=T0 + HOUR)
    assert window_of(ended, T0 + 60 * SECOND, 100, T0 + 9 * HOUR)[:2] == (T0 + 60 * SECOND, T0 + HOUR + 1)


def test_a_rollback_is_drawn_until_it_is_said_whether_it_helped() -> None:
    """Not into the future; afterwards that is its end."""
    aftermath = {"until": (T0 + 2 * HOUR) / SECOND, "said_at": None, "helped": None}
    ended = replace(WATCH, verdict="rolled_back", verdict_at=T0 + HOUR, view={"aftermath": aftermath})
    assert window_of(ended, T0, 100, T0 + 90 * 60 * SECOND)[1] == T0 + 90 * 60 * SECOND + 1
    assert window_of(ended, T0, 100, T0 + 9 * HOUR)[1] == T0 + 2 * HOUR + 1


def test_a_chart_has_columns_of_equal_length_for_each_metric() -> None:
    """What could not be measured is null."""
    slots = [
        SampleSlot("a", 0, 5 * SECOND, 1.0, 2.0),
        SampleSlot("a", 3, 9 * SECOND, None, None, 1, 1, "quiet"),
    ]
    assert chart_view((0, 10 * SECOND, 2 * SECOND), slots) == {
        "since": 0,
        "until": 10,
        "step": 2,
        "metrics": {
            "a": {
                "at": [5, 9],
                "low": [1.0, None],
                "high": [2.0, None],
                "missing": [0, 1],
                "quiet": [0, 1],
                "reason": ["", "quiet"],
            }
        },
    }
