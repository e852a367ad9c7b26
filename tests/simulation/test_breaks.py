"""The checks are sharp: a mistake that is made in the daemon on purpose is seen in a world of its own."""

from __future__ import annotations

import pytest

from tests.simulation.breaks import BREAKS, Break, seen_in
from tests.simulation.edited import Moved, places
from tests.simulation.playing import played


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_a_mistake_in_the_daemon_is_seen(name: str) -> None:
    """As what it breaks, and nothing is said of the same world without it."""
    one = BREAKS[name]
    assert played(one.world).broken == ()
    (broken,) = seen_in(one, [one.world])
    assert one.promises & {int(text[1:].partition(":")[0]) for text in broken}, broken


@pytest.mark.parametrize("name", BREAKS)
def test_each_mistake_is_still_one_that_could_be_made(name: str) -> None:
    """The text that it changes is there, once; whoever changed it says what the mistake looks like now."""
    assert places(BREAKS[name].edits)
    assert all(old != new for old, new in BREAKS[name].edits)


@pytest.mark.parametrize("text", ["a line that nobody wrote", "from __future__ import annotations"])
def test_a_text_that_is_not_there_once_is_refused(text: str) -> None:
    """None, or many: then nothing would be known of a mistake that was never made."""
    with pytest.raises(Moved, match="write anew"):
        places([(text, "")])


def test_a_mistake_in_what_no_world_needs_is_refused() -> None:
    """It could not be seen, and the world would say that all is well."""
    nowhere = Break([("class BadRecording(", "class Unreadable(")])
    with pytest.raises(RuntimeError, match="no world needs"):
        seen_in(nowhere, [])
