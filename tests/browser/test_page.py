"""The page over stand-ins: hostile text, a keyboard, many watches, a day of samples, no store, no daemon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from monitor.errors import DatabaseUnreachable
from monitor.ports import Control, Json
from tests.alerts import NOON, SECOND
from tests.browser.window import Window, window
from tests.site import TOKEN, WATCH, RecordingBackend, Running, running

EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>\"'&" + "long_" * 30

NOW = NOON / SECOND
DAY = 86_400
SLOTS = 400


@dataclass
class Past(RecordingBackend):
    """Knows what is on its overview; a day of samples, hostile events and alerts."""

    text: str = "a reason"

    async def chart(self, watch_id: str, since: float, slots: int) -> Json:
        self._ask("chart", watch_id, since, slots)
        step = DAY / slots
        at = [NOW - DAY + n * step for n in range(slots)]
        high = [None if 100 < n < 140 else 0.0004 + 0.03 * (n % 90 == 0) for n in range(slots)]
        column: Any = {"at": at, "low": high, "high": high, "missing": [0] * slots}
        return {"since": at[0], "until": NOW, "step": step, "metrics": {"error_rate": column}}

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        self._ask("events", watch_id, after, limit)
        rule = {"rule": "error_rate.rollback", "since": NOW - 400, "reason": "recovered", "value": 0.008}
        kinds = [("control", {"control": "pause", "by": self.text, "reason": self.text}), ("cleared", rule)]
        kinds.append((self.text, {self.text: self.text}))
        found = [{"id": n, "at": NOW - 115, "kind": k, "detail": d} for n, (k, d) in enumerate(kinds, 1)]
        return [event for event in found if event["id"] > after]  # type: ignore[operator] # ids are numbers

    async def alerts(self, watch_id: str, limit: int) -> Sequence[Json]:
        fate = {"delivered_at": None, "given_up_at": NOW, "attempts": 3, "error": self.text}
        return [{"at": NOW, "channel": "slack", "severity": "error", "title": self.text, **fate}]


def put_behind(web: Running, past: Past) -> None:
    """Answers what the stand-in of the server would, but for the past."""
    for name in ("chart", "events", "alerts", "changes"):
        setattr(web.backend, name, getattr(past, name))


def metric(value: float | None, **more: Any) -> dict[str, Any]:
    rules = [{"action": "rollback", "limit": 0.01, "hold_seconds": 300}]
    rules.append({"action": "warn", "limit": 0.001, "hold_seconds": 60})
    return {"value": value, "at": NOW, "unit": "ratio", "rules": rules, "limits": {}, "blind": False, **more}


async def press_until(page: Page, text: str) -> None:
    """Tab, as often as it takes to reach what has this text."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if text in await page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{text!r} can't be reached by the keyboard")


async def test_hostile_text_stays_text(browser: Browser) -> None:
    """Names, reasons, kinds, SQL and errors; the policy has nothing to refuse, nobody else is asked."""
    async with running() as web:
        put_behind(web, Past(text=EVIL))
        readiness: dict[str, Any] = {"ok": False, "reasons": [EVIL], "notes": [EVIL], "at_risk": None}
        evil: dict[str, Any] = {
            "migration": EVIL,
            "target": EVIL,
            "mode": EVIL,
            "phase": EVIL,
            "readiness": readiness,
        }
        plan = [{"step": 1, "sql": EVIL, "class": EVIL}]
        evil |= {
            "next": {"text": EVIL, "at": NOW + 60},
            "plan": plan,
            "metrics": {EVIL: metric(None, reason=EVIL)},
        }
        web.overview.change(name=EVIL, trouble=EVIL, store_reachable=False)
        web.overview.change_watch(**evil)
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await expect(shown.page.locator(".watch h2").first).to_have_text(EVIL)
            await expect(shown.page.locator(".events").first).to_contain_text("<script>")
            assert await shown.page.locator("main img, main script").count() == 0
            assert await shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
async def test_a_person_without_a_mouse_pauses_a_watch(browser: Browser) -> None:
    """Reason, token, the SQL in view; a wrong token is said; the focus comes back; the token goes."""
    async with running() as web, window(browser, f"http://127.0.0.1:{web.port}/") as shown:
        put_behind(web, Past())
        page, dialog = shown.page, shown.page.locator("dialog")
        await expect(page.locator(".actions button").first).to_be_visible()
        await press_until(page, "Pause…")
        await page.keyboard.press("Enter")
        await expect(dialog.locator("pre")).to_contain_text("RENAME COLUMN email_address TO email")
        await shown.looks("4-dialog")
        await page.keyboard.type("deploying a fix")
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(dialog.locator("[role=alert]")).to_contain_text("a valid bearer token is needed")
        await dialog.locator("#token").press("Control+a")
        await page.keyboard.type(TOKEN)
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        assert ("control", "w-1", Control.PAUSE, "api from 127.0.0.1", "deploying a fix") in web.backend.asked
        assert "Pause…" in await page.evaluate("document.activeElement.textContent")
        assert TOKEN not in await page.content()
        assert await page.evaluate("localStorage.length + document.cookie.length") == 0
        await expect(page.locator("#forget")).to_be_visible()
        await page.locator("#forget").click()
        assert await page.evaluate("sessionStorage.length") == 0


