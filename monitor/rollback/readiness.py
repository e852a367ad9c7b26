"""Could the rollback be executed now? The cheap part is one query, the full part reads the catalogue.

The cheap part is proven again at every poll, the full one every few minutes and in a breach, so that it is
known before it is needed.
"""

from __future__ import annotations

import json
from typing import Any

from monitor import pg
from monitor.pg import Connection
from monitor.plan import (
    bookkeeping,
    conditions,
    deferrable,
    estimate,
    row_security,
    rows_at_risk,
    trips,
    violating_rows,
)
from monitor.plan.digest import INTACT
from monitor.plan.stored import Plan, set_path
from monitor.ports import Lack, Readiness, Reason, WatchRow, loss_sentences
from monitor.rollback import checks, group, ledger
from monitor.rollback.acquaintance import LOOK
from monitor.rollback.checks import Stop
from monitor.rollback.held import Session
from monitor.salvage.keeping import places
from monitor.schema import ownership, sizes
from monitor.sql.scripts import sha256_of

CHEAP = f"""/* migration-monitor: ready to roll back? */
WITH path AS MATERIALIZED (SELECT pg_catalog.set_config('search_path', $2, true) AS value)
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       w.plan_sha256, w.plan_digest, {INTACT} AS intact,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(w.plan_sql, 'UTF8')), 'hex') AS text_sha256,
       w.verdict, w.intent_at IS NOT NULL AS intent,
       pg_catalog.has_table_privilege('migration_monitor.watch', 'UPDATE')
         AND pg_catalog.has_table_privilege('migration_monitor.rollback_step', 'INSERT')
         AND pg_catalog.has_table_privilege('migration_monitor.event', 'INSERT') AS may_write,
       ARRAY(SELECT s FROM unnest($4::text[]) s
              WHERE NOT CASE WHEN pg_catalog.to_regnamespace(s) IS NULL
                             THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                             ELSE pg_catalog.has_schema_privilege(s, 'CREATE') END) AS closed,
       (SELECT pg_catalog.jsonb_object_agg(k.key, pg_catalog.jsonb_build_array(
                 pg_catalog.format('%I.%I', n.nspname, c.relname),
                 pg_catalog.pg_has_role(c.relowner, 'USAGE')))
          FROM path, unnest($3::text[]) AS k(key)
          JOIN pg_catalog.pg_class c
            ON c.oid = pg_catalog.to_regclass(k.key || pg_catalog.substr((SELECT value FROM path), 1, 0))
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)::text AS names
  FROM path LEFT JOIN migration_monitor.watch w ON w.id = $1"""


async def cheap(connection: Connection, watch: WatchRow, plan: Plan) -> list[str]:
    """What is in the way, as sentences; one round trip."""
    r = await connection.fetchrow(CHEAP, watch.id, plan.search_path, list(plan.resolution), places(plan))
    if r is None or r["plan_sha256"] is None:
        return [Reason("the watch is not in the ledger", Lack.LEDGER)]
    found: list[str] = []
    if r["standby"]:
        text = "the server is a standby: rollback_dsn must name the writable primary"
        found.append(Reason(text, Lack.STANDBY))
    if (
        r["plan_sha256"] != plan.sha256
        or r["text_sha256"] != plan.sha256
        or sha256_of(plan.sql) != plan.sha256
    ):
        found.append(Reason("the stored SQL or its hash is not what was registered", Lack.HASH))
    elif not (r["intact"] and r["plan_digest"] == watch.plan.digest):
        found.append(Reason(checks.CHANGED, Lack.HASH))
    if r["verdict"] is not None:
        found.append(Reason(f"the watch has ended: {r['verdict']}", Lack.LEDGER))
    if not r["may_write"]:
        text = "the rollback role may not write the ledger: GRANT it UPDATE and INSERT there"
        found.append(Reason(text, Lack.RIGHTS))
    for place in r["closed"]:
        text = f"the rollback role may not create tables in {place}: GRANT CREATE ON SCHEMA {place} to it"
        found.append(Reason(f"{text} (ON DATABASE while that schema is not there)", Lack.RIGHTS))
    return found + _names(plan, _json(r["names"]))


def _names(plan: Plan, resolved: dict[str, list[Any]]) -> list[str]:
    """Names that mean something else now, and relations the role does not own."""
    found: list[str] = []
    for key, (label, owned) in resolved.items():
        if label != plan.resolution[key]:
            text = f"{key} meant {plan.resolution[key]} at registration and is now {label}"
            found.append(Reason(text, Lack.DRIFT))
        elif not owned and label in plan.labels:
            found.append(Reason(f"the rollback role does not own {label}", Lack.RIGHTS))
    return found


def _json(text: str | None) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(text) if text else {}
    return found


async def full(session: Session, watch: WatchRow, plan: Plan, max_locked: float) -> Readiness:
    """Preconditions, dependents, unchanged objects, no newer watch, the estimate. Opens a transaction."""
    connection = session.connection
    books: list[Reason] = []
    async with pg.translated("checking whether the rollback is ready"):
        await connection.execute(LOOK)
        try:
            newer = await ledger.newer_watch(connection, watch.id)
            books = await _books(connection, plan)
            await checks.check_schema(connection, plan, deep=True)
            strange = await ownership.faults(connection)
            await connection.execute(set_path(plan.search_path))
            large = await sizes.read(connection, plan.resolution.values())
            blocked = await conditions.in_the_way(connection, plan)
            blocked += await deferrable.problems(connection, plan)
            uncopied = await row_security.uncopied(connection, plan)
            filtered = await row_security.filtered(connection, plan)
        except Stop as stop:
            return Readiness(False, (Reason(stop.reason, stop.lack), *books))
        finally:
            await group.undo(connection)
    at_risk = await rows_at_risk.read(connection, plan.destroyed, plan.fate_of, plan.fingerprint)
    broken = await violating_rows.read(connection, plan)
    reasons = [Reason(checks.superseded(newer), Lack.SUPERSEDED)] if newer is not None else []
    reasons += books
    if strange:
        reasons.append(Reason(ownership.sentence(strange), Lack.RIGHTS))
    reasons += [Reason(p.what, Lack.DRIFT) for p in blocked]
    reasons += [Reason(p.what, Lack.DATA_LOSS) for p in uncopied]
    reasons += [Reason(p.what, Lack.RIGHTS) for p in filtered]
    reasons += [Reason(what, Lack.DATA) for what in broken]
    seconds = estimate.seconds(plan.salvaged, plan.forecast(), large, plan.measured)
    far = estimate.Network(trips.most(plan), session.round_trip)
    if why := far.too_long(seconds, max_locked):
        reasons.append(Reason(why, Lack.LOCKS_ESTIMATE))
    notes = (far.lock_time(seconds), *loss_sentences(at_risk))
    return Readiness(not reasons, tuple(reasons), notes, at_risk=at_risk)


async def _books(connection: Connection, plan: Plan) -> list[Reason]:
    """What the migration tool's table says against it."""
    if plan.bookkeeping is None:
        return []
    return await bookkeeping.problems(connection, plan.bookkeeping)
