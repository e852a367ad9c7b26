"""The report on paper, by a real browser: samples are unfolded, a heading stays with its chart."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, expect

from monitor.report import page

METRIC = {"unit": "ratio", "limits": {"rollback_above": 0.01}}

SAMPLE = {"at": 5, "value": 0.06, "errors": 3.0, "requests": 50.0, "quiet": False, "reason": ""}

FIRING = {
    "rule": "error_rate.rollback", "metric": "error_rate", "at": 10, "since": 5, "limit": 0.01,
    "recorded": None, "recomputed": None, "agrees": None, "samples": [SAMPLE],
}  # fmt: skip

POINT = {"at": 5, "low": 0.06, "high": 0.06, "missing": 0, "quiet": 0}

DOCUMENT: Any = {
    "watch": {"id": "w", "migration": "m", "target": "shop", "mode": "auto", "started_at": 0,
              "verdict": "failed", "verdict_at": 10, "metrics": {"error_rate": METRIC}},
    "events": [], "alerts": [], "evidence": [FIRING], "worst": {}, "coverage": {}, "salvaged": [],
    "metrics": {"error_rate": [POINT]}, "since": 0, "until": 10, "step": 1, "generated_at": 20,
}  # fmt: skip


async def test_what_is_folded_on_the_screen_is_open_on_paper(browser: Browser) -> None:
    """Nobody can unfold a sheet."""
    sheet = await browser.new_page()
    await sheet.set_content(page(DOCUMENT))
    sample = sheet.locator("details td", has_text="6 %")
    assert not await sample.evaluate("cell => cell.checkVisibility({contentVisibilityAuto: true})")
    height = await sheet.locator("details").evaluate("folded => folded.offsetHeight")
    await sheet.emulate_media(media="print")
    await expect(sample).to_be_visible()
    assert await sheet.locator("details").evaluate("folded => folded.offsetHeight") > 2 * height
    inside = "figure => [getComputedStyle(figure).breakInside, figure.querySelectorAll('h3, svg').length]"
    assert await sheet.locator("figure.chart").evaluate(inside) == ["avoid", 2]
