"""`check`: everything a rollback needs, asked of the real parts; every problem found in one run.

Changes nothing anywhere. One part's failure hides no other's: each is asked by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor import libpq, pg
from monitor.dsn import unverified
from monitor.errors import DatabaseError, MonitorError, PlanRefused
from monitor.history.source import History, NoHistory
from monitor.measured import Lens, measured
from monitor.plan import bookkeeping, role
from monitor.plan.prepare import connect_directly
from monitor.ports import CheckedProbe, Executor, Finding, Probe, Registry, is_bad, note, problem
from monitor.ports.hooks import Hooks, NoHooks
from monitor.present.rehearsals import rehearsal_told
from monitor.rehearsal.scratch import check_scratch
from monitor.rollback import clearing
from monitor.schema import catalogue, ownership
from monitor.schema.catalogue import Identity
from monitor.store import sign

PART_DEADLINE = 30.0
"""Seconds for one part; a part that takes longer is a finding itself."""

DATABASE = "/* migration-monitor */ SELECT pg_catalog.current_database()::text"

RIGHTS = """/* migration-monitor: what the rollback role has; asks without USAGE of our schema */
SELECT pg_catalog.current_database()::text AS database, current_user::text AS role,
       n.oid IS NOT NULL AS has_schema,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
         OR coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) AS may_create,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS may_use,
       w.oid IS NOT NULL AS has_ledger,
       coalesce(pg_catalog.has_table_privilege(w.oid, 'SELECT, INSERT, UPDATE'), false) AS may_write,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all_stats,
       EXISTS (SELECT FROM pg_catalog.pg_class c
                WHERE c.relkind IN ('r', 'p') AND c.relnamespace IS DISTINCT FROM n.oid
                  AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS owns_a_table
  FROM (SELECT) one
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'migration_monitor'
  LEFT JOIN pg_catalog.pg_class w ON w.relnamespace = n.oid AND w.relname = 'watch'"""


@dataclass(frozen=True, slots=True)
class CheckedTarget:
    """What is asked of one target. The DSNs are used, never shown."""

    name: str
    dsn: str
    rollback_dsn: str
    probes: tuple[CheckedProbe, ...]
    registry: Registry
    executor: Executor
    allow_superuser: str = ""
    history: History = field(default_factory=NoHistory)
    scratch_dsn: str | None = None
    hooks: Hooks = field(default_factory=NoHooks)
    blockers: clearing.Policy = field(default_factory=clearing.Policy)
    lens: Lens = field(default_factory=Lens)


async def check(targets: Sequence[CheckedTarget], channels: int) -> list[Finding]:
    """Every finding, in the order of the configuration. `channels`: how many alert channels there are."""
    found = await asyncio.gather(*(_target(target) for target in targets))
    findings = [finding for part in found for finding in part]
    if channels == 0:
        text = "no channel is configured: nobody will be alerted; add one, as `- slack: {webhook_url: ...}`"
        findings.append(Finding("alerts", text, problem=False))
    return findings


async def _target(target: CheckedTarget) -> list[Finding]:
    where = f"targets.{target.name}"
    parts = [_part(f"{where}.{_place(probe)}", _probe(probe, target.lens)) for probe in target.probes]
    parts.append(_part(f"{where}.database.rollback_dsn", _rollback(target)))
    parts.append(_part(f"{where}.migrations", _migrations(target)))
    if target.scratch_dsn is not None:
        parts.append(_part(f"{where}.database.scratch_dsn", _scratch(target, target.scratch_dsn)))
    parts.append(_part(where, _watches(target)))
    found = [finding for part in await asyncio.gather(*parts) for finding in part]
    return found + [Finding(where, fault) for fault in target.hooks.faults()]


def _place(probe: Probe) -> str:
    return "database.dsn" if probe.name == "database" else f"metrics.{probe.name}"


async def _part(where: str, asked: Awaitable[Sequence[Finding]]) -> list[Finding]:
    """What a part says, at its place; a part that fails says so itself."""
    try:
        async with asyncio.timeout(PART_DEADLINE):
            found = await asked
    except TimeoutError:
        found = [problem(f"no answer within {PART_DEADLINE:g} s")]
    except MonitorError as e:
        found = [problem(line.strip()) for line in str(e).splitlines()]
    return [replace(one, where=where) for one in found]


async def _probe(probe: CheckedProbe, lens: Lens) -> list[Finding]:
    """What is wrong with a source; of a good one what it gives now, as a watch would see it."""
    found = list(await probe.check())
    if any(one.problem for one in found):
        return found
    return found + await measured(probe, lens)


async def _scratch(target: CheckedTarget, dsn: str) -> list[Finding]:
    return [problem(text) for text in await check_scratch(dsn, target.rollback_dsn)]


async def _rollback(target: CheckedTarget) -> list[Finding]:
    """A direct connection to a writable primary of the polled database, with rights for the ledger."""
    try:
        connection = await connect_directly(target.rollback_dsn, "check")
    except PlanRefused as e:
        return [problem(p.what) for p in e.problems]
    except DatabaseError as e:
        remedy = "check that the server runs and the role may connect"
        return [problem(f"{e}: a rollback could not be executed; {remedy}")]
    try:
        async with pg.translated("checking the rollback connection"):
            rights = await _rights(connection, target.allow_superuser)
            if signals := await clearing.lacking(connection, target.blockers):
                rights.append(problem(signals))
            if stranger := await sign.stranger(connection, target.name):
                rights.append(problem(stranger))
            return rights + await _same_database(target, connection) + _tls(target)
    finally:
        await pg.close(connection)


async def _rights(connection: pg.Connection, allow_superuser: str) -> list[Finding]:
    server = await catalogue.identity(connection)
    found = []
    if server.is_pooled(connection):
        found.append(problem("goes through a connection pooler: name the server itself"))
    if server.standby:
        found.append(problem("names a standby: name the writable primary"))
    if why := role.refusal(server, allow_superuser):
        found.append(problem(why))
    if strange := await ownership.faults(connection):
        found.append(problem(ownership.sentence(strange)))
    row = await connection.fetchrow(RIGHTS)
    return found if row is None else [*found, *_lacking(dict(row), server)]


def _lacking(row: Mapping[str, Any], server: Identity) -> list[Finding]:
    """Each right that a rollback needs and the role has not, with the GRANT that gives it."""
    role_, to = row["role"], f"TO {pg.quote_identifier(row['role'])}"
    found = []
    if row["has_schema"] and not row["may_use"]:
        what = "USAGE, CREATE ON SCHEMA migration_monitor"
        found.append(problem(f"role {role_} may not use the ledger: GRANT {what} {to}"))
    if row["has_ledger"] and not row["may_write"]:
        what = "SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA migration_monitor"
        found.append(problem(f"role {role_} may not write the ledger: GRANT {what} {to}"))
    if not row["has_ledger"] and not row["may_create"]:
        where = f"DATABASE {pg.quote_identifier(row['database'])}"
        found.append(problem(f"role {role_} may not create the ledger: GRANT CREATE ON {where} {to}"))
    if not server.system:
        what = "EXECUTE ON FUNCTION pg_catalog.pg_control_system()"
        text = f"role {role_} can't tell this cluster from another of its name: GRANT {what} {to}"
        found.append(problem(text))
    if not row["reads_all_stats"]:
        what = "pg_read_all_stats"
        found.append(note(f"role {role_} can't see who is in a rollback's way: GRANT {what} {to}"))
    if not row["owns_a_table"]:
        text = f"role {role_} owns no table here and acts for no owner: GRANT the tables' owner {to}, "
        found.append(problem(f"{text}or name the owner in rollback_dsn; deploy/roles.sql does all of this"))
    return found


async def _migrations(target: CheckedTarget) -> list[Finding]:
    """The migration tool's directory, and its table as the rollback's role sees it."""
    found = [problem(fault) for fault in await asyncio.to_thread(target.history.faults)]
    if not (tables := target.history.tables()):
        return found
    try:
        connection = await pg.connect(target.rollback_dsn, name="check")
    except DatabaseError:
        return found  # the rollback connection's own finding
    try:
        async with pg.translated("checking the migration tool's table"):
            return found + [problem(text) for text in await bookkeeping.missing(connection, tables)]
    finally:
        await pg.close(connection)


def _tls(target: CheckedTarget) -> list[Finding]:
    """Without verify-full whoever is on the way can read the password and answer in the server's place."""
    named = {"dsn": target.dsn, "rollback_dsn": target.rollback_dsn}
    return [
        note(f"{name} does not verify the server: add sslmode=verify-full and sslrootcert to it")
        for name, dsn in named.items()
        if unverified(dsn) and (name == "dsn" or dsn != target.dsn)
    ] + [
        note(f"{name}: {text}")
        for name, dsn in named.items()
        for text in libpq.notes(dsn)
        if name == "dsn" or dsn != target.dsn
    ]


async def _same_database(target: CheckedTarget, rollback: pg.Connection) -> list[Finding]:
    """Watching one database and rolling back another would be the worst of mistakes."""
    if target.dsn == target.rollback_dsn:
        return []
    try:
        polling = await pg.connect(target.dsn, name="check")
    except DatabaseError:
        return []  # the polling connection's own finding
    try:
        names = [await c.fetchval(DATABASE) for c in (polling, rollback)]
    finally:
        await pg.close(polling)
    if names[0] != names[1]:
        text = f"names database {names[1]}, but dsn names {names[0]}: both must name the same database"
        return [problem(text)]
    return []


async def _watches(target: CheckedTarget) -> list[Finding]:
    """Whether each open watch could be rolled back now; one that a person cancelled asks for nothing."""
    try:
        rows = await target.registry.watches(100)
    except DatabaseError:
        return []  # the rollback connection's own finding
    found = []
    for row in (r for r in rows if r.verdict is None and r.controls.cancelled_at is None):
        readiness = await target.executor.ready(row, full=True)
        found += [problem(f"watch {row.migration}: {reason}") for reason in readiness.reasons]
        found += [note(f"watch {row.migration}: {text}") for text in readiness.notes]
        told = f"watch {row.migration}: {rehearsal_told(row.controls.rehearsal)}"
        found.append(problem(told) if is_bad(row.controls.rehearsal) else note(told))
    return found
