"""What the page says when it is grave: blocked, failed, silent, superseded, or when its store is away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from monitor.errors import DatabaseUnreachable
from monitor.ports import Json
from tests.alerts import NOON, SECOND
from tests.browser.test_page import NOW, Past, metric, put_behind
from tests.browser.window import window
from tests.site import WATCH, Running, running

pytestmark = pytest.mark.slow

SOON = 15_000.0
"""Milliseconds within which the page has to notice."""

LINE = "pid 24734 (nightly report, idle in transaction, for 39 s)"
WAITS = "The rollback waits for nightly report (pid 24734, idle in transaction for 39 s): try 8."
FAILED: dict[str, Any] = {
    "verdict": "failed",
    "phase": "ended",
    "reason": "check constraint violated",
    "verdict_at": NOW - 60,
    "next": {"text": "The rollback FAILED and changed nothing.", "at": None},
}


@dataclass
class Stored(Past):
    """Stored watches as they are set; a past without hostile text."""

    known: list[Json] = field(default_factory=list)
    happened: list[Json] = field(default_factory=list)

    async def watches(self) -> Sequence[Json]:
        self._ask("watches")
        return self.known

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        self._ask("events", watch_id, after, limit)
        return [event for event in self.happened if event["id"] > after]  # type: ignore[operator] # numbers


def behind(web: Running, *known: dict[str, Any], happened: Sequence[Json] = ()) -> Stored:
    """The store of a page; without open watches in the daemon's memory when some are stored."""
    stored = Stored(known=list(known), happened=list(happened))
    put_behind(web, stored)
    web.backend.watches = stored.watches  # type: ignore[method-assign] # a stand-in of a stand-in
    if known:
        web.overview.change(watches=())
    return stored


def at(web: Running) -> str:
    return f"http://127.0.0.1:{web.port}/"


def outlook(page: Page) -> Any:
    return page.locator(".watch .outlook")


async def test_a_blocked_rollback_names_who_is_in_its_way(browser: Browser) -> None:
    """In the headline, in its section and in the timeline; nothing there calls it ready, or unneeded."""
    attempt = {"kind": "blocked", "at": NOW, "tries": 8, "told": [LINE], "blockers": [], "sentence": WAITS}
    blocked = {"id": 1, "at": NOW, "kind": "rollback_blocked", "detail": {"text": [LINE], "tries": 8}}
    reasons = {"id": 2, "at": NOW, "kind": "not_ready", "detail": {"reasons": ["no right", "drift"]}}
    async with running() as web:
        behind(web, happened=[{**blocked, "id": 0, "detail": {"text": [], "tries": 7}}, blocked, reasons])
        web.overview.change_watch(phase="rolling_back", attempt=attempt, next={"text": WAITS, "at": None})
        async with window(browser, at(web)) as shown:
            await expect(outlook(shown.page)).to_have_text(WAITS)
            await expect(shown.page.locator(".ready")).to_contain_text(f"Blocked by:{LINE}")
            events = shown.page.locator(".events").last.locator(":scope > li")
            await expect(events).to_have_count(2)
            await expect(events.last).to_contain_text(f"8 tries did not get the locks; in the way:{LINE}")
            await expect(events.first).to_contain_text("it could not be rolled back right now:no rightdrift")
            for never in ("could roll back now", "No rollback limit was crossed"):
                await expect(shown.page.locator("main")).not_to_contain_text(never, use_inner_text=True)


async def test_why_there_was_no_rollback_follows_from_where_the_watch_is(browser: Browser) -> None:
    """A limit that is crossed is never said not to be."""
    async with running() as web:
        behind(web)
        async with window(browser, at(web)) as shown:
            why = shown.page.locator(".why")
            await expect(why).to_contain_text(
                re.compile("error_rate has been beyond the rollback limit since .*11:58")
            )
            web.overview.change_watch(phase="awaiting_approval")
            await expect(why).to_contain_text("It has not been approved yet.")
            web.overview.change_watch(streaks=[])
            await expect(why).to_contain_text("No rollback limit was crossed so far.")


