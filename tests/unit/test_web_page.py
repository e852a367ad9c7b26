"""The status page: complete in itself, honest about what is unknown, harmless whatever it shows."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from monitor.ports import Json
from monitor.present.events import SENTENCES
from monitor.present.happened import LEADS, LISTS
from monitor.web.guard import POLICY
from monitor.web.page import status_page
from monitor.web.static import FILES
from tests.alerts import NOON, SECOND
from tests.prometheus import ROOT
from tests.site import TARGET, WATCH

DAY = time.strftime("%Y-%m-%d", time.gmtime(NOON / SECOND))
EVIL = "<script>alert(1)</script>\"'&"


def test_the_page_shows_target_metrics_watch_and_streak() -> None:
    """Values with their units, limits, the streak's age against its hold."""
    page = status_page([TARGET], NOON)
    for text in (
        "shop",
        "0042_rename_email",
        "5.2 %",
        "120 ms",
        "0.1 %",
        "Rolls back automatically at 12:03:00 UTC.",
        "ready to roll back",
    ):
        assert text in page


def test_the_page_asks_nothing_of_another_server() -> None:
    """No address in it but our own paths."""
    page = status_page([TARGET], NOON)
    assert not re.search(r"(https?:)?//\w", page)
    assert 'http-equiv="refresh"' in page
    assert 'name="viewport"' in page
    for name, file in FILES.items():
        if not name.startswith("uplot"):
            assert not re.search(
                rb"(https?:)?//\w", re.sub(rb"^//.*$", b"", file.content, flags=re.MULTILINE)
            )


def test_nothing_is_inline_and_every_file_asked_for_is_served() -> None:
    """The policy allows our own files alone; the chart library comes with its licence."""
    page = status_page([TARGET], NOON)
    assert not re.search(r"<style|<script>|style=| on\w+=", page)
    asked = set(re.findall(r"/static/([\w.]+)", page))
    for file in FILES.values():
        asked |= set(re.findall(r'from "\./([\w.]+)"', file.content.decode()))
    assert asked == {name for name in FILES if not name.endswith(".txt")}
    assert b"MIT License" in FILES["uplot-LICENSE.txt"].content
    assert "unsafe" not in POLICY


def test_nothing_shown_can_become_markup() -> None:
    """Names, reasons and rules are text."""
    streaks = [{"rule": EVIL, "metric": EVIL, "action": "rollback", "state": EVIL}]
    names = {"migration": EVIL, "mode": EVIL, "phase": EVIL}
    watch = {**WATCH, **names, "readiness": {"ok": False, "reasons": [EVIL]}, "streaks": streaks}
    metrics = {EVIL: {"value": None, "blind": True, "reason": EVIL}}
    page = status_page([replace(TARGET, name=EVIL, watches=(watch,), metrics=metrics)], NOON)
    assert "alert(1)</script>" not in page
    assert "&lt;script&gt;" in page


def test_a_missing_value_never_looks_healthy() -> None:
    """Blind, quiet and unmeasured each have their own word; none is `normal`."""
    metrics: dict[str, Json] = {
        "a": {"value": None, "blind": True, "reason": "timeout"},
        "b": {"value": None, "quiet": True},
        "c": {"value": None, "normal": None},
        "d": {},
    }
    page = status_page([replace(TARGET, watches=(), metrics=metrics)], NOON)
    for word in ("be measured: timeout", "no requests now", "not measured yet"):
        assert word in page
    assert ">normal<" not in page


def test_trouble_of_the_daemon_itself_is_shown() -> None:
    """A stale loop, a lost store, another daemon; nothing is promised by a loop that stands still."""
    view = replace(TARGET, store_reachable=False, holds_store=False, trouble="the server refuses connections")
    page = status_page([view], NOON + 16 * SECOND)
    for text in (
        f"No update from the decision loop since {DAY} 12:00:00 UTC: no decisions and no rollbacks.",
        "the store is not reachable (the server refuses connections)",
    ):
        assert text in page
    assert "Rolls back automatically" not in page
    assert "another daemon" not in page
    waits = status_page([replace(view, held_by="host-b:7")], NOON)
    assert "another daemon (host-b:7) monitors this target" in waits
    assert "not reachable" not in waits
    assert "no targets" in status_page([], NOON)


def test_what_only_observes_or_is_being_rolled_back_is_not_called_ready() -> None:
    """It is no question there."""
    for changed in ({"superseded": True}, {"phase": "rolling_back"}):
        page = status_page([replace(TARGET, watches=({**WATCH, **changed},))], NOON)
        assert "ready to roll back" not in page


KIND = re.compile(r"^\| `watch\.(\w+)` \|", re.MULTILINE)


def test_every_event_of_a_watch_has_a_sentence_on_the_page() -> None:
    """The kinds are those of docs/logs.md; a transition is no event."""
    kinds = set(KIND.findall((ROOT / "docs/logs.md").read_text(encoding="utf-8")))
    assert len(kinds) > 40
    assert kinds - {"phase_changed"} <= {*SENTENCES, *LEADS, *LISTS}
