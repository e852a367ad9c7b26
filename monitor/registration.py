"""Registering a watch: the plan is prepared against the live database, then stored with its times.

Used by the command line and by the HTTP interface; needs no daemon to be running.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import cast

from monitor.backend import view_of
from monitor.core.state import new_state
from monitor.core.thresholds import Mode, Policy
from monitor.core.view import metrics_view
from monitor.errors import NotFound, OperatorError, PlanRefused, Problem
from monitor.history.source import History, NoHistory
from monitor.plan import take_fingerprint
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, nothing, prepare
from monitor.ports import (
    NO_ROLLBACK,
    Down,
    Json,
    Registered,
    Registration,
    Registry,
    StoredPlan,
    WatchRequest,
    WatchRow,
    is_bad,
)
from monitor.present.rehearsals import rehearsal_told
from monitor.present.watch import with_units
from monitor.rehearsal.schema_before import document_of
from monitor.schema import fingerprint_file
from monitor.schema.fingerprint_file import Document
from monitor.starting import beginning_of, seen_by_daemon
from monitor.units import Kind

HALF = "CAUTION: the plan has statements outside a transaction, so a failure midway leaves it partly done"


@dataclass(frozen=True, slots=True)
class TargetDesk:
    """What registering needs of one target. `max_locked`: seconds; `allow_superuser`: a role's name."""

    registry: Registry
    policy: Policy
    rollback_dsn: str
    max_locked: float
    allow_superuser: str = ""
    history: History = field(default_factory=NoHistory)
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    def view_of(self, row: WatchRow) -> Json:
        """The watch as JSON; one that no daemon has seen has its metrics without a value yet."""
        view = view_of(row)
        if row.view is not None:
            return view
        unseen = metrics_view(self.policy, new_state(self.policy, row.started_at, row.mode))
        return {**view, "metrics": with_units(unseen, self.kinds)}


class Registrar:
    """Registers watches on the configured targets."""

    def __init__(self, desks: Mapping[str, TargetDesk]) -> None:
        self._desks = dict(desks)

    async def register(self, request: WatchRequest) -> Registered:
        """Raises PlanRefused, NotFound, OperatorError or DatabaseError; nothing is stored then."""
        name, desk = self._desk(request.target)
        if request.no_rollback:
            return await _without_rollback(request, name, desk)
        down = await asyncio.to_thread(desk.history.down, request.migration, request.rollback)
        data_loss = _data_loss(request.data_loss)  # what is wrong with the input first, then the database
        before, said = await _before(request, down, desk)
        given_at = before.taken_at if before is not None and request.before is not None else None
        options = Options(
            data_loss, request.accept_loss, request.allow_opaque, desk.max_locked,
            desk.allow_superuser, down.bookkeeping, before,
        )  # fmt: skip
        try:
            prepared = await prepare(desk.rollback_dsn, down.sql, options)
        except PlanRefused as e:
            raise located(e, down) from None
        started, why = await beginning_of(
            desk.policy, desk.rollback_dsn, request.started_at, given_at, down.bookkeeping
        )
        row, new = await desk.registry.register(
            Registration(
                request.migration, name, request.mode, started, started + desk.policy.success_after,
                prepared.stored,
            )
        )  # fmt: skip
        kept = () if new else (*_other_options(row, request), *_kept(row.plan, prepared.stored))
        begins = (why,) if new and why else ()
        row = await seen_by_daemon(desk.registry, row)
        notices = (*kept, *begins, *prepared.warnings, *prepared.notices, *said, _rehearsed(row))
        return Registered(desk.view_of(row), new, notices)

    async def fingerprint(self, target: str | None) -> tuple[str, bytes]:
        """The target's name, and the fingerprint of its whole schema as a file's bytes."""
        name, desk = self._desk(target)
        return name, fingerprint_file.dump(await take_fingerprint.take(desk.rollback_dsn))

    def _desk(self, target: str | None) -> tuple[str, TargetDesk]:
        names = ", ".join(self._desks)
        if target is None and len(self._desks) > 1:
            raise NotFound(f"several targets are configured ({names}): choose one with --target")
        name = next(iter(self._desks)) if target is None else target
        if name not in self._desks:
            raise NotFound(f"no target {name!r}: the configuration has {names}")
        return name, self._desks[name]


