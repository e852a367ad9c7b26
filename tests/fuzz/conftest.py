"""Nothing of these tests is left behind: their loop is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.canned import LOOP


@pytest.fixture(scope="session", autouse=True)
def _loop_ends() -> Iterator[None]:
    yield
    LOOP.close()
