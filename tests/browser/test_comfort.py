"""What makes the page a pleasure at 3 a.m.: links, copies, local time, a line for each ended watch."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_page import NOW, Past, metric, put_behind
from tests.browser.window import window
from tests.site import WATCH, running

ENDED = {**WATCH, "phase": "ended", "streaks": [], "next": {"text": "Nothing is left to do.", "at": None}}

VERDICTS = ("succeeded", "rolled_back", "cancelled", "inconclusive")


def ended(number: int) -> dict[str, Any]:
    verdict = VERDICTS[number % len(VERDICTS)]
    name = f"{number:04}_add_column"
    return {
        **ENDED,
        "id": f"w-{number}",
        "migration": name,
        "verdict": verdict,
        "verdict_at": NOW - 60 * number,
    }


pytestmark = pytest.mark.slow


async def test_ended_watches_are_a_line_each_and_are_filtered(browser: Browser) -> None:
    """By what people remember of it; a link opens one that the list does not show yet."""
    async with running() as web:
        put_behind(web, Past())
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            page = shown.page
            await page.evaluate("location.hash = 'w-25'")
            await expect(page.locator("#open .watch")).to_have_count(1)
            web.overview.change(watches=(), ended=tuple(ended(n) for n in range(2, 32)))
            await expect(page.locator("#w-25")).to_have_attribute("open", "")
            await page.locator("#w-25 > summary").click()
            heights = await page.locator("#ended > .watch").evaluate_all(
                "found => found.map((one) => one.getBoundingClientRect().height)"
            )
            assert max(heights) < 48
            await shown.looks("12-ended")
            await page.fill("#filter", "rolled back")
            assert await page.locator("#ended > .watch").count() > 3
            states = await page.locator("#ended .state").all_text_contents()
            assert all("rolled back" in state for state in states), states
            await page.fill("#filter", "no such")
            await expect(page.locator("#none")).to_have_text("No ended watch is like that.")


async def test_the_whole_line_is_on_the_chart_and_it_begins_before_the_migration(browser: Browser) -> None:
    """An outage of 48 % is not cut off at 20 %, and the migration is marked."""
    async with running() as web:
        past = Past()
        put_behind(web, past)
        web.overview.change_watch(metrics={"error_rate": metric(0.48)}, started_at=NOW - 600)
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await expect(shown.page.locator("figcaption .now")).to_have_text("48 %")
            top = await shown.page.evaluate(
                """async () => (await import("/static/marks.js")).top(
                     {rules: [{action: "rollback", limit: 0.01}]}, [0.0004, 0.48, null])"""
            )
            assert top > 0.48
            await shown.page.locator("#range label", has_text="all").click()
            await expect(shown.page.locator("#range input:checked")).to_have_value("0")
            await shown.page.wait_for_timeout(500)
            asked = [float(str(one[2])) for one in past.asked if one[0] == "chart"]
            assert min(asked) == pytest.approx(NOW - 600 - 1800, abs=1)


async def test_sql_is_copied_and_times_are_local_on_demand(browser: Browser) -> None:
    """Both without a word of TLS; the choice of times is remembered."""
    async with running() as web:
        put_behind(web, Past())
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            page = shown.page
            await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            await page.locator(".plan .copy").first.click()
            await expect(page.locator(".plan .copy").first).to_have_text("Copied")
            assert await page.evaluate("navigator.clipboard.readText()") == WATCH["plan"][0]["sql"]
            await expect(page.locator("#live")).to_contain_text("UTC.")
            await page.get_by_role("button", name="show local time").click()
            await expect(page.locator("#live")).to_contain_text("UTC+00:00.")
            await page.reload()
            await expect(page.get_by_role("button", name="show UTC")).to_be_visible()


async def test_the_button_that_is_needed_is_the_dominant_one(browser: Browser) -> None:
    """Approve while it is asked for, resume while it is paused, none while all is calm."""
    async with running() as web:
        put_behind(web, Past())
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            for changed, label in (
                ({"phase": "awaiting_approval"}, "Approve…"),
                ({"phase": "paused", "streaks": []}, "Resume…"),
                ({"phase": "watching", "streaks": []}, None),
            ):
                web.overview.change_watch(**changed)
                await shown.page.reload()
                await shown.page.locator(".watch").first.evaluate("one => { one.open = true; }")
                await expect(shown.page.locator(".body .actions button").first).to_be_visible()
                dominant = shown.page.locator(".body .actions .needed, .body .actions .main")
                await expect(dominant).to_have_count(1 if label else 0)
                if label:
                    await expect(dominant).to_have_text(label)
