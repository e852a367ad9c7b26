"""What becomes of a registered rollback on a real server: readiness after changes, how a schema drifted,
what an execution reports and writes, what a rehearsal shows, what a migration tool's way back leads to."""

# ruff: noqa: E501 - what somebody does, types or says stands on one line

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.cli.rehearse import lines
from monitor.core.thresholds import Policy
from monitor.demo.postgres import Server
from monitor.errors import MonitorError
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import Progress, ProgressKind, WatchRequest
from monitor.registration import Registrar, TargetDesk
from monitor.rehearsing import Rehearsed
from monitor.schema import fingerprint_file, whole
from monitor.store.registry import PgRegistry
from tests import servers
from tests.golden.text import dumped, filled, plain, settled
from tests.integration.test_history_downs import DOWNS, WAYS, history, put_down, script
from tests.rehearsals import DOWN, UP, rehearsed, run
from tests.rehearsals import SHOP as REHEARSED_SHOP
from tests.rollbacks import ALLOWING, SUPERUSER, Heard, build, connected, executing, load, rolled_back, store

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email_address text NOT NULL,
    new_column text,
    feels mood DEFAULT 'ok',
    CONSTRAINT valid_email CHECK (email_address LIKE '%@%')
);
CREATE INDEX contacts_new ON contacts (new_column);
CREATE TABLE orders (id serial PRIMARY KEY, contact int REFERENCES contacts, total numeric, note varchar(20));
CREATE VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact;
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SEQUENCE numbers;
INSERT INTO contacts (email_address, new_column) SELECT 'a' || n || '@example.org', 'v' || n FROM generate_series(1, 9) n;
INSERT INTO orders (contact, total) SELECT n, n FROM generate_series(1, 9) n;
"""

PLAN = (
    "ALTER TABLE contacts DROP COLUMN new_column;\n"
    "ALTER TABLE contacts DROP CONSTRAINT IF EXISTS valid_email;\n"
    "ALTER TABLE orders RENAME COLUMN total TO amount"
)

DRIFTS: Mapping[str, tuple[str, str]] = {
    "a column more": ("ALTER TABLE orders ADD COLUMN extra int DEFAULT 5", "ALTER TABLE orders DROP COLUMN extra"),
    "another type": ("ALTER TABLE orders ALTER note TYPE text", "ALTER TABLE orders ALTER note TYPE varchar(20)"),
    "a default": ("ALTER TABLE orders ALTER note SET DEFAULT 'x'", "ALTER TABLE orders ALTER note DROP DEFAULT"),
    "NOT NULL": ("ALTER TABLE orders ALTER contact SET NOT NULL", "ALTER TABLE orders ALTER contact DROP NOT NULL"),
    "a column renamed": ("ALTER TABLE contacts RENAME new_column TO x", "ALTER TABLE contacts RENAME x TO new_column"),
    "a table renamed": ("ALTER TABLE orders RENAME TO purchases", "ALTER TABLE purchases RENAME TO orders"),
    "a table elsewhere": (
        "CREATE SCHEMA other; ALTER TABLE orders SET SCHEMA other", "ALTER TABLE other.orders SET SCHEMA public; DROP SCHEMA other",
    ),
    "an index on what goes": ("CREATE INDEX more ON contacts (id, new_column)", "DROP INDEX more"),
    "an index elsewhere": ("CREATE INDEX more ON orders (note)", "DROP INDEX more"),
    "an index gone": ("DROP INDEX contacts_new", "CREATE INDEX contacts_new ON contacts (new_column)"),
    "a view on what goes": ("CREATE VIEW seen AS SELECT new_column FROM contacts", "DROP VIEW seen"),
    "a view beside it": ("CREATE VIEW seen AS SELECT id FROM orders", "DROP VIEW seen"),
    "another view": (
        "CREATE OR REPLACE VIEW totals AS SELECT contact, sum(total) AS total FROM orders WHERE id > 0 GROUP BY contact",
        "CREATE OR REPLACE VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact",
    ),
    "a check more": ("ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0)", "ALTER TABLE orders DROP CONSTRAINT positive"),
    "a constraint not valid": (
        "ALTER TABLE orders ADD CONSTRAINT small CHECK (total < 100) NOT VALID", "ALTER TABLE orders DROP CONSTRAINT small",
    ),
    "a key to it": (
        "CREATE TABLE more (c int REFERENCES contacts ON DELETE CASCADE)", "DROP TABLE more",
    ),
    "a trigger": (
        "CREATE TRIGGER other BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION touch()", "DROP TRIGGER other ON contacts",
    ),
    "a trigger off": ("ALTER TABLE orders DISABLE TRIGGER touched", "ALTER TABLE orders ENABLE TRIGGER touched"),
    "row security": (
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON orders USING (id > 0)",
        "DROP POLICY own ON orders; ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
    ),
    "a rule": ("CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING", "DROP RULE quiet ON orders"),
    "a comment": ("COMMENT ON COLUMN orders.note IS 'x'", "COMMENT ON COLUMN orders.note IS NULL"),
    "rights": ("GRANT SELECT ON orders TO PUBLIC", "UPDATE pg_class SET relacl = NULL WHERE oid = 'orders'::regclass"),
    "another function": (
        "CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 3 * $1'",
        "CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1'",
    ),
    "a sequence": ("ALTER SEQUENCE numbers INCREMENT 5 CACHE 3", "ALTER SEQUENCE numbers INCREMENT 1 CACHE 1"),
    "storage": ("ALTER TABLE orders SET (fillfactor = 70)", "ALTER TABLE orders RESET (fillfactor)"),
    "statistics": ("CREATE STATISTICS related ON contact, note FROM orders", "DROP STATISTICS related"),
    "statistics of a column": ("ALTER TABLE orders ALTER note SET STATISTICS 5", "ALTER TABLE orders ALTER note SET STATISTICS -1"),
    "a child": ("CREATE TABLE child () INHERITS (orders)", "DROP TABLE child"),
    "unlogged": ("ALTER TABLE orders SET UNLOGGED", "ALTER TABLE orders SET LOGGED"),
    "replica identity": ("ALTER TABLE orders REPLICA IDENTITY FULL", "ALTER TABLE orders REPLICA IDENTITY DEFAULT"),
    "a publication": ("CREATE PUBLICATION feed FOR TABLE orders", "DROP PUBLICATION feed"),
    "a type": ("CREATE DOMAIN short AS text CHECK (length(value) < 5)", "DROP DOMAIN short"),
    "a value renamed": ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'"),
    "an owner": ("CREATE ROLE golden_owner; ALTER TABLE orders OWNER TO golden_owner",
                 "ALTER TABLE orders OWNER TO postgres; DROP ROLE golden_owner"),
    "part of the plan by hand": (
        "ALTER TABLE orders RENAME total TO amount", "ALTER TABLE orders RENAME amount TO total",
    ),
    "the stored text changed": (
        "UPDATE migration_monitor.watch SET plan_sql = plan_sql || ' '",
        "UPDATE migration_monitor.watch SET plan_sql = rtrim(plan_sql)",
    ),
    "the registration changed": (
        "UPDATE migration_monitor.watch SET migration = 'other'", "UPDATE migration_monitor.watch SET migration = 'm1'",
    ),
    "the watch has ended": (
        "UPDATE migration_monitor.watch SET verdict = 'succeeded', phase = 'ended', verdict_at = now()",
        "UPDATE migration_monitor.watch SET verdict = NULL, phase = 'watching', verdict_at = NULL",
    ),
    "all of it by hand": (
        "ALTER TABLE orders RENAME total TO amount; ALTER TABLE contacts DROP CONSTRAINT valid_email, DROP COLUMN new_column",
        "SELECT 1",
    ),
}  # fmt: skip
"""What somebody does, and how it is undone."""

ESTIMATED = "estimated "
"""How a notice begins that says what the network of the moment adds."""

KEPT_AS = re.compile(r"\bw_[0-9a-f]{12}_[0-9a-f]{8}")
"""A watch in the name of what its rollback kept."""

MOVING = re.compile(r"\d+\.\d+ s\b|\bpid \d+\b|\b\d{10}\.\d+\b")


async def drifts(server: Server) -> str:
    """Of each change: why the rollback is not ready any more, and how the schema differs from before it."""
    found = {}
    async with _database(server, SHOP) as dsn:
        watch = await store(dsn, await prepare(dsn, PLAN.encode(), ALLOWING))
        was = (await take(dsn)).objects
        async with executing(dsn) as executor, connected(dsn) as c:
            for name, (do, undo) in DRIFTS.items():
                await c.execute(do)
                ready = await executor.ready(
                    await load(dsn) if "migration_monitor" in do else watch, full=True
                )
                differ = [str(d) for d in whole.differences(was, (await take(dsn)).objects)]
                found[name] = filled(plain({
                    "reasons": [[r, getattr(r, "code", "other")] for r in ready.reasons],
                    "notes": [n for n in ready.notes if not n.startswith(ESTIMATED)], "schema": differ,
                }))  # fmt: skip
                await c.execute(undo)
    return _settled(dumped(found))


@dataclass(frozen=True, slots=True)
class Run:
    """A rollback that is executed. `then`: what is done between its registration and its execution."""

    sql: str
    then: str = ""
    data_loss: DataLoss = DataLoss.SALVAGE
    accept: tuple[str, ...] = ()
    opaque: bool = False
    migration: str = ""  # after the fingerprint that it is compared with


RUNS: Mapping[str, Run] = {
    "salvaged": Run(PLAN),
    "quarantined": Run(PLAN, data_loss=DataLoss.QUARANTINE),
    "a table quarantined": Run("DROP VIEW totals;\nDROP TABLE orders", data_loss=DataLoss.QUARANTINE),
    "accepted": Run("DELETE FROM orders WHERE id > 5", data_loss=DataLoss.ACCEPT, accept=("orders",)),
    "nothing lost": Run("ALTER TABLE orders RENAME total TO amount; DROP VIEW totals"),
    "outside a transaction": Run(
        "CREATE INDEX CONCURRENTLY by_note ON orders (note);\nDROP INDEX CONCURRENTLY contacts_new;\n"
        "ALTER TABLE contacts DROP COLUMN new_column;\nVACUUM contacts"
    ),
    "verified against before": Run(
        "ALTER TABLE orders DROP COLUMN extra", migration="ALTER TABLE orders ADD COLUMN extra int"
    ),
    "not as before": Run(
        "ALTER TABLE orders DROP COLUMN extra",
        migration="ALTER TABLE orders ADD COLUMN extra int, ADD COLUMN more int",
    ),
    "not as foretold": Run(
        "DO $$ BEGIN ALTER TABLE orders DROP COLUMN note; END $$; ALTER TABLE orders RENAME total TO amount",
        opaque=True,
    ),
    "it fails": Run(
        "ALTER TABLE orders ADD CONSTRAINT few CHECK (id < 100)",
        "INSERT INTO orders (id, total) VALUES (500, 1)",
    ),
    "it fails in its middle": Run(
        "CREATE INDEX CONCURRENTLY by_note ON orders (note);\nALTER TABLE orders ADD CONSTRAINT few CHECK (id < 100)",
        "INSERT INTO orders (id, total) VALUES (500, 1)",
    ),
    "an index that can't be unique": Run(
        "CREATE UNIQUE INDEX CONCURRENTLY one ON orders (note)", "UPDATE orders SET note = 'x'"
    ),
    "refused for a change": Run(PLAN, "ALTER TABLE contacts ADD COLUMN more int"),
    "refused for a dependent": Run(PLAN, "CREATE VIEW seen AS SELECT new_column FROM contacts"),
    "refused for its text": Run(PLAN, "UPDATE migration_monitor.watch SET plan_sql = plan_sql || ' '"),
    "refused for a newer watch": Run(
        PLAN,
        "INSERT INTO migration_monitor.watch (id, migration, target, mode, started_at, ends_at, plan_sql, plan_sha256, plan,"
        " search_path, system_identifier, timeline, fingerprint) SELECT 'w-2', 'm2', target, mode, started_at, ends_at,"
        " plan_sql, plan_sha256, plan, search_path, system_identifier, timeline, fingerprint FROM migration_monitor.watch",
    ),
    "paused before": Run(PLAN, "UPDATE migration_monitor.watch SET paused_at = now(), control_by = 'ana'"),
    "cancelled before": Run(
        PLAN, "UPDATE migration_monitor.watch SET cancelled_at = now(), control_by = 'ana'"
    ),
    "found done": Run(
        PLAN,
        "ALTER TABLE orders RENAME total TO amount; ALTER TABLE contacts DROP CONSTRAINT valid_email, DROP COLUMN new_column",
    ),
    "half done by hand": Run(PLAN, "ALTER TABLE orders RENAME total TO amount"),
}


async def runs(server: Server) -> str:
    """Of each execution: the outcome, what was reported on the way, and the rows of the ledger."""
    found = {name: await _run(server, one) for name, one in RUNS.items()}
    return _settled(dumped(found))


async def _run(server: Server, one: Run) -> Any:
    options = replace(ALLOWING, data_loss=one.data_loss, accept_loss=one.accept, allow_opaque=one.opaque)
    async with _database(server, SHOP) as dsn:
        if one.migration:
            options = replace(options, before=await take(dsn))
            await run(dsn, one.migration)
        watch = await store(dsn, await prepare(dsn, one.sql.encode(), options))
        if one.then:
            await run(dsn, one.then)
        heard = Heard()
        async with executing(dsn) as executor:
            outcome = await rolled_back(executor, watch, heard)
        async with connected(dsn) as c:
            steps = await c.fetch("SELECT step, state FROM migration_monitor.rollback_step ORDER BY step")
            events = await c.fetch("SELECT kind, detail FROM migration_monitor.event ORDER BY id")
    return filled(plain({
        "outcome": [outcome.kind, outcome.reason, _timeless(outcome.detail)],
        "progress": [[p.kind, p.text, _timeless(p.detail)] for p in heard.progress if not _of_distance(p)],
        "steps": [f"{r['step']} {r['state']}" for r in steps],
        "events": [[r["kind"], _timeless(json.loads(r["detail"]))] for r in events],
    }))  # fmt: skip


def _of_distance(progress: Progress) -> bool:
    """Statements go together where the database answers late, as a busy machine's does; so one that fails
    is tried again alone."""
    return progress.kind is ProgressKind.RETRY and "sent together" in progress.text


TIMES = {
    "tries",
    "seconds",
    "locked_seconds",
    "waited_seconds",
    "at",
    "since",
    "backend",
    "pid",
    "xid",
    "session",
    "ends_at",
}


def _timeless(value: Any) -> Any:
    match value:
        case Mapping():
            return {k: "…" if k in TIMES else _timeless(v) for k, v in value.items()}
        case list() | tuple():
            return [_timeless(v) for v in value]
    return value


REHEARSALS: Mapping[str, tuple[bytes, bytes | None, bool]] = {
    "it holds": (DOWN, UP, False),
    "of a migration that is there": (DOWN, UP, True),
    "without the migration": (DOWN, None, True),
    "it does not come back": (b"ALTER TABLE contacts DROP COLUMN email_address", UP, False),
    "a statement fails": (DOWN + b";\nALTER TABLE contacts ADD CONSTRAINT v CHECK (1 / 0 = 1)", UP, False),
    "outside a transaction": (
        b"DROP INDEX CONCURRENTLY by_feels",
        b"CREATE INDEX CONCURRENTLY by_feels ON contacts (feels)",
        False,
    ),
    "it rewrites": (
        b"ALTER TABLE sales.orders ALTER id TYPE int",
        b"ALTER TABLE sales.orders ALTER id TYPE bigint",
        False,
    ),
    "a text that is refused": (b"VACUUM", UP, False),
    "a migration that fails": (DOWN, b"ALTER TABLE nope ADD COLUMN x int", False),
}


async def rehearsals(server: Server) -> str:
    """Of each rehearsal what is kept of it, and what is printed."""
    found = {}
    for name, (down, up, applied) in REHEARSALS.items():
        async with _database(server, "") as dsn:
            await run(dsn, "DROP SCHEMA migration_monitor CASCADE")
            await run(dsn, REHEARSED_SHOP + (UP.decode() if applied else ""))
            try:
                kept = await rehearsed(dsn, server.dsn(), down, up, applied=applied)
            except MonitorError as e:
                found[name] = {"refused": str(e).splitlines()}
                continue
            printed = list(lines(Rehearsed("0042", "shop", None, kept)))
            found[name] = {
                "printed": [re.sub(r"\d+\.\d ms", "… ms", line) for line in printed],
                "kept": filled(plain({"outcome": kept.outcome, "detail": _timeless(kept.detail),
                                      "before": kept.before is not None, "after": kept.after is not None})),
            }  # fmt: skip
    return _settled(dumped(found), (f'"scratch_major": {server.binaries.major}', '"scratch_major": "<major>"'),
                    (f'"server_major": {server.binaries.major}', '"server_major": "<major>"'))  # fmt: skip


async def ways_back(server: Server) -> str:
    """Of each migration tool's way back: what is registered, told and done."""
    found = {}
    for name in WAYS:
        with tempfile.TemporaryDirectory(prefix="golden-") as folder:
            found[name] = await _way(server, name, Path(folder))
    return _settled(dumped(found))


