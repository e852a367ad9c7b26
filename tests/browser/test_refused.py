"""What the page tells of refused registrations, and of what waits behind our own statements."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_page import NOW, Past, metric, put_behind
from tests.browser.window import window
from tests.site import WATCH, running

pytestmark = pytest.mark.slow

REFUSED: dict[str, Any] = {
    "target": "shop",
    "migration": "0043_drop_legacy",
    "at": NOW - 600,
    "by": "ci@runner-7",
    "via": "pipeline",
    "reasons": ["line 3: `COMMIT` ends the transaction: leave it out", "<b>no markup</b>"],
    "times": 3,
    "watched_since": False,
    "watched": False,
}


async def test_a_refused_registration_is_named_until_the_migration_is_watched(browser: Browser) -> None:
    """With who asked and why; one that was registered after all is not shown."""
    async with running() as web:
        put_behind(web, Past())
        web.backend.refusals = [REFUSED, {**REFUSED, "migration": "0044_done", "watched_since": True}]
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            box = shown.page.locator("#refused .refused")
            await expect(box).to_have_count(1)
            await expect(box).to_contain_text("0043_drop_legacy on shop is NOT watched")
            await expect(box).to_contain_text("refused, 3 times, last at")
            await expect(box).to_contain_text("by a pipeline (ci@runner-7)")
            await expect(box.locator("li")).to_have_text(REFUSED["reasons"])
            await shown.looks("15-refused")


async def test_what_waits_behind_a_rollback_is_told_as_ours_in_part(browser: Browser) -> None:
    """At the value, and where it stands who is in the rollback's way."""
    said = (
        "response_time is partly caused by the rollback: the rollback is waiting for its locks or holds them"
    )
    attempt = {"kind": "blocked", "told": ["pid 7 (report, active, for 3 s)"], "sentence": "It waits."}
    slow = {**metric(900.0), "unit": "ms", "normal": False, "in_part_ours": True}
    async with running() as web:
        put_behind(web, Past())
        web.overview.change_watch(
            phase="rolling_back", attempt=attempt, ours={"metrics": ["response_time"], "said": said},
            metrics={**WATCH["metrics"], "response_time": {**WATCH["metrics"]["response_time"], **slow}},
        )  # fmt: skip
        async with window(browser, f"http://127.0.0.1:{web.port}/") as shown:
            await expect(shown.page.locator(".ready .ours")).to_have_text(f"{said}.")
            await expect(
                shown.page.locator("figure").filter(has_text="partly caused by the rollback")
            ).to_have_count(1)
            await shown.looks("16-ours")
