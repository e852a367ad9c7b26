"""Rehearsing a rollback: which plan, on which clone, and where the result is kept.

Needs no daemon. The registered text of an open watch is what is rehearsed; without a watch it is what
the files say. This file runs no statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.errors import NotFound, OperatorError, PlanRefused
from monitor.history.source import History, NoHistory
from monitor.history.ups import up_of, up_part
from monitor.ports import Down, Registry, Rehearsal, WatchRow
from monitor.registration import located
from monitor.rehearsal.rehearsing import Wanted, rehearse
from monitor.schema.before import Before
from monitor.schema.before import from_json as before_from


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """What a person or a deploy asks for. `rollback`, `migration`: the files' bytes, else the migration
    tool's files are asked. `scratch`: a DSN."""

    name: str
    target: str | None = None
    rollback: bytes | None = None
    migration: bytes | None = None
    scratch: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """What rehearsing needs of one target. The DSNs are used, never shown."""

    registry: Registry
    rollback_dsn: str
    scratch_dsn: str | None
    history: History = field(default_factory=NoHistory)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal that is kept, and what it was of. `watch_id`: the open watch's, if there is one."""

    migration: str
    target: str
    watch_id: str | None
    rehearsal: Rehearsal


class Rehearser:
    """Rehearses on the configured targets. `bindirs`: where PostgreSQL's programs may be."""

    def __init__(self, stages: Mapping[str, Stage], bindirs: tuple[Path, ...]) -> None:
        self._stages = dict(stages)
        self._bindirs = bindirs

    async def rehearse(self, request: RehearsalRequest) -> Rehearsed:
        """Raises OperatorError (PlanRefused, NotFound) or DatabaseError; nothing is kept then."""
        target, watch = await self._found(request)
        stage = self._stages[target]
        scratch = request.scratch or stage.scratch_dsn
        if scratch is None:
            raise OperatorError(
                f"no scratch server is named: give --scratch, or targets.{target}.database.scratch_dsn"
            )
        down = await asyncio.to_thread(_rollback, request, watch, stage.history)
        up = await asyncio.to_thread(_migration, request, down)
        before = _before(watch)
        wanted = Wanted(
            stage.rollback_dsn, scratch, down.sql, up, applied=watch is not None or up is None,
            search_path=watch.plan.search_path if watch else "", before=before.objects if before else None,
            touched=before.touched if before else frozenset(), bindirs=self._bindirs,
        )  # fmt: skip
        try:
            found = await rehearse(wanted)
        except PlanRefused as e:
            raise located(e, down) from None
        kept = await stage.registry.add_rehearsal(found)
        name = watch.migration if watch else request.name
        return Rehearsed(name, target, watch.id if watch else None, kept)

    async def _found(self, request: RehearsalRequest) -> tuple[str, WatchRow | None]:
        """The target, and the open watch of that name on it."""
        if request.target is not None and request.target not in self._stages:
            raise NotFound(f"no target {request.target!r}: the configuration has {', '.join(self._stages)}")
        names = [n for n in self._stages if request.target in {None, n}]
        rows = await asyncio.gather(*(self._stages[n].registry.find(request.name) for n in names))
        watched = {n: row for n, row in zip(names, rows, strict=True) if row is not None and not row.verdict}
        if len(watched) == 1:
            return next(iter(watched.items()))
        if watched or len(names) > 1:
            which = f"is watched on {', '.join(watched)}" if watched else f"may be on {', '.join(names)}"
            raise NotFound(f"{request.name!r} {which}: choose one with --target")
        return names[0], None


def _rollback(request: RehearsalRequest, watch: WatchRow | None, history: History) -> Down:
    """The text to rehearse. Raises OperatorError when there is none, or two different ones."""
    if watch is None:
        return history.down(request.name, request.rollback)
    registered = _given(watch)
    if request.rollback is None:
        return _in_its_file(watch.migration, registered, history)
    given = history.down(watch.migration, request.rollback)
    if given.sql != registered:
        raise OperatorError(
            f"watch {watch.id} is open with another rollback than --rollback: leave it out to rehearse the "
            "registered one"
        )
    return given


def _given(watch: WatchRow) -> bytes:
    """As it was written: what a quarantine makes of it names what only the target has."""
    plan: Mapping[str, Any] = watch.plan.plan
    return str(plan.get("given", watch.plan.sql)).encode()


def _before(watch: WatchRow | None) -> Before | None:
    """The schema that the watch was registered with, if one was."""
    fingerprint: Mapping[str, Any] = watch.plan.fingerprint if watch else {}
    before = before_from(fingerprint["before"]) if "before" in fingerprint else None
    return before if before and before.readable else None


def _in_its_file(migration: str, registered: bytes, history: History) -> Down:
    """With the file it stands in, if the migration tool's files still say the same."""
    try:
        found = history.down(migration, None)
    except OperatorError:
        return Down(registered)
    return found if found.sql == registered else Down(registered)


def _migration(request: RehearsalRequest, down: Down) -> bytes | None:
    """The migration's SQL: as given, else from the file of its rollback or the one beside it."""
    return up_of(down.file) if request.migration is None else up_part(request.migration)
