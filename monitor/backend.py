"""The stored watches of all targets, as the command line and the HTTP interface ask for them.

Works with the daemon running or not: what it answers is what is stored. Everything here is JSON
ready to be shown; times are epoch seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from monitor.clock import utc_now
from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.errors import DatabaseError, DatabaseUnreachable, NotFound, OperatorError
from monitor.ports import (
    Control,
    EventRow,
    Json,
    Refused,
    Registered,
    Registry,
    ReportPage,
    SampleRow,
    Via,
    WatchRequest,
    WatchRow,
)
from monitor.present.watch import as_stored
from monitor.refused import SHOWN_FOR, refusal_of, refused_views
from monitor.report import STYLE_HASH, Source, gather, page
from monitor.requested import request_from
from monitor.showing import alert_view, chart_view, followed_until, window_of

log = structlog.get_logger()

WATCHES_LIMIT = 200
"""Watches listed per target, newest first."""

SAY_WHICH = "; if the watch is on another target, choose it with --target"

Register = Callable[[WatchRequest], Awaitable[Registered]]


class StoredWatches:
    """Implements Backend over one registry per target; `verify_for`: how long a rollback is watched on."""

    def __init__(
        self, registries: Mapping[str, Registry], register: Register, verify_for: Micros = 0
    ) -> None:
        self._registries = dict(registries)
        self._verify_for = verify_for
        self.add = register

    async def watches(self) -> Sequence[Json]:
        return (await self.listed())[0]

    async def listed(self) -> tuple[list[Json], list[str]]:
        """The watches, newest first, and the targets whose database did not answer; raises if none did."""
        rows, silent = await self._rows()
        return [view_of(row) for row in sorted(rows, key=lambda row: row.started_at, reverse=True)], silent

    async def watch(self, watch_id: str) -> Json | None:
        found = await self._by_id(watch_id)
        return None if found is None else view_of(found[1])

    async def samples(self, watch_id: str, since: float, limit: int) -> Sequence[Json]:
        registry, row = await self._require(watch_id)
        start = max(round(since * SECOND), row.started_at)
        until = 1 << 62 if row.verdict_at is None else followed_until(row) + 1
        return [sample_view(s) for s in await registry.samples(start, until, limit)]

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        registry, row = await self._require(watch_id)
        return [event_view(e) for e in await registry.events(row.id, after, limit)]

    async def changes(self, watch_id: str) -> Json | None:
        registry, row = await self._require(watch_id)
        return await registry.changes(row.id)

    async def changes_of(self, view: Json) -> Json | None:
        """The same for a watch that is known already."""
        return await self._registries[str(view["target"])].changes(str(view["id"]))

    async def report(self, watch_id: str) -> Json:
        return await self._gathered(await self._require(watch_id))

    async def report_page(self, watch_id: str) -> ReportPage:
        return ReportPage(page(await self.report(watch_id)), STYLE_HASH)

    async def report_named(self, name: str, target: str | None) -> Json:
        """The report of the latest watch of that migration, or the watch of that id. Raises NotFound."""
        return await self._gathered(await self._named(name, target))

    async def _gathered(self, found: tuple[Registry, WatchRow]) -> Json:
        registry, row = found
        return await gather(Source(registry, row, view_of(row), self._verify_for), utc_now())

    async def chart(self, watch_id: str, since: float, slots: int) -> Json:
        registry, row = await self._require(watch_id)
        window = window_of(row, round(since * SECOND), slots, utc_now())
        return chart_view(window, await registry.slots(*window))

    async def alerts(self, watch_id: str, limit: int) -> Sequence[Json]:
        registry, row = await self._require(watch_id)
        return [alert_view(a) for a in await registry.told(row.id, limit)]

    async def register(self, request: Json, by: str) -> tuple[Json, bool]:
        try:
            registered = await self.add(request_from(request))
        except OperatorError as e:
            await self.refuse(request.get("migration"), request.get("target"), e, by, Via.API)
            raise
        log.info("watch.registered", watch=registered.view.get("id"), new=registered.new, by=by)
        return {**registered.view, "notices": list(registered.notices)}, registered.new

    async def refuse(self, migration: object, target: object, e: OperatorError, by: str, via: Via) -> None:
        """Keeps a registration that was refused, where it is known for which target it was meant."""
        name = next(iter(self._registries)) if target is None and len(self._registries) == 1 else target
        registry = self._registries.get(name) if isinstance(name, str) else None
        if registry is None or not isinstance(migration, str):
            return
        try:
            await registry.add_refusal(refusal_of(migration, e, by, via))
        except DatabaseError as away:
            log.warning("registration.refusal_not_kept", target=name, reason=str(away))

    async def refused(self, silent: Sequence[str] = ()) -> Sequence[Json]:
        """Registrations that were refused within the last week, newest first, of targets that answer.

        `silent`: targets that are known not to.
        """
        since = utc_now() - SHOWN_FOR
        registries = {name: r for name, r in self._registries.items() if name not in silent}
        asked = (registry.refusals(since) for registry in registries.values())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        found: dict[str, Sequence[Refused]] = {}
        for target, answer in zip(registries, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, DatabaseError):
                    raise answer
                continue
            found[target] = answer
        return refused_views(found)

    async def control(self, watch_id: str, control: Control, by: str, reason: str) -> Json:
        registry, row = await self._require(watch_id)
        return view_of(await registry.control(row.id, control, by=by, reason=reason))

    async def named(self, name: str, target: str | None) -> Json:
        """The latest watch of that migration, or the watch of that id. Raises NotFound."""
        return view_of((await self._named(name, target))[1])

    async def control_named(
        self, name: str, target: str | None, control: Control, by: str, reason: str
    ) -> Json:
        registry, row = await self._named(name, target)
        return view_of(await registry.control(row.id, control, by=by, reason=reason))

    async def _rows(self) -> tuple[list[WatchRow], list[str]]:
        asked = (registry.watches(WATCHES_LIMIT) for registry in self._registries.values())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        rows: list[WatchRow] = []
        silent: dict[str, DatabaseError] = {}
        for target, answer in zip(self._registries, answers, strict=True):
            if isinstance(answer, DatabaseError):
                silent[target] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                rows += answer
        if silent and len(silent) == len(answers):
            raise next(iter(silent.values()))
        for target, error in silent.items():
            log.warning("backend.target_unreachable", target=target, reason=str(error))
        return rows, list(silent)

    async def _named(self, name: str, target: str | None) -> tuple[Registry, WatchRow]:
        if target is not None and target not in self._registries:
            raise NotFound(f"no target {target!r}: the configuration has {', '.join(self._registries)}")
        registries = {t: r for t, r in self._registries.items() if target in {None, t}}
        found, silent = await _look_for(registries, name)
        if silent is not None and all(row.id != name for _, row in found):
            raise silent  # the watch that is meant may be there; an id is nobody else's
        if not found:
            raise NotFound(f"no watch of {name!r}: {await self._why_not(name)}")
        if len(found) > 1:
            targets = ", ".join(row.target for _, row in found)
            raise NotFound(f"{name!r} is watched on {targets}: choose one with --target")
        return found[0]

    async def _why_not(self, name: str) -> str:
        """Why there is no watch of that name, as far as it is known."""
        reasons = [one["reasons"] for one in await self.refused() if one["migration"] == name]
        if not reasons:
            return "`migration-monitor status` lists what is watched"
        why: Any = reasons[0]
        return f"its registration was refused ({'; '.join(why)})"

    async def _by_id(self, watch_id: str) -> tuple[Registry, WatchRow] | None:
        found, silent = await _look_for(self._registries, watch_id)
        for registry, row in found:
            if row.id == watch_id:
                return registry, row
        if silent is not None:
            raise silent
        return None

    async def _require(self, watch_id: str) -> tuple[Registry, WatchRow]:
        found = await self._by_id(watch_id)
        if found is None:
            raise NotFound(f"no watch {watch_id!r}")
        return found


async def _look_for(
    registries: Mapping[str, Registry], name: str
) -> tuple[list[tuple[Registry, WatchRow]], DatabaseError | None]:
    """Asks every target at once; what was found, and why a target could not answer if one could not."""
    answers = await asyncio.gather(*(r.find(name) for r in registries.values()), return_exceptions=True)
    found: list[tuple[Registry, WatchRow]] = []
    silent: DatabaseError | None = None
    for (target, registry), answer in zip(registries.items(), answers, strict=True):
        if isinstance(answer, DatabaseError):
            silent = DatabaseUnreachable(f"target {target}: {answer}{SAY_WHICH if len(answers) > 1 else ''}")
        elif isinstance(answer, BaseException):
            raise answer
        elif answer is not None:
            found.append((registry, answer))
    return found, silent


def view_of(row: WatchRow) -> Json:
    """The watch as JSON: as the daemon last saw it, else as it was registered."""
    return as_stored(row, utc_now())


def sample_view(sample: SampleRow) -> Json:
    return {
        "at": seconds(sample.at),
        "metric": sample.metric,
        "value": sample.value,
        "reason": sample.reason,
        "quiet": sample.quiet,
        "errors": sample.errors,
        "requests": sample.requests,
    }


def event_view(event: EventRow) -> Json:
    return {"id": event.id, "at": seconds(event.at), "kind": event.kind, "detail": event.detail}
