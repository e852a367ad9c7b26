"""Scripts that may not be a rollback: refused where they are registered, and nothing falls over."""

from __future__ import annotations

import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from tests.conftest import Database
from tests.rollbacks import ALLOWING, DROP_COLUMN, build, connected

HOSTILE: tuple[tuple[bytes, int | None], ...] = (
    (DROP_COLUMN + b";\nCOMMIT", 2),
    (b"COPY contacts FROM STDIN", 1),
    (DROP_COLUMN + b";\n\\i other.sql", 2),
    (b"SELECT\n\x00 1", 2),
    (b"", None),
    (b"SELECT " + b"1+" * 30_000 + b"1", None),
)
"""A script, and the line that is refused; None where no line is meant."""


@pytest.mark.fault(19)
async def test_a_script_that_can_not_be_a_rollback_is_refused_with_its_line(newest: Database) -> None:
    """Fault 19: COMMIT, COPY, a meta-command, NUL, nothing, 30,000 terms; the next one is read as ever."""
    await build(newest.dsn)
    for script, line in HOSTILE:
        with pytest.raises(PlanRefused) as refused:
            await prepare(newest.dsn, script, ALLOWING)
        assert refused.value.problems[0].line == line, script[:40]
    assert (await prepare(newest.dsn, DROP_COLUMN, ALLOWING)).statements
    async with connected(newest.dsn) as c:
        assert await c.fetchval("SELECT count(*) FROM migration_monitor.watch") == 0
