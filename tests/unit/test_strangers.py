"""Who has the daemon's lock without being a daemon: what people are told of it, and where it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.samples import MINUTE, SECOND
from monitor.daemon.dedup import StrangerNotices
from monitor.web.health import readiness
from monitor.web.page import status_page
from tests.alerts import NOON
from tests.site import TARGET

pytestmark = pytest.mark.promise(21)

MALLORY = 'a session that is no daemon (role "mallory", pid 7) has the daemon\'s advisory lock'


def test_a_stranger_is_paged_once_and_resolved_when_it_is_gone() -> None:
    """By name; the same condition opens and closes."""
    strangers = StrangerNotices("shop")
    assert strangers.hear("", NOON) is None
    page = strangers.hear(MALLORY, NOON + SECOND)
    assert page is not None
    assert (page.page, page.resolves, page.watch_id) == (True, False, None)
    assert page.facts == (("stranger", MALLORY),)
    assert strangers.hear(MALLORY, NOON + 2 * SECOND) is None
    over = strangers.hear("", NOON + 3 * SECOND)
    assert over is not None
    assert (over.resolves, over.condition) == (True, page.condition)
    assert strangers.hear("", NOON + 4 * SECOND) is None


def test_one_that_comes_and_goes_is_not_paged_each_time() -> None:
    """Another session of the same role is the same stranger; it must stay away to be believed gone."""
    strangers, told = StrangerNotices("shop"), []
    for n in range(40):
        alert = strangers.hear(MALLORY.replace("7", str(n)) if n % 2 else "", NOON + n * SECOND)
        told += [alert.resolves] if alert else []
    assert told == [False, True, False]
    assert strangers.hear("", NOON + 20 * MINUTE) is not None


def test_a_restart_does_not_page_again() -> None:
    """What was told is remembered with the target."""
    before, after = StrangerNotices("shop"), StrangerNotices("shop")
    before.hear(MALLORY, NOON)
    after.restore(before.memory())
    assert after.hear(MALLORY, NOON + SECOND) is None
    assert after.hear("", NOON + 2 * SECOND) is not None


def test_readiness_and_the_page_name_it() -> None:
    """Not ready for people to see; the loop is not asked, and goes on."""
    view = replace(TARGET, stranger=MALLORY)
    ok, said = readiness([replace(TARGET, watches=()), replace(view, watches=())])
    assert (ok, said["reasons"]) == (False, [f"shop: {MALLORY}"])
    assert "role &quot;mallory&quot;, pid 7" in status_page([view], NOON)