async def test_the_charts_have_one_order_whoever_lists_the_metrics(browser: Browser) -> None:
    """As the README has the thresholds, then by name: the store sorts them by length, the daemon does not."""
    listed = ("queue", "error_rate", "connections", "checkout", "query_latency", "response_time")
    async with running() as web:
        put_behind(web, Past())
        web.overview.change(watches=({**WATCH, "metrics": {name: metric(0.0004) for name in listed}},))
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await expect(shown.page.locator(".charts figcaption .name")).to_have_text(
                ["error_rate", "response_time", "connections", "query_latency", "checkout", "queue"]
            )


async def test_a_guard_without_a_value_is_not_shown_as_calm(browser: Browser) -> None:
    """Nobody was alerted yet, but no rollback can be decided; too few requests are nobody's trouble."""
    text = {"text": "Succeeds at 12:00:00 UTC if everything stays normal.", "at": NOW + 3600}
    calm = {**WATCH, "streaks": [], "next": text, "metrics": {"error_rate": metric(0.0004)}}
    async with running() as web:
        put_behind(web, Past())
        web.overview.change(watches=(calm,))
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            card = shown.page.locator("#open .watch")
            await expect(card).to_have_class(re.compile("calm"))
            for unseen, level in (({"reason": "refused"}, "notice"), ({"quiet": True}, "calm")):
                web.overview.change(watches=({**calm, "metrics": {"error_rate": metric(None, **unseen)}},))
                await expect(card).to_have_class(re.compile(level))


@pytest.mark.slow
async def test_fifty_watches_and_a_day_of_samples_stay_light(browser: Browser) -> None:
    """All are listed, alarms first; what is folded asks and draws nothing; what is drawn is bounded."""
    async with running() as web:
        put_behind(web, Past())
        calm = {"streaks": [], "metrics": {"error_rate": metric(0.0004)}, "started_at": NOW - DAY}
        text = {"text": "Succeeds at 12:00:00 UTC if everything stays normal.", "at": NOW + 3600}
        watches = [
            {**WATCH, **calm, "id": f"w-{n}", "migration": f"{n:04}_add", "next": text} for n in range(2, 51)
        ]
        web.overview.change(
            watches=(*watches, {**WATCH, "metrics": calm["metrics"], "started_at": NOW - DAY})
        )
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            cards = shown.page.locator("#open .watch")
            await expect(cards).to_have_count(50)
            await expect(cards.first).to_have_class(re.compile("alarm"))
            assert await shown.page.locator("#open .watch[open]").count() == 1
            await shown.page.locator("#range label", has_text="all").click()
            await shown.page.wait_for_timeout(1500)
            charts = [asked for asked in web.backend.asked if asked[0] == "chart"]
            assert {asked[1] for asked in charts} <= {"w-1"}
            await shown.looks("5-many")
            await bounded(shown)


async def bounded(shown: Window) -> None:
    """Elements, memory and points that a day and fifty watches may cost."""
    assert await shown.page.evaluate("document.querySelectorAll('*').length") < 3000
    assert await shown.page.evaluate("performance.memory.usedJSHeapSize") < 64 << 20


@pytest.mark.slow
async def test_without_its_store_or_its_daemon_the_page_says_so(browser: Browser) -> None:
    """First the store goes, then the daemon: what is old is said to be old."""
    async with running() as web:
        put_behind(web, Past())
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await expect(shown.page.locator("#live")).to_have_text("Live. Times are UTC.")
            web.overview.change(store_reachable=False, trouble="it does not answer")
            banner = shown.page.locator(".banner")
            await expect(banner).to_contain_text("the store can't be reached (it does not answer)")
            await shown.looks("6-store-away")
            await web.server.aclose()
            lost = "Connection lost, trying again: what you see may be out of date."
            await expect(shown.page.locator("#live")).to_have_text(lost, timeout=15_000)
            await expect(shown.page.locator("#age")).to_have_text(re.compile(r"Last news \d+ s ago\."))
            await expect(shown.page.locator(".watch .outlook")).to_contain_text(
                "No update from the daemon since"
            )
            await shown.looks("7-lost")


@pytest.mark.slow
async def test_what_the_store_has_not_said_the_page_does_not_say(browser: Browser) -> None:
    """Without the stored watches nobody knows that there never was one."""
    async with running() as web:
        web.overview.change(watches=())
        web.backend.fails = DatabaseUnreachable("it does not answer")
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            told = shown.page.locator("#empty-text")
            await expect(told).to_have_text("No migration is being watched now. Monitoring: shop.")


@pytest.mark.slow
async def test_an_end_that_is_not_stored_yet_is_shown(browser: Browser) -> None:
    """The daemon knows it first; while the store is away, for long."""
    ended = {**WATCH, "phase": "ended", "verdict": "rolled_back", "verdict_at": NOW, "streaks": []}
    async with running() as web, window(browser, f"http://127.0.0.1:{web.port}/") as shown:
        state = shown.page.locator(".watch .state")
        await expect(state).to_have_text("▲ watching")
        web.backend.fails = DatabaseUnreachable("it does not answer")
        web.overview.change(watches=(), ended=(ended,))
        await expect(state).to_have_text("↺ rolled back")
