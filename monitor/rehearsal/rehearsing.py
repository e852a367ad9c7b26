"""Rehearses a rollback on a clone of the schema: down, up and down again, or up, down and up.

The target is only read, and its rows not even that. What was learnt is a Rehearsal; storing it is not for
this file. Where nothing could be learnt (no tool, no scratch database, a clone that is not complete) it
raises OperatorError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor import pg
from monitor.errors import OperatorError
from monitor.pg import Connection
from monitor.ports import Rehearsal
from monitor.rehearsal import measured_run as rehearsal_run
from monitor.rehearsal import outcome, pg_dump
from monitor.rehearsal import schema_before as rehearsal_before
from monitor.rehearsal.clone import LOOK_DEADLINE, refuse_lacking, restore
from monitor.rehearsal.missing_extensions import Omitted
from monitor.rehearsal.outcome import Phase, Story
from monitor.rehearsal.pieces import Piece, migration_pieces, rollback_pieces
from monitor.rehearsal.scratch import Scratch, place_of, scratch_database
from monitor.rehearsal.shape import explicit_path, shape_of, unlike
from monitor.schema import catalogue, whole
from monitor.schema.whole import Objects


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is rehearsed. `applied`: the migration is in the target, so that the clone has it.

    `search_path`: as registered, else the role's own. `before`: the schema before the migration, when it
    was registered, of which `touched` must come back, and whatever the rollback changes.
    `bindirs`: where PostgreSQL's programs may be.
    """

    target_dsn: str
    scratch_dsn: str
    rollback: bytes
    migration: bytes | None
    applied: bool
    search_path: str = ""
    before: Objects | None = None
    touched: frozenset[str] = frozenset()
    bindirs: tuple[Path, ...] = ()


async def rehearse(wanted: Wanted) -> Rehearsal:
    """Raises PlanRefused or OperatorError when there is nothing to say, DatabaseError for a lost server."""
    down = await rollback_pieces(wanted.rollback)
    up = None if wanted.migration is None else await migration_pieces(wanted.migration)
    target = await pg.connect(wanted.target_dsn, name="rehearsal", default_transaction_read_only="on")
    try:
        place = await place_of(target, "rollback_dsn")
        dumper = await pg_dump.find(wanted.bindirs, place.major)
        async with scratch_database(wanted.scratch_dsn, place) as scratch:
            texts = "\n".join(piece.text for piece in (*down, *(up or ())))
            live, path, left_out = await _clone(wanted, target, scratch, dumper, texts)
            story = Story(place.major, scratch.major, wanted.applied, notes=left_out.notes)
            clone = _Clone(scratch, {k: e for k, e in live.items() if k in left_out.labels})
            await _play(story, clone, live, _acts(wanted, down, up), path)
    finally:
        await pg.close(target)
    before = rehearsal_before.to_json(place.major, place.system, place.name, live)
    return outcome.rehearsal_of(story, wanted.rollback, wanted.migration, before)


async def _clone(
    wanted: Wanted, target: Connection, scratch: Scratch, dumper: pg_dump.Dumper, texts: str
) -> tuple[Objects, str, Omitted]:
    """Dumps and plays the schema; the fingerprint of what was dumped, the search_path to play under, and
    which extensions the clone is without.
    """
    async with pg.translated("looking at the target"), asyncio.timeout(LOOK_DEADLINE):
        server = await catalogue.identity(target)
    connection = await pg.connect(scratch.dsn, name="rehearsal")
    try:
        left_out = await refuse_lacking(target, connection, texts)
        live = await shape_of(target)
        schema = await pg_dump.dump(dumper, wanted.target_dsn)
        if whole.differences(live, await shape_of(target)):
            raise OperatorError("the target's schema changed while it was dumped: rehearse again")
        await restore(connection, left_out.without(schema))
    finally:
        await pg.close(connection)
    return live, explicit_path(wanted.search_path or server.search_path, server.role), left_out


@dataclass(frozen=True, slots=True)
class _Clone:
    """Where it is played. `left_out`: what it is without, and is taken as it is in the target."""

    scratch: Scratch
    left_out: Objects

    async def shape(self) -> Objects:
        connection = await pg.connect(self.scratch.dsn, name="rehearsal")
        try:
            return await shape_of(connection) | self.left_out
        finally:
            await pg.close(connection)


@dataclass(frozen=True, slots=True)
class _Act:
    """One run. `again`: the number of the state it must lead back to (0: the clone), if any."""

    what: str
    pieces: Sequence[Piece]
    again: int | None
    before: Objects | None = None  # what it must lead back to, if it is known from elsewhere
    touched: frozenset[str] = frozenset()


def _acts(wanted: Wanted, down: Sequence[Piece], up: Sequence[Piece] | None) -> list[_Act]:
    if up is None:
        return [_Act("rollback", down, None, wanted.before, wanted.touched)]
    if wanted.applied:
        first = _Act("rollback", down, None, wanted.before, wanted.touched)
        return [first, _Act("migration", up, 0), _Act("rollback", down, 1)]
    return [_Act("migration", up, None), _Act("rollback", down, 0), _Act("migration", up, 1)]


async def _play(story: Story, clone: _Clone, live: Objects, acts: Sequence[_Act], path: str) -> None:
    """Acts in order, up to the first that fails."""
    scratch = clone.scratch
    story.states.append(await clone.shape())
    if scratch.major == story.server_major and (lost := unlike(live, story.states[0], of_target=True)):
        story.notes.append(f"the clone differs from the target: {'; '.join(lost[:3])}")
    for act in acts:
        ran = await rehearsal_run.run(scratch.dsn, act.pieces, path)
        failed = ran[-1].failure is not None
        if failed and not story.phases and act.what == "migration":
            why = outcome.failed(ran[-1])
            raise OperatorError(
                f"the migration does not run on the target's schema as it is: {why}; is it applied already? "
                "Then rehearse after `migration-monitor watch`"
            )
        outcome.refuse_lacking_role(ran[-1])
        if failed:
            story.phases.append(Phase(act.what, ran, None, ()))
            return
        now = await clone.shape()
        story.states.append(now)
        found = _found(act, story.states)
        story.phases.append(Phase(act.what, ran, act.again, tuple(found or ()), compared=found is not None))


def _found(act: _Act, states: Sequence[Objects]) -> list[str] | None:
    """How the latest state differs from what it must be; None: nothing to compare with."""
    if act.again is not None:
        return unlike(states[act.again], states[-1])
    if act.before is None:
        return None
    changed = {d.object for d in whole.differences(states[0], states[-1])}
    return unlike(act.before, states[-1], act.touched | changed, of_target=True)
