"""Rehearsing a rollback: which plan, on which clone, and where the result is kept.

Needs no daemon. The registered text of an open watch is what is rehearsed; without a watch it is what
the files say. This file runs no statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import NotFound, OperatorError
from monitor.ports import Registry, Rehearsal, WatchRow
from monitor.rollback.plan import sha256_of, text_of
from monitor.rollback.rehearsal import Wanted, rehearse


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """What a person or a deploy asks for. `rollback`, `migration`: the files' bytes. `scratch`: a DSN."""

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
        sql = _rollback(request, watch)
        wanted = Wanted(
            stage.rollback_dsn, scratch, sql, request.migration,
            applied=watch is not None or request.migration is None,
            search_path=watch.plan.search_path if watch else "", bindirs=self._bindirs,
        )  # fmt: skip
        kept = await stage.registry.add_rehearsal(await rehearse(wanted))
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
            raise NotFound(f"{request.name!r} {which}: say which with --target")
        return names[0], None


def _rollback(request: RehearsalRequest, watch: WatchRow | None) -> bytes:
    """The text to rehearse. Raises OperatorError when there is none, or two different ones."""
    if watch is None:
        if request.rollback is None:
            raise OperatorError(
                f"no watch of {request.name!r} is open: give --rollback FILE, and before the migration "
                "--up FILE too"
            )
        return request.rollback
    if request.rollback is not None and sha256_of(text_of(request.rollback)) != watch.plan.sha256:
        raise OperatorError(
            f"watch {watch.id} is open with another rollback than --rollback: leave it out to rehearse the "
            "registered one"
        )
    return watch.plan.sql.encode()
