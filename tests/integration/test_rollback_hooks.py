"""Hooks before a rollback, on a real database: when they are called, and what a failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.ports import OutcomeKind, ProgressKind
from monitor.ports.hooks import Call, HookResult
from monitor.rollback.executor import Limits, RollbackExecutor
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    FAST,
    Heard,
    build,
    columns,
    event_kinds,
    order,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner


class Scripted:
    """Hooks that answer as they are told, and remember what they saw."""

    def __init__(self, dsn: str, *answers: Sequence[HookResult]) -> None:
        self.dsn = dsn
        self.answers = list(answers)
        self.calls: list[Call] = []
        self.events: list[list[str]] = []

    async def run(self, call: Call) -> Sequence[HookResult]:
        self.calls.append(call)
        self.events.append(await event_kinds(self.dsn))
        assert "new_column" in await columns(self.dsn)
        return self.answers.pop(0) if self.answers else ()

    def faults(self) -> Sequence[str]:
        return ["before_rollback[0].command: it is not there"]


def _executor(dsn: str, hooks: Scripted) -> RollbackExecutor:
    return RollbackExecutor(dsn, "shop", Limits(locks=FAST, allow_superuser="postgres"), hooks=hooks)


FINE, BROKEN = (
    HookResult("before_rollback[0].webhook", 0.1),
    HookResult("before_rollback[0].webhook", 0.1, "status 503"),
)
STOPS = HookResult("before_rollback[0].webhook", 0.1, "status 503", stops=True)


async def test_a_hook_that_must_succeed_is_asked_until_it_does(database: Database) -> None:
    """After the intent, before any statement, under one key; told once, and resolved."""
    await build(database.dsn)
    watch, heard = await registered(database.dsn, DROP_COLUMN), Heard()
    hooks = Scripted(database.dsn, [STOPS], [FINE])
    executor = _executor(database.dsn, hooks)
    assert "hook" in (await executor.ready(watch, full=True)).codes
    outcome = await rolled_back(executor, watch, heard)
    await executor.aclose()
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert heard.kinds() == [ProgressKind.INTENT, ProgressKind.HOOK_BLOCKS, ProgressKind.HOOK_PULLED]
    assert len({call.key for call in hooks.calls}) == 1
    assert hooks.events == [["intent"], ["intent"]]


async def test_a_hook_that_warns_does_not_stop_the_rollback(database: Database) -> None:
    """It is said."""
    await build(database.dsn)
    watch, heard = await registered(database.dsn, DROP_COLUMN), Heard()
    executor = _executor(database.dsn, Scripted(database.dsn, [BROKEN]))
    outcome = await rolled_back(executor, watch, heard)
    await executor.aclose()
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert heard.kinds() == [ProgressKind.INTENT, ProgressKind.HOOK_FAILED]


async def test_while_a_hook_blocks_a_breach_that_ends_withdraws_the_rollback(database: Database) -> None:
    """No statement was sent; the intent is gone."""
    await build(database.dsn)
    watch, heard = await registered(database.dsn, DROP_COLUMN), Heard()
    executor = _executor(database.dsn, Scripted(database.dsn, [STOPS], [STOPS]))
    wanted = lambda: ProgressKind.HOOK_BLOCKS not in heard.kinds()  # noqa: E731 - one use
    outcome = await asyncio.wait_for(rolled_back(executor, watch, heard, wanted), 20)
    await executor.aclose()
    assert outcome.kind is OutcomeKind.WITHDRAWN
    assert await event_kinds(database.dsn) == ["intent", "intent_withdrawn"]
    assert "new_column" in await columns(database.dsn)


async def test_a_persons_order_that_a_hook_stops_is_given_back(database: Database) -> None:
    """No breach of it could end, and its intent refuses pause and cancel."""
    await build(database.dsn)
    watch, heard = await registered(database.dsn, DROP_COLUMN), Heard()
    limits = Limits(locks=replace(FAST, budget=0.5), allow_superuser="postgres")
    executor = RollbackExecutor(database.dsn, "shop", limits, hooks=Scripted(database.dsn, *[[STOPS]] * 9))
    asked = order(watch, "dba")
    outcome = await asyncio.wait_for(executor.execute(asked, lambda: True, heard), 20)
    await executor.aclose()
    assert outcome.kind is OutcomeKind.WITHDRAWN
    assert "hook" in outcome.reason
    assert await event_kinds(database.dsn) == ["intent", "intent_withdrawn"]
