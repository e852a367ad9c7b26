"""The worked examples of docs/decision.md are what the decision core says."""

from __future__ import annotations

import pytest

from monitor.core.samples import MINUTE
from tests.worked import PAGE, PER_MINUTE, WORLDS, page, story


def test_the_page_shows_the_numbers_of_the_core() -> None:
    """`python -m tests.worked` writes them."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("per_minute", PER_MINUTE)
def test_what_the_page_says_of_them_is_so(per_minute: int) -> None:
    """A total failure is found with any traffic, soon after its hold; one that is over is left alone."""
    total, *_, ended = WORLDS.values()
    every, over = story(per_minute, total), story(per_minute, ended)
    assert every.acted is not None
    assert 5 * MINUTE <= every.acted[0] < 6 * MINUTE
    assert (every.lacked, over.acted) == (None, None)
