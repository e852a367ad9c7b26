"""A whole rollback as someone sees it who has nothing but the page."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.window import window
from tests.conftest import Database
from tests.scenarios.stage import RENAME_BACK, Stage, set_up

HOLD = "15s"
PATIENCE = 30_000.0
"""Milliseconds until something is given up that the page should show."""

SUCCEEDS = re.compile(r"In \d+ m( \d+ s)?: succeeds at \d\d:\d\d:\d\d UTC if everything stays normal\.")
ROLLS_BACK = re.compile(r"In \d+ s: rolls back automatically at [\d:]+ UTC if error_rate stays above 1 %\.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def brief_trouble(stage: Stage) -> None:
    """A streak that ends before its time, so that the page has a reason to show."""
    stage.app.set(0.04)
    await stage.event("pending", "error_rate.rollback")
    await asyncio.sleep(4)
    stage.app.set(0.0002)
    await stage.event("cleared", "error_rate.rollback")


@pytest.mark.slow
async def test_a_whole_rollback_is_watched_on_the_page(
    browser: Browser, newest: Database, tmp_path: Path
) -> None:
    """Its first sentence says before each phase what comes next and when; axe finds nothing in any."""
    port = free_port()
    async with (
        set_up(newest.dsn, tmp_path, port=str(port), hold=HOLD) as stage,
        window(browser, f"http://127.0.0.1:{port}/") as shown,
    ):
        outlook = shown.page.locator(".watch .outlook")
        await expect(shown.page.locator("#empty")).to_contain_text("No migration has been watched yet")
        await shown.looks("0-empty")

        stage.app.set(0.0002)
        await stage.watch()
        await expect(outlook).to_have_text(SUCCEEDS, timeout=PATIENCE)
        trigger = shown.page.locator(".watch .trigger")
        await expect(trigger).to_have_text("Rolls back automatically if error_rate stays above 1 % for 15 s.")
        await brief_trouble(stage)
        await expect(shown.page.locator(".why")).to_contain_text(
            "the rollback rule did not fire", timeout=PATIENCE
        )
        await shown.looks("1-watching")

        stage.app.set(0.052)
        await expect(outlook).to_have_text(ROLLS_BACK, timeout=PATIENCE)
        await asyncio.sleep(3)
        await shown.looks("2-pending")

        await expect(outlook).to_contain_text("Rolled back. Verifying", timeout=PATIENCE)
        assert await stage.verdict() == "rolled_back"
        await expect(shown.page.locator(".plan")).to_contain_text(RENAME_BACK)
        await expect(shown.page.locator(".events").first).to_contain_text("rolled back")
        uncounted = "The server has no pg_stat_statements that could be read"
        await expect(shown.page.locator(".changes")).to_contain_text(uncounted, timeout=2 * PATIENCE)
        await asyncio.sleep(1)
        await shown.looks("3-ended")
