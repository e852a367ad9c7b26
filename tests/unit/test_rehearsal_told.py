"""Whether a rollback was rehearsed stands in the page that decides it, and in the watch's view."""

from __future__ import annotations

import pytest

from monitor.ports import Json
from monitor.present.rehearsals import rehearsal_told
from tests.hands import Desk

AT = 1_700_000_000.0
GOOD: Json = {"at": AT, "outcome": "reversed", "said": "the schema came back"}
BAD: Json = {"at": AT, "outcome": "not_reversed", "said": "a.b is missing"}
RAN: Json = {"at": AT, "outcome": "ran", "said": "every statement ran"}


@pytest.mark.parametrize(
    ("summary", "holds", "says"),
    [
        (None, None, "the rollback was not rehearsed"),
        (GOOD, True, "rehearsed on 2023-11-14 22:13 UTC: the schema came back"),
        (RAN, None, "rehearsed on 2023-11-14 22:13 UTC: every statement ran"),
        (
            BAD,
            False,
            "rehearsed on 2023-11-14 22:13 UTC, and rolling back did NOT restore the schema: a.b is missing",
        ),
    ],
)
def test_a_rehearsal_is_told_by_page_and_view(summary: Json | None, holds: bool | None, says: str) -> None:
    """Also one that was made while the watch was open."""
    desk = Desk()
    desk.register()
    desk.controls(rehearsal=summary)
    desk.say_through(0, 310, error_rate=0.05)
    (page,) = [a for a in desk.alerts() if a.transition.startswith("rollback/decided")]
    assert dict(page.facts)["rehearsal"] == says == rehearsal_told(summary)
    shown = desk.view()["rehearsal"]
    assert (shown and shown["holds"]) == holds