async def _way(server: Server, name: str, folder: Path) -> Any:
    way = WAYS[name]
    case = put_down(way.case, way.down(name)) if way.case else None
    own = f"{name}.before.sql" if (DOWNS / f"{name}.before.sql").exists() else "shop.sql"
    async with _database(
        server, script("django.before.sql" if case and case.tool == "django" else own)
    ) as dsn:
        await run(dsn, case.ddl if case else "SELECT 1")
        before = fingerprint_file.dump(await take(dsn))
        await run(dsn, script(f"{name}.up.sql"))
        registry = PgRegistry("shop", dsn)
        desk = TargetDesk(registry, Policy(), dsn, 2.0, SUPERUSER, history(case, folder))
        request = WatchRequest(
            case.migration if case else name, None if case and case.files else way.down(name).encode(),
            data_loss="accept" if way.accept else "salvage", accept_loss=way.accept, before=before,
        )  # fmt: skip
        try:
            registered = await Registrar({"shop": desk}).register(request)
        finally:
            await registry.aclose()
        row = await load(dsn, str(registered.view["id"]))
        async with executing(dsn) as executor:
            outcome = await rolled_back(executor, row)
    kept: Any = row.plan.plan
    statements: Sequence[Mapping[str, Any]] = kept["statements"]
    return filled(plain({
        "notices": [n for n in registered.notices if "when its fingerprint" not in n and not n.startswith(ESTIMATED)],
        "statements": [[s["line"], s["class"], s["kind"], s["text"]] for s in statements],
        "bookkeeping": kept["bookkeeping"],
        "outcome": [outcome.kind, outcome.reason, _timeless(outcome.detail)],
    }))  # fmt: skip


@contextlib.asynccontextmanager
async def _database(server: Server, sql: str) -> AsyncIterator[str]:
    name = await servers.new_database(server)
    try:
        await build(server.dsn(name), sql or "SELECT 1")
        yield server.dsn(name)
    finally:
        await servers.drop_database(server, name)


def _settled(text: str, *further: tuple[str, str]) -> str:
    return KEPT_AS.sub("w_<id>", MOVING.sub("…", settled(text, *further)))
