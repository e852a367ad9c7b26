"""A browser for each test; the daemon's stage is that of the scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.window import chromium
from tests.machine import CHROMIUM, has
from tests.scenarios.conftest import newest

__all__ = ["newest"]

collect_ignore_glob = [] if has(CHROMIUM) else ["test_*.py"]
"""Under CI `has` fails instead; elsewhere the last line of the run says what was left out."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, for this test alone."""
    async with chromium() as found:
        yield found
