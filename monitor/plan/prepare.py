"""Registration: from the bytes of a script to the plan that is stored, or every reason against it.

Reads the database it is for and changes nothing there. Everything that could stop the rollback at
3 a.m. is asked here first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from monitor import pg
from monitor.encoding import encoding_of
from monitor.errors import DatabaseError, PlanRefused, Problem
from monitor.pg import Connection
from monitor.plan import (
    bookkeeping,
    code,
    conditions,
    deferrable,
    estimate,
    generated_names,
    named,
    objections,
    owners,
    put_aside,
    remembering,
    role,
    row_security,
    rows_at_risk,
    server_check,
    speed,
    stored,
    trips,
    violating_rows,
)
from monitor.plan.cautions import cautions
from monitor.plan.data_loss import DataLoss, Protection, left_behind, protect
from monitor.plan.forecast.schema_after import Destroyed, Forecast, foresee
from monitor.plan.remade import told
from monitor.plan.shadows import idle, names_beside, shadowed
from monitor.plan.trips import TRIPS, round_trip
from monitor.ports import NO_ROLLBACK, AtRisk, Bookkeeping, StoredPlan, loss_sentences, risk_to_json
from monitor.schema import catalogue, fingerprint, ownership, relation, sizes
from monitor.schema.catalogue import Identity, Resolved
from monitor.schema.fingerprint_file import Document
from monitor.schema.relation import Fingerprint
from monitor.schema.scope import Scope
from monitor.sql import scripts
from monitor.sql.scripts import Statement
from monitor.statements.registry import KINDS

CATALOGUE_DEADLINE = 20.0
"""Seconds for all catalogue reads of one registration."""


WORTH_A_WORD = 0.05
"""Seconds under the lock, from which on the operator is told how many."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that may be stored. `warnings` speak against relying on it, `notices` only inform."""

    stored: StoredPlan
    statements: tuple[Statement, ...]
    resolution: tuple[tuple[str, str], ...]  # (name as written, what it means), shown to the operator
    warnings: tuple[str, ...]
    notices: tuple[str, ...]
    estimated_seconds: float  # of work under the lock; what the network adds is said, too
    salvaged: tuple[str, ...]  # TABLE or TABLE.COLUMN


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator allows. `max_locked`: seconds the lock may be held, as estimated.

    `allow_superuser`: the one superuser that may be the rollback role, by name.
    """

    data_loss: DataLoss = DataLoss.SALVAGE
    accept_loss: tuple[str, ...] = ()
    allow_opaque: bool = False
    max_locked: float = 2.0
    allow_superuser: str = ""
    bookkeeping: Bookkeeping | None = None  # of the migration tool's table
    before: Document | None = None  # the schema before the migration


async def prepare(dsn: str, sql: bytes, options: Options) -> Prepared:
    """Raises PlanRefused with every reason found, DatabaseError when the database can't be asked."""
    script = await scripts.script(sql)
    connection = await connect_directly(dsn, "register")
    try:
        async with pg.translated("reading the catalogue"), asyncio.timeout(CATALOGUE_DEADLINE):
            script = scripts.for_encoding(script, encoding_of(connection))
            return await _prepare(connection, script, options)
    except DatabaseError as e:
        if pg.is_pooler(e):
            raise PlanRefused([Problem("", POOLER)]) from e
        raise
    finally:
        await pg.close(connection)


async def nothing(dsn: str, options: Options) -> StoredPlan:
    """The plan of a migration that can't be rolled back: it is watched like any other, on the same server.

    Raises PlanRefused and DatabaseError.
    """
    connection = await connect_directly(dsn, "register")
    try:
        async with pg.translated("reading the catalogue"), asyncio.timeout(CATALOGUE_DEADLINE):
            server = await catalogue.identity(connection)
            strange = await ownership.faults(connection)
    finally:
        await pg.close(connection)
    _refuse_server(connection, server, options)
    if strange:
        raise PlanRefused([Problem("", ownership.sentence(strange))])
    empty = stored.Plan(
        "", scripts.sha256_of(""), (), {}, {}, (), (), DataLoss.SALVAGE, (), (), (), server.search_path,
        server.system, server.timeline, Fingerprint({}, {}),
    )  # fmt: skip
    document = stored.to_json(
        empty, no_rollback=True, warnings=[], notices=[str(NO_ROLLBACK)], accept_loss=[], allow_opaque=False,
        role=server.role, at_risk=[], given="", given_sha256=empty.sha256,
    )  # fmt: skip
    return StoredPlan(
        "",
        empty.sha256,
        document,
        server.search_path,
        server.system,
        server.timeline,
        {"relations": {}, "others": {}},
    )


