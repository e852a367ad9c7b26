"""The status page: complete in itself, honest about what is unknown, harmless whatever it shows."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from monitor.ports import Json
from monitor.web.page import SCRIPT_HASH, STYLE_HASH, status_page
from tests.alerts import NOON, SECOND
from tests.site import TARGET, WATCH

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
        "120 of 300 s",
        "ready to roll back",
    ):
        assert text in page
    assert "23 h 0 min left" in page


def test_the_page_asks_nothing_of_another_server() -> None:
    """No address in it but our own paths."""
    page = status_page([TARGET], NOON)
    assert not re.search(r"(https?:)?//\w", page)
    assert 'http-equiv="refresh"' in page
    assert "EventSource" in page
    assert 'name="viewport"' in page
    assert "prefers-color-scheme:dark" in page


def test_what_is_inline_is_what_the_policy_allows() -> None:
    """The hashes are of the very bytes between the tags."""
    page = status_page([], NOON)
    for tag, allowed in (("style", STYLE_HASH), ("script", SCRIPT_HASH)):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found]
        assert [f"'sha256-{digest}'" for digest in digests] == [allowed]


def test_nothing_shown_can_become_markup() -> None:
    """Names, reasons and rules are text."""
    streaks = [{"rule": EVIL, "state": EVIL}]
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
    for word in ("blind: timeout", "too few requests to judge", "not measured yet"):
        assert word in page
    assert ">normal<" not in page


def test_trouble_of_the_daemon_itself_is_shown() -> None:
    """A stale loop, a lost store, another daemon."""
    view = replace(TARGET, store_reachable=False, holds_store=False)
    page = status_page([view], NOON + 16 * SECOND)
    for text in ("the decision loop does not answer", "the store is not reachable", "another daemon"):
        assert text in page
    assert "no targets" in status_page([], NOON)
