"""A rollback whose database is far away: told before it is needed, and done in the end."""

from __future__ import annotations

import asyncio

import pytest

from monitor.plan import estimate
from monitor.ports import OutcomeKind, ProgressKind
from monitor.ports.patience import LockPolicy
from monitor.rollback.executor import Limits, RollbackExecutor
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    DROP_CONSTRAINT,
    RENAME,
    Heard,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    registered,
    rolled_back,
)

pytestmark = [pytest.mark.slow, pytest.mark.fault(43), pytest.mark.promise(23)]

THREE = b"ALTER TABLE contacts DROP COLUMN new_column; -- a remark\n" + DROP_CONSTRAINT + b";" + RENAME

CHECKS = 5
"""Until the median of the last round trips is of the present network."""


async def _checked(executor: RollbackExecutor, watch: object) -> tuple[tuple[str, ...], str]:
    for _ in range(CHECKS):
        found = await executor.ready(watch, full=True)  # type: ignore[arg-type]
    return found.codes, f"{found.reasons} {found.notes}"


@pytest.mark.parametrize("delay", [0.02, 0.08])
@pytest.mark.parametrize("down", [DROP_COLUMN, RENAME, THREE], ids=["column", "rename", "three"])
async def test_the_estimate_is_above_what_the_network_takes_and_below_twice_of_it(
    newest: Database, delay: float, down: bytes
) -> None:
    """Seconds under the lock, as the effect tells them, beside what readiness said."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, down)
    async with Proxy(dsn) as proxy, executing(proxy.dsn, Limits(max_locked=60)) as executor:
        proxy.delay = delay
        _, told = await _checked(executor, watch)
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    estimated = float(told.split("lock time ")[1].split(" s")[0])
    held = float(str(outcome.detail["locked_seconds"])) + delay  # COMMIT comes after it
    assert held < estimated + 0.1 < 2 * held + 0.2, (held, told)
    assert "round trips of" in told


async def test_too_far_away_is_not_ready_with_the_true_remedy_and_near_again_is_ready(
    newest: Database,
) -> None:
    """80 ms are near enough, 250 are not; then 0."""
    await build(newest.dsn)
    watch = await registered(newest.dsn, DROP_COLUMN)
    async with Proxy(newest.dsn) as proxy, executing(proxy.dsn, Limits()) as executor:
        proxy.delay = 0.08
        codes, told = await _checked(executor, watch)
        assert (codes, "round trips of 8" in told) == ((), True)
        proxy.delay = 0.25
        codes, told = await _checked(executor, watch)
        assert codes == ("locks_estimate",)
        assert "run the daemon nearer to the database, or raise max_locked" in told
        proxy.delay = 0.0
        assert (await _checked(executor, watch))[0] == ()


@pytest.mark.promise(4)
@pytest.mark.parametrize("delay", [0.15, 0.4])
async def test_a_network_that_becomes_slow_and_fast_again_costs_no_verdict(
    newest: Database, delay: float
) -> None:
    """The cap gives the locks back, people are told why, and with the network back it is done."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    limits = Limits(locks=LockPolicy(rest=0.02, rest_max=0.2, slow_rest=0.5), statement=1.0)
    async with Proxy(dsn) as proxy, executing(proxy.dsn, limits) as executor:
        await _checked(executor, watch)
        proxy.delay = delay
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(50):
            while ProgressKind.HINDERED not in heard.kinds():
                await asyncio.sleep(0.05)
        assert "new_column" in await columns(dsn)
        proxy.delay = 0.0
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    told = next(p.text for p in heard.progress if p.kind is ProgressKind.HINDERED)
    assert "the database answers slowly" in told


async def test_what_fails_of_statements_that_went_together_is_named_by_a_second_try(
    newest: Database,
) -> None:
    """The third of three; nothing took effect."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, THREE), Heard()
    async with connected(dsn) as c:
        await c.execute(
            "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF current_query() LIKE '%RENAME%' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'P0001'; END IF;"
            " END $$; CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('ALTER TABLE')"
            " EXECUTE FUNCTION no()"
        )
    async with Proxy(dsn) as proxy, executing(proxy.dsn) as executor:
        proxy.delay = 0.02
        await _checked(executor, watch)
        outcome = await rolled_back(executor, watch, heard)
    assert outcome.kind is OutcomeKind.FAILED
    assert "statement 3 (line 2)" in outcome.reason
    assert "again, one by one" in str([p.text for p in heard.progress])
    assert await ledger_rows(dsn) == 0


def test_the_sentence_for_too_long_names_the_larger_part_with_its_remedy() -> None:
    """Both parts are in the sum."""
    near, far = estimate.Network(14, 0.001), estimate.Network(14, 0.1)
    assert near.too_long(1.9, 2) == ""
    assert near.too_long(2.5, 2).startswith(
        "copying and scanning is estimated to hold the lock for 2.5 s, more"
    )
    told = far.too_long(1.5, 2)
    assert told.startswith("copying and scanning is estimated to hold the lock for 2.9 s, 1.4 s of it for 14")
    assert "--data-loss quarantine" in told
    assert "run the daemon nearer to the database" in far.too_long(0.9, 2)
    assert estimate.Network(0, 0.1).too_long(1, 2) == ""