COUNTED = {"since": NOW - 120, "errors": 12.0, "requests": 1340.0, "score": 7.19, "needed": 9.0}
GROUNDS = {"rule": "error_rate.rollback", "since": NOW - 400, "limit": 0.0142, "baseline": 0.0095}
TOLD = "evidence 7.1 of 9: 12 errors in 1,340 requests"


async def test_what_a_decision_stands_on_is_wherever_it_is_told(browser: Browser) -> None:
    """Evidence at the streak, at its chart and why nothing happened yet; limit and baseline at each event."""
    happened: list[Json] = [
        {
            "id": 1,
            "at": NOW - 100,
            "kind": "insufficient_evidence",
            "detail": {**GROUNDS, "evidence": COUNTED},
        },
        {"id": 2, "at": NOW - 90, "kind": "would_roll_back", "detail": {**GROUNDS, "evidence": COUNTED}},
    ]
    proven = {"errors": 0, "requests": 2140.2, "needed": 3000.0, "left_out_minutes": 0, "normal": False}
    metrics = {"error_rate": {**WATCH["metrics"]["error_rate"], "unit": "ratio", "proven": proven}}
    streaks = [{**WATCH["streaks"][0], "evidence": COUNTED, "insufficient_evidence": True}]
    async with running() as web:
        behind(web, happened=happened)
        web.overview.change_watch(metrics=metrics, streaks=streaks)
        async with window(browser, at(web)) as shown:
            page = shown.page
            await expect(page.locator(".countdown")).to_contain_text(f"{TOLD}, too little traffic to decide")
            await expect(page.locator("figcaption .counted")).to_have_text(
                f"{TOLD} · proven normal: 2,140 of 3,000 requests"
            )
            await expect(page.locator(".why")).to_contain_text(
                f"({TOLD}), with too little traffic to decide."
            )
            events = page.locator(".events").last
            for how in ("5m with too little traffic to decide", "5m10s"):
                so = f"error_rate was above 1.42 % for {how}, {TOLD} (baseline 0.95 %)"
                await expect(events).to_contain_text(so)
            web.overview.change_watch(
                metrics=metrics, streaks=[{**streaks[0], "insufficient_evidence": False}]
            )
            await expect(page.locator(".why")).to_contain_text(f"({TOLD}): not for 5 m yet.")


@pytest.mark.slow
async def test_an_unhappy_end_stands_first_and_counts_in_the_title(browser: Browser) -> None:
    """For a day, or until its migration is registered again; with its reason."""
    old = {**WATCH, **FAILED, "id": "w-2", "migration": "0041_old", "verdict_at": NOW - 90_000}
    async with running() as web:
        stored = behind(web, {**WATCH, **FAILED}, old)
        async with window(browser, at(web)) as shown:
            page = shown.page
            await expect(page).to_have_title("▲ 1 · migration-monitor")
            await expect(page.locator("#unhappy .watch")).to_have_count(1)
            await expect(page.locator("#unhappy .outlook")).to_have_text(
                "The rollback FAILED and changed nothing."
            )
            above = (
                "document.querySelector('#unhappy').compareDocumentPosition(document.querySelector('#empty'))"
            )
            assert await page.evaluate(above) == 4  # DOCUMENT_POSITION_FOLLOWING
            await page.locator("#unhappy summary").click()
            await expect(page.locator(".why")).to_contain_text(
                "The rollback failed: check constraint violated"
            )
            await shown.looks("14-failed")
            stored.known.append({**WATCH, "id": "w-3", "started_at": NOW - 10})
            web.overview.change_watch(id="w-3", started_at=NOW - 10)
            await expect(page.locator("#unhappy .watch")).to_have_count(0, timeout=SOON)