async def _without_rollback(request: WatchRequest, target: str, desk: TargetDesk) -> Registered:
    """A watch that only alerts, since its migration can't be taken back."""
    useless = {
        "--rollback": request.rollback is not None,
        f"--mode {request.mode}": request.mode is Mode.APPROVE,
        "--data-loss": request.data_loss != DataLoss.SALVAGE,
        "--accept-loss": bool(request.accept_loss),
        "--allow-opaque": request.allow_opaque,
        "--before": request.before is not None,
    }
    if given := ", ".join(option for option, is_given in useless.items() if is_given):
        raise OperatorError(f"--no-rollback leaves nothing to do for {given}: leave out one or the other")
    plan = await nothing(desk.rollback_dsn, Options(allow_superuser=desk.allow_superuser))
    started, why = await beginning_of(desk.policy, desk.rollback_dsn, request.started_at, None, None)
    row, new = await desk.registry.register(
        Registration(
            request.migration, target, Mode.OBSERVE, started, started + desk.policy.success_after, plan
        )
    )
    row = await seen_by_daemon(desk.registry, row)
    begins = (why,) if new and why else ()
    return Registered(desk.view_of(row), new, (*begins, str(NO_ROLLBACK)))


def located(e: PlanRefused, down: Down) -> PlanRefused:
    """The same refusal, with the lines of the file that the SQL was read from."""
    return PlanRefused(
        [
            Problem(
                p.where or (down.file if p.line else ""), p.what, down.line_of(p.line) if p.line else None
            )
            for p in e.problems
        ]
    )


def _other_options(row: WatchRow, request: WatchRequest) -> tuple[str, ...]:
    """An open watch is the same by its SQL; what else was asked for this time is not taken in."""
    plan = row.plan.plan
    asked = {
        "--mode": (row.mode.value, request.mode.value),
        "--data-loss": (plan.get("data_loss"), request.data_loss),
        "--accept-loss": (plan.get("accept_loss"), list(request.accept_loss)),
        "--allow-opaque": (plan.get("allow_opaque"), request.allow_opaque),
    }
    other = ", ".join(option for option, (was, now) in asked.items() if was != now)
    said = f"the open watch keeps the options it was registered with, not this {other}: "
    return (f"{said}cancel it and register it again",) if other else ()


def _kept(stored: StoredPlan, given: StoredPlan) -> tuple[str, ...]:
    """The open watch stays as it is; a fingerprint that it was not registered with is not taken in."""
    was, asked = (_packed(plan.fingerprint) for plan in (stored, given))
    if asked is None or asked == was:
        return ()
    return (
        "the open watch keeps what it was registered with, not this fingerprint from before the migration: "
        "cancel it and register it again",
    )


def _packed(fingerprint: Json) -> object:
    before = fingerprint.get("before")
    return before.get("packed") if isinstance(before, Mapping) else None


async def _before(
    request: WatchRequest, down: Down, desk: TargetDesk
) -> tuple[Document | None, tuple[str, ...]]:
    """The schema before the migration: as given, else as a rehearsal saw it; with a notice."""
    if request.before is not None:
        return fingerprint_file.parse(request.before), ()
    rehearsed = await desk.registry.rehearsal(hashlib.sha256(down.sql).hexdigest())
    found, said = await document_of(rehearsed, desk.rollback_dsn)
    return found, (said,) if said else ()


def _rehearsed(row: WatchRow) -> str:
    """What people should know of the plan's rehearsal before they rely on the rollback."""
    summary = row.controls.rehearsal
    if is_bad(summary):
        return f"DO NOT RELY ON THIS ROLLBACK: {rehearsal_told(summary)}"
    if summary is None:
        said = f"{rehearsal_told(None)}: `migration-monitor rehearse {quote(row.migration)}` does it"
        return f"{HALF}; {said}" if _in_parts(row.plan) else said
    return rehearsal_told(summary)


def _in_parts(plan: StoredPlan) -> bool:
    """Whether something of it takes effect before the rest, because it can't be in a transaction."""
    statements = cast(list[Mapping[str, object]], plan.plan["statements"])
    return len(statements) > 1 and not all(s["transactional"] for s in statements)


def _data_loss(text: str) -> DataLoss:
    try:
        return DataLoss(text)
    except ValueError:
        raise OperatorError(f"no data-loss mode {text!r}: use {', '.join(DataLoss)}") from None
