"""The hooks before a rollback: called once its intent is committed, before any statement of the plan.

A hook that may stop the rollback is asked again with each try, under the same key, until it succeeds or
the rollback is no longer needed. This file sends nothing to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.ports import Order, Progress, ProgressKind
from monitor.ports.hooks import Call, HookResult, Hooks, Moment

FIRST_REST, LONGEST_REST = 1.0, 30.0
"""Seconds until a hook that failed is asked again, doubled each time."""

HOOK_STOPS = "a hook that must succeed first did not within lock_budget: fix it, then ask again"
"""Why a person's order is given back."""


class HookBlocksError(Exception):
    """A hook failed that must succeed first; `rest`: seconds until it is asked again."""

    def __init__(self, rest: float) -> None:
        self.rest = rest
        super().__init__("a hook must succeed first")


@dataclass(slots=True)
class BeforeHooks:
    """Those of one order."""

    hooks: Hooks
    order: Order
    report: Callable[[Progress], None]
    done: bool = False
    failures: int = 0

    async def run(self) -> None:
        """Until they are done. Raises HookBlocksError; it is reported at its first failure only."""
        if self.done:
            return
        results = await self.hooks.run(call_of(self.order))
        stopped = any(one.stops for one in results)
        if results and (not stopped or not self.failures):
            self.report(_said(results, stopped))
        if stopped:
            self.failures += 1
            raise HookBlocksError(min(FIRST_REST * 2.0 ** (self.failures - 1), LONGEST_REST))
        self.done = True


def call_of(order: Order) -> Call:
    """The decision is the streak or the person's request: the same after a restart."""
    watch = order.watch
    decision = f"{order.rule}/{order.since}"
    return Call(Moment.BEFORE, watch.id, watch.target, watch.migration, order.rule, decision)


def _said(results: Sequence[HookResult], stopped: bool) -> Progress:
    failed = [one for one in results if not one.ok]
    kind = ProgressKind.HOOK_PULLED
    if failed:
        kind = ProgressKind.HOOK_BLOCKS if stopped else ProgressKind.HOOK_FAILED
    hooks = [{"hook": p.name, "ok": p.ok, "why": p.why, "seconds": p.seconds} for p in results]
    return Progress(kind, "; ".join(str(one) for one in failed or results), {"hooks": hooks})
