"""What changed in the database, on the page over stand-ins: every kind of news, none, a store that fails."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from monitor.errors import DatabaseUnreachable
from monitor.ports import Json
from tests.alerts import NOON, SECOND
from tests.browser.test_page import Past, put_behind
from tests.browser.window import window
from tests.site import WATCH, running

EVIL = "SELECT '<img src=x onerror=alert(1)>' " + "long_" * 40
NOW = NOON / SECOND
ROSE = "4.1 ms → 46.2 ms, ×11.3, 1200 calls since"
NOTHING: dict[str, Any] = {
    "since": NOW - 3600,
    "at": NOW,
    "statements": {"reset": False, "evicted": 0, "slower": [], "heavier": [], "new": [], "gone": []},
    "lock_waits": [],
    "invalid_indexes": [],
}


def statement(number: int, text: str) -> dict[str, Any]:
    """Its mean rose from 4.1 to 46.2 ms, its share of each second from 20 to 80 ms."""
    return {
        "queryid": str(number),
        "statement": text,
        "calls": 1200,
        "total_ms": 55_440.0,
        "mean_ms": 46.2,
        "mean_before_ms": 4.1,
        "ms_per_second": 80.0,
        "ms_per_second_before": 20.0,
        "extra_ms_per_second": 60.0,
    }


def everything() -> dict[str, Any]:
    """More of everything than the page shows."""
    ordinary = "SELECT id, email_address FROM contacts WHERE lower(email_address) = $1 AND shop = $2 LIMIT $3"
    some = [statement(n, EVIL if n == 1 else ordinary) for n in range(40)]
    lists = dict.fromkeys(("slower", "heavier", "new", "gone"), some)
    return {
        **NOTHING,
        "statements": {"reset": True, "evicted": 3, **lists},
        "lock_waits": [{"relation": "contacts", "waiting": 12, "longest_seconds": 34.0}],
        "invalid_indexes": [
            {"name": "old_idx", "relation": "orders", "new": False},
            {"name": EVIL, "relation": "contacts", "new": True},
        ],
    }


@dataclass
class Compared(Past):
    """Says what was compared, and keeps for which watches it was asked."""

    found: Json | None = None
    lost: Exception | None = None
    asked_for: list[str] = field(default_factory=list)

    async def changes(self, watch_id: str) -> Json | None:
        self.asked_for.append(watch_id)
        if self.lost is not None:
            raise self.lost
        return self.found


def section(page: Page) -> Locator:
    return page.locator(".watch .changes").first


async def later(page: Page) -> None:
    """Half a minute, for the page; and the daemon's next word, before which nothing is asked of it."""
    await page.clock.fast_forward(31_000)
    await expect(page.locator("body")).not_to_have_class(re.compile("lost"), timeout=15_000)
    await page.clock.run_for(1100)


@pytest.mark.slow
async def test_every_kind_of_change_is_told_bounded_and_as_text(browser: Browser) -> None:
    """Before, now and factor; the first three, then ten; locks and invalid indexes stand above."""
    compared = Compared(found=everything())
    async with running() as web:
        put_behind(web, compared)
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            told = section(shown.page)
            await expect(told.locator(".rise").first).to_have_text(ROSE)
            await expect(told.locator(".lists > div").nth(1)).to_contain_text("20 ms → 80 ms, ×4")
            await expect(told.locator(".lists > div").nth(2)).to_contain_text("New statements (3 of 40)")
            await expect(told.locator(".reasons li").first).to_have_text(
                "✗ 12 sessions wait for a lock on contacts, the longest for 34 s"
            )
            await expect(told.locator(".reasons li").nth(1)).to_contain_text("became invalid since then")
            await expect(told.locator(".reasons li").nth(2)).to_contain_text("invalid before already")
            await expect(told).to_contain_text("was reset meanwhile")
            await expect(told).to_contain_text("onerror=alert(1)")
            assert await told.locator("img").count() == 0
            assert await told.locator(".lists li").count() == 12
            await shown.looks("8-changes")
            more = told.locator("button")
            await more.focus()
            await shown.page.keyboard.press("Enter")
            await expect(told.locator(".lists li")).to_have_count(40)
            await expect(more).to_be_focused()
            await expect(more).to_have_attribute("aria-expanded", "true")
            await shown.looks("9-changes-all")


@pytest.mark.slow
async def test_it_is_asked_for_every_half_minute_while_the_watch_is_unfolded(browser: Browser) -> None:
    """Not more often, whatever else is new; not while folded; after the end once."""
    compared = Compared()
    async with running() as web:
        put_behind(web, compared)
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await shown.page.clock.install()
            compared.asked_for.clear()
            await shown.page.reload()
            told = section(shown.page)
            await expect(told).to_contain_text("Not compared yet.")
            for n in range(3):
                web.overview.change_watch(reason=f"news {n}")
                await shown.page.clock.run_for(2000)
            assert compared.asked_for == ["w-1"]
            compared.found = {**NOTHING, "statements": None}
            await later(shown.page)
            await expect(told).to_contain_text("The server has no pg_stat_statements")
            compared.found = NOTHING
            await later(shown.page)
            await expect(told).to_contain_text("No statement became slower, heavier, new or absent")
            await expect(told.locator("button")).to_be_hidden()
            compared.lost = DatabaseUnreachable("it does not answer")
            await later(shown.page)
            await expect(told).to_contain_text("Can't be read now: ")
            await expect(told).to_contain_text("No statement became slower")
            await shown.page.locator(".watch summary").first.click()
            await expect(shown.page.locator(".changes")).to_have_count(0)
            await later(shown.page)
            assert compared.asked_for == ["w-1"] * 4


@pytest.mark.slow
async def test_of_an_ended_watch_it_is_read_once(browser: Browser) -> None:
    """What was compared last stays; a watch that never was says so."""
    compared = Compared()
    async with running() as web:
        put_behind(web, compared)
        web.overview.change(watches=({**WATCH, "verdict": "succeeded", "phase": "ended", "verdict_at": NOW},))
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await shown.page.clock.install()
            await shown.page.reload()
            await shown.page.locator("#ended .watch summary").first.click()
            await expect(section(shown.page)).to_contain_text("It was not compared.")
            await later(shown.page)
            assert compared.asked_for == ["w-1"]