async def connect_directly(dsn: str, name: str) -> Connection:
    """A connection with a pinned search_path; the pooler is named when one is what refuses it."""
    try:
        connection = await pg.connect(dsn, name=name)
        await pg.pin(connection)
    except DatabaseError as e:
        if pg.is_pooler(e):
            raise PlanRefused([Problem("", POOLER)]) from e
        raise
    return connection


POOLER = "the rollback goes through a connection pooler: rollback_dsn must name the server itself"


async def _prepare(connection: Connection, script: scripts.Script, options: Options) -> Prepared:
    text, statements = script.text, script.statements
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        seen = await _see(connection, text, statements, options)
        text, statements = seen.text, seen.statements
        aside, lost = put_aside.Rewritten(text, ()), list[Destroyed]()
        if options.data_loss is DataLoss.QUARANTINE:
            lost = foresee(seen.print_, statements, seen.resolution, seen.quoted, KINDS).destroyed
            accepted = protect(lost, options.data_loss, options.accept_loss).accepted
            aside = await put_aside.rewrite(
                connection, text, statements, seen.print_, seen.resolution, seen.quoted, accepted
            )
            text, statements = await scripts.read(aside.text.encode())
            again = await _see(connection, text, statements, options)
            seen = replace(again, notices=(*seen.notices, *again.notices))
            text, statements = seen.text, seen.statements
        unfit = await server_check.problems(
            connection, statements, seen.resolution, seen.quoted, seen.server.search_path
        )
        strange = await owners.problems(connection, statements, seen.server.search_path)
        books = await _books(connection, options)
        remembered = await remembering.read(connection, seen.server, options.before)
        remade = await remembering.remade(connection, statements, seen.print_, seen.resolution, remembered)
    server, resolved, opaque, quoted = seen.server, seen.resolved, seen.opaque, seen.quoted
    print_, others, resolution = seen.print_, seen.others, seen.resolution
    forecast = foresee(print_, statements, resolution, quoted, KINDS)
    protection = protect(forecast.destroyed, options.data_loss, options.accept_loss)
    if options.data_loss is DataLoss.QUARANTINE:
        protection = left_behind(forecast.destroyed, lost, options.accept_loss)
    problems = [*objections.rights(statements, resolved), *strange,
                *objections.opaque(statements, opaque, options.allow_opaque), *forecast.problems,
                *shadowed(statements, resolution, quoted, seen.scope, print_),
                *(unfit if not forecast.problems else []), *protection.problems, *books]  # fmt: skip
    if problems:
        raise PlanRefused(sorted(problems, key=lambda p: p.line or 0))
    registered = stored.Plan(
        text, scripts.sha256_of(text), _classified(statements, opaque), resolution, quoted,
        tuple(print_.relations),
        others, options.data_loss, (*forecast.destroyed, *(q.loss for q in aside.quarantined)),
        protection.kept, aside.quarantined,
        server.search_path, server.system, server.timeline,
        replace(remembered.beside(print_), remade=remade), bookkeeping=options.bookkeeping,
    )  # fmt: skip
    if blocked := [
        *await conditions.in_the_way(connection, registered),
        *await row_security.problems(connection, registered),
        *await deferrable.problems(connection, registered),
    ]:  # fmt: skip
        raise PlanRefused(blocked)
    registered = replace(registered, measured=await speed.measure(connection, protection.kept, print_))
    at_risk = await rows_at_risk.read(connection, registered.destroyed, registered.fate_of, print_)
    broken = await violating_rows.read(connection, registered)
    large = await sizes.read(connection, resolution.values())
    estimated = estimate.seconds(protection.kept, forecast, large, registered.measured)
    far = estimate.Network(
        trips.most(registered), median([await round_trip(connection) for _ in range(TRIPS)])
    )
    forecast.notices[:0] = seen.notices
    prepared = _result(registered, forecast, protection, resolved, server, options, at_risk, broken, script,
                       estimated, far)  # fmt: skip
    taken_along = told(registered.remade, registered.statements, server.role)
    return replace(prepared, warnings=(*remembered.warnings(registered), *taken_along, *prepared.warnings))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the catalogue says of everything a plan names."""

    text: str
    server: Identity
    resolved: dict[str, Resolved]
    opaque: dict[int, tuple[str, ...]]  # step -> the code it would run
    quoted: dict[str, str]
    others: tuple[tuple[str, str], ...]
    print_: Fingerprint
    scope: Scope
    statements: tuple[Statement, ...]  # each constraint and index with its name
    notices: tuple[str, ...] = ()

    @property
    def resolution(self) -> dict[str, str]:
        return {key: found.label for key, found in self.resolved.items()}


async def _see(connection: Connection, text: str, statements: Sequence[Statement], options: Options) -> Seen:
    """What has nothing to do is left out. Needs an open transaction."""
    server = await catalogue.identity(connection)
    _refuse_server(connection, server, options)
    if strange := await ownership.faults(connection):
        raise PlanRefused([Problem("", ownership.sentence(strange))])
    await connection.execute(stored.set_path(server.search_path))
    resolved, path = await catalogue.resolve(connection, named.names(statements))
    scope = await catalogue.scope(connection, resolved, path, names_beside(statements))
    quoted = await catalogue.quoted(connection, named.new_names(statements))
    meaning = {key: found.label for key, found in resolved.items()}
    opaque = await code.reasons(connection, statements, meaning, quoted)
    labels, others = named.touched(statements, resolved, quoted)
    print_ = await fingerprint.read(connection, labels, others, server.search_path)
    chosen = await generated_names.names(connection, statements, print_, meaning, quoted)
    if chosen.notices:
        again = await _see(connection, text, chosen.statements, options)
        return replace(again, notices=(*chosen.notices, *again.notices))
    if nothing_to_do := idle(chosen.statements, meaning, quoted, scope, print_):
        told = [
            f"line {s.line}: {s.kind} is omitted from the stored plan: {nothing_to_do[s.step]}"
            for s in chosen.statements
            if s.step in nothing_to_do
        ]
        again = await _see(connection, *scripts.without(text, chosen.statements, nothing_to_do), options)
        return replace(again, notices=(*told, *again.notices))
    return Seen(text, server, resolved, opaque, quoted, others, print_, scope, chosen.statements)


def _result(
    registered: stored.Plan,
    forecast: Forecast,
    protection: Protection,
    resolved: dict[str, Resolved],
    server: Identity,
    options: Options,
    at_risk: tuple[AtRisk, ...],
    broken: tuple[str, ...],
    script: scripts.Script,
    estimated: float,
    far: estimate.Network,
) -> Prepared:
    warnings = (*cautions(registered, far.too_long(estimated, options.max_locked), server), *broken)
    total = estimated + far.seconds
    told = (
        *([far.lock_time(estimated)] if total >= WORTH_A_WORD else ()),
        *put_aside.notices(registered.quarantined),
        *loss_sentences(at_risk),
    )
    notices = (*script.notices, *forecast.notices, *told, *bookkeeping.shown(options.bookkeeping))
    document = stored.to_json(
        registered, warnings=list(warnings), notices=list(notices), estimated_seconds=round(total, 3),
        accept_loss=list(options.accept_loss), allow_opaque=options.allow_opaque, role=server.role,
        at_risk=[risk_to_json(risk) for risk in at_risk],
        given=script.given, given_sha256=scripts.sha256_of(script.given),
    )  # fmt: skip
    return Prepared(
        StoredPlan(
            registered.sql, registered.sha256, document, server.search_path, server.system, server.timeline,
            relation.to_json(registered.fingerprint),
        ),
        registered.statements,
        tuple(sorted((k, r.label) for k, r in resolved.items() if r.exists)),
        warnings,
        notices,
        estimated,
        tuple(d.name for d in protection.kept),
    )  # fmt: skip


async def _books(connection: Connection, options: Options) -> list[Problem]:
    """What the migration tool's table says against it."""
    if options.bookkeeping is None:
        return []
    return [Problem("", what) for what in await bookkeeping.problems(connection, options.bookkeeping)]


def _refuse_server(connection: Connection, server: Identity, options: Options) -> None:
    if server.is_pooled(connection):
        raise PlanRefused([Problem("", POOLER)])
    if server.standby:
        raise PlanRefused([Problem("", "rollback_dsn names a standby: it must name the writable primary")])
    if why := role.refusal(server, options.allow_superuser):
        raise PlanRefused([Problem("", why)])


def _classified(statements: Sequence[Statement], opaque: Mapping[int, object]) -> tuple[Statement, ...]:
    return tuple(scripts.as_opaque(s) if s.step in opaque else s for s in statements)