@pytest.mark.slow
async def test_after_a_rollback_the_page_waits_for_whether_it_helped(browser: Browser) -> None:
    """It says when, goes on reading and drawing until then, and says what is found."""
    awaited = {"until": NOW + 8, "said_at": None, "helped": None}
    text = {"text": "Rolled back. At 12:00:08 UTC it is said whether the rollback helped.", "at": NOW + 8}
    ended = {
        **WATCH,
        "verdict": "rolled_back",
        "phase": "ended",
        "verdict_at": NOW - 12,
        "aftermath": awaited,
    }
    async with running() as web:
        stored = behind(web, {**ended, "next": text})
        async with window(browser, at(web)) as shown:
            page = shown.page
            await expect(outlook(page)).to_have_text(re.compile(r"At 12:00:08 UTC it is said .*\(in \d s\)"))
            await expect(page.locator(".watch .state")).to_have_text("↺ rolled back")
            await expect(page.locator("#unhappy .watch[open]")).to_have_count(1)  # first, until it is known
            await expect(page.locator(".sql h3")).to_have_text("What the rollback ran")
            said = {**awaited, "said_at": NOW + 8, "helped": False}
            done = "Rolled back. The rollback did NOT help: the breach continues."
            stored.known[0] = {**ended, "aftermath": said, "next": {"text": done, "at": None}}
            await expect(page.locator("#unhappy .outlook")).to_have_text(done, timeout=2 * SOON)
            await expect(page).to_have_title("▲ 1 · migration-monitor")
        charts = [asked for asked in stored.asked if asked[0] == "chart"]
        assert 2 <= len(charts) <= 6


@pytest.mark.slow
async def test_a_daemon_that_stands_still_promises_nothing(browser: Browser) -> None:
    """The loop alone, then the whole daemon: headline, mark, counters, and where the connection is lost."""
    async with running() as web:
        behind(web)
        async with window(browser, at(web)) as shown:
            page = shown.page
            await expect(outlook(page)).to_contain_text("rolls back automatically at 12:03:00 UTC")
            web.overview.at = NOON + 60 * SECOND
            silence = "No update from the daemon since 12:00:00 UTC: no decisions and no rollbacks"
            await expect(outlook(page)).to_have_text(f"{silence}.")
            await expect(page.locator(".watch")).to_have_class(re.compile("silent"))
            await expect(page.locator(".watch .state")).to_have_text("○ no update, was watching")
            await expect(page.locator(".trigger")).to_be_hidden()
            counter = page.locator(".countdown span")
            frozen = await counter.text_content()
            await page.wait_for_timeout(2500)
            assert await counter.text_content() == frozen
            await shown.looks("15-silent")
            web.overview.change(last_decision=NOON + 60 * SECOND)
            await expect(outlook(page)).to_contain_text("12:03:00 UTC")
            await web.server.aclose()
            lost = re.compile(
                r"No update from the daemon since [\d:]+ UTC: .*, unless only this page has lost it\."
            )
            await expect(outlook(page)).to_have_text(lost, timeout=SOON)
            await expect(page).to_have_title("▲ no update · migration-monitor")


async def test_a_superseded_watch_promises_nothing(browser: Browser) -> None:
    """It does not look like the one that acts."""
    text = "Observing only: add_index is monitored on the same target."
    async with running() as web:
        behind(web)
        web.overview.change_watch(
            superseded=True, superseded_by="add_index", streaks=[], next={"text": text, "at": None}
        )
        async with window(browser, at(web)) as shown:
            page = shown.page
            await expect(outlook(page)).to_have_text(text)
            await expect(page.locator(".watch")).to_have_class("watch aside")
            await expect(page.locator(".watch .state")).to_have_text("◇ only observes")
            await expect(page.locator(".ready")).to_contain_text("add_index is monitored on the same target")
            for never in ("by itself", "could roll back now"):
                await expect(page.locator("main")).not_to_contain_text(never, ignore_case=True)


