"""A real Chromium looking at the page: what it asked for, what its policy refused, what it drew."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Request, async_playwright

from tests.machine import CHROMIUM, browser, missing

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
"""Screenshots of the runs; not in the repository."""

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")

VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));
"""

DESK, PHONE = (1180, 900), (390, 844)
"""Widths and heights in CSS pixels."""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own, closed at the end of the block."""
    path = browser()
    assert path, missing(CHROMIUM)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield started
        finally:
            await started.close()


@dataclass
class Window:
    """One page, and everything that went wrong in it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def heed(self) -> None:
        """From now on."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.elsewhere.append(request.url)

    async def shot(self, name: str, *, whole: bool = True) -> Path:
        """A screenshot in ARTEFACTS."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=whole)
        return path

    async def looks(self, name: str) -> None:
        """As it is on a desk in the light and in the dark, and on a phone."""
        for scheme, size in (("light", DESK), ("dark", DESK), ("phone", PHONE)):
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await self.page.set_viewport_size({"width": size[0], "height": size[1]})
            await self.page.wait_for_timeout(300)
            await self.shot(f"{name}-{scheme}")
            assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), scheme
            unfit = await self.unfit()
            assert unfit == [], unfit
        await self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        await self.page.emulate_media(color_scheme="light")

    async def unfit(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA and its best practices."""
        found: dict[str, Any] = await self.page.evaluate(f"(() => {{{AXE}}})(); axe.run(document)")
        return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]

    async def blame(self) -> list[str]:
        """Errors of scripts, refusals by the policy, requests to anyone else."""
        return [*self.errors, *await self.page.evaluate("window.violations"), *self.elsewhere]


@contextlib.asynccontextmanager
async def window(browser: Browser, url: str) -> AsyncIterator[Window]:
    """A fresh profile at `url`. At the end nothing may have gone wrong."""
    context = await browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="en-GB")
    page = await context.new_page()
    await page.add_init_script(VIOLATIONS)
    shown = Window(page, url)
    shown.heed()
    try:
        await page.goto(url)
        yield shown
        blame = await shown.blame()
        assert blame == [], blame
    finally:
        await context.close()
