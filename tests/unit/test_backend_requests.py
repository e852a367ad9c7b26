"""What a program may write into the body of a registration."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from monitor.core.samples import SECOND
from monitor.errors import OperatorError
from monitor.requested import LATEST, request_from


def body(**more: Any) -> dict[str, Any]:
    return {"migration": "m", "rollback": "SELECT 1", **more}


@pytest.mark.parametrize("started_at", [True, -1, inf, -inf, LATEST + 1, 10**400])
def test_a_moment_that_is_none_is_refused(started_at: float) -> None:
    """In one sentence; `1e400` in JSON is infinite."""
    with pytest.raises(OperatorError, match="started_at"):
        request_from(body(started_at=started_at))


@pytest.mark.parametrize("started_at", [0, 1_800_000_000.5, LATEST])
def test_a_moment_is_taken_in_microseconds(started_at: float) -> None:
    """Fractions of a second count."""
    assert request_from(body(started_at=started_at)).started_at == round(started_at * SECOND)


def test_half_a_surrogate_pair_is_refused() -> None:
    """JSON can write one, UTF-8 and PostgreSQL can't hold it."""
    with pytest.raises(OperatorError, match="surrogate"):
        request_from(body(rollback="SELECT '\ud800'"))


def test_without_a_rollback_it_is_read_from_the_tools_files() -> None:
    """Where a migration tool is configured; else registering says what is missing."""
    assert request_from({"migration": "m"}).rollback is None
    with pytest.raises(OperatorError, match="migration is missing"):
        request_from({"rollback": "SELECT 1"})