async def test_a_paused_watch_and_a_blind_guard_promise_no_rollback(browser: Browser) -> None:
    """What it would roll back for stands below the headline only while it would."""
    trigger = "Rolls back automatically if error_rate stays above 1 % for 5 m."
    calm: dict[str, Any] = {"streaks": [], "metrics": {"error_rate": metric(0.0004)}}
    async with running() as web:
        behind(web)
        web.overview.change_watch(**calm)
        async with window(browser, at(web)) as shown:
            found = shown.page.locator(".trigger")
            await expect(found).to_have_text(trigger)
            web.overview.change_watch(**calm, phase="paused")
            await expect(found).to_be_hidden()
            blind = metric(None, reason="protocol", why="its source does not answer in valid HTTP")
            web.overview.change_watch(streaks=[], metrics={"error_rate": {**blind, "blind": True}})
            await expect(found).to_be_hidden()
            told = shown.page.locator(".how")
            await expect(told).to_have_text("can't be measured: its source does not answer in valid HTTP")
            unknown = "error_rate can't be measured: unknown whether its limit is exceeded."
            await expect(shown.page.locator(".why")).to_have_text(f"Why it hasn't rolled back yet{unknown}")


@pytest.mark.slow
async def test_what_could_not_be_read_is_asked_for_again(browser: Browser) -> None:
    """Charts, history and the stored watches come back by themselves, soon after the store."""
    async with running() as web:
        stored = behind(web)
        stored.fails = DatabaseUnreachable("it does not answer")
        async with window(browser, at(web)) as shown:
            main = shown.page.locator("main")
            for text in (
                "The past can't be drawn now",
                "Can't be read now",
                "Stored watches can't be read now",
            ):
                await expect(main).to_contain_text(text)
            stored.fails = None
            for text in ("The past can't be drawn now", "Stored watches can't be read now"):
                await expect(main).not_to_contain_text(text, timeout=SOON)
            await expect(shown.page.locator(".events").last).to_be_visible()


async def test_another_daemon_is_named_only_when_there_is_one(browser: Browser) -> None:
    """A store that is away is held by nobody that anybody knows of."""
    async with running() as web:
        behind(web)
        web.overview.change(
            store_reachable=False, holds_store=False, trouble="the server refuses connections"
        )
        async with window(browser, at(web)) as shown:
            banner = shown.page.locator(".banner")
            await expect(banner).to_contain_text(
                "the store can't be reached (the server refuses connections)"
            )
            await expect(banner).not_to_contain_text("another daemon")
            web.overview.change(held_by="host-b:7")
            await expect(banner).to_have_text(
                "shop: another daemon (host-b:7) monitors this target; this one waits."
            )


async def test_a_streak_that_was_cleared_is_shaded_to_its_end(browser: Browser) -> None:
    """In an ended watch too; only what was under way at the verdict reaches to it."""
    rule = "error_rate.rollback"
    told = [
        ("pending", 110, {"rule": rule}), ("firing", 140, {"rule": rule, "since": 110}),
        ("cleared", 150, {"rule": rule, "since": 110}), ("pending", 170, {"rule": "error_rate.warn"}),
        ("firing", 180, {"rule": "error_rate.warn", "since": 170}),
    ]  # fmt: skip
    events = [{"kind": kind, "at": moment, "detail": detail} for kind, moment, detail in told]
    made = """async ([events, watch]) => {
      const { History } = await import('/static/history.js');
      return Object.assign(new History(watch), { events }).streaks('error_rate');
    }"""
    ended = {"verdict": "inconclusive", "verdict_at": 200}
    async with running() as web:
        behind(web)
        async with window(browser, at(web)) as shown:
            assert await shown.page.evaluate(made, [events, ended]) == [
                {"from": 110, "to": 150, "action": "rollback"},
                {"from": 170, "to": 200, "action": "warn"},
            ]
