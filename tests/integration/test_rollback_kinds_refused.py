"""What speaks against the kinds of test_rollback_kinds.py: losses that nobody named, and what can't run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from monitor.sql.classes import Class
from tests.conftest import Database
from tests.integration.test_rollback_kinds import SHOP
from tests.roles import OWNER, make_roles
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

MORE = """
CREATE FUNCTION seen(int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT $1';
CREATE MATERIALIZED VIEW watched AS SELECT seen(id) AS id FROM orders;
CREATE TABLE typed OF place;
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq);
CREATE VIEW same AS SELECT id FROM orders WHERE id === contact;
CREATE PUBLICATION feed FOR TABLE orders;
CREATE POLICY own ON orders USING (true);
CREATE FUNCTION run() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
"""

REFUSED: list[tuple[str, str]] = [
    ("ALTER TYPE nope RENAME TO x", 'type "nope" does not exist'),
    ("ALTER TYPE mood RENAME TO place", 'type "place" already exists'),
    ("ALTER TYPE mood RENAME VALUE 'nope' TO 'x'", "value 'nope' of type"),
    ("ALTER TYPE mood RENAME VALUE 'ok' TO 'sad'", "already has a value 'sad'"),
    ("ALTER TYPE place DROP ATTRIBUTE nope CASCADE", "attribute nope of public.place does not exist"),
    ("ALTER TYPE place DROP ATTRIBUTE street", "is the type of table public.typed: write CASCADE"),
    ("ALTER TYPE place DROP ATTRIBUTE street CASCADE", "--accept-loss public.place.street"),
    ("ALTER TYPE place ADD ATTRIBUTE street int CASCADE", "already exists"),
    ("ALTER TYPE contacts ADD ATTRIBUTE x int", "is a table, not a composite type"),
    ("ALTER SEQUENCE numbers RESTART", "--accept-loss public.numbers"),
    ("ALTER SEQUENCE contacts CYCLE", "is a table, not a sequence"),
    ("ALTER SEQUENCE numbers OWNED BY orders.nope; ALTER TABLE orders ADD x int", "column nope"),
    ("CREATE MATERIALIZED VIEW totals AS SELECT 1", "public.totals already exists"),
    ("CREATE MATERIALIZED VIEW IF NOT EXISTS totals AS SELECT 1", "can't be determined"),
    ("CREATE MATERIALIZED VIEW m AS SELECT seen(id) FROM orders", '"seen"'),
    ("REFRESH MATERIALIZED VIEW watched", "watched calls public.seen(integer)"),
    ("REFRESH MATERIALIZED VIEW felt", "is a view, not a materialized view"),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY watched", "has no unique index"),
    ("ALTER TABLE parts SET (fillfactor = 70)", "has no storage parameters"),
    ("ALTER TABLE orders ALTER nope SET STATISTICS 5", "column nope of public.orders does not exist"),
    ("ALTER TABLE orders REPLICA IDENTITY USING INDEX nope", "index nope of public.orders does not exist"),
    ("ALTER TABLE orders REPLICA IDENTITY NOTHING", "every UPDATE and DELETE of public.orders fails"),
    ("ALTER VIEW felt RENAME COLUMN nope TO x", "column nope of public.felt does not exist"),
    ("CREATE POLICY own ON orders", "policy own of public.orders already exists"),
    ("ALTER POLICY nope ON orders USING (true)", "policy nope of public.orders does not exist"),
    ("ALTER POLICY nope ON orders RENAME TO x", "policy nope of public.orders does not exist"),
    ("CREATE PUBLICATION feed", "publication feed already exists"),
    ("ALTER PUBLICATION nope ADD TABLE orders", "publication nope does not exist"),
    ("DROP PUBLICATION nope", "publication nope does not exist"),
    ("ALTER PUBLICATION nope RENAME TO x", "publication nope does not exist"),
    ("ALTER FUNCTION nope(int) STABLE", "does not exist"),
    ("DROP DOMAIN code", "is needed by table column public.contacts.c"),
    ("DROP OPERATOR === (int, int)", 'is needed by rule "_RETURN" on public.same'),
    ("DROP STATISTICS nope", 'statistics "nope" does not exist'),
    ("DROP EXTENSION nope", "extension nope does not exist"),
    ("CREATE EXTENSION nope", "the server has no extension nope: install its package"),
    ("CREATE EXTENSION plpgsql", "extension plpgsql already exists"),
    ("DROP EXTENSION plpgsql CASCADE", "is needed by function"),
    ("LOCK TABLE totals", "which LOCK TABLE does not lock"),
]  # fmt: skip


async def test_what_speaks_against_it_is_said_at_registration(database: Database) -> None:
    """With the object's name, before anything is stored."""
    await build(database.dsn, SHOP + MORE)
    for sql, reason in REFUSED:
        with pytest.raises(PlanRefused) as refused:
            await prepare(database.dsn, sql.encode(), ALLOWING)
        assert reason in str(refused.value), (sql, str(refused.value))


NOTHING_TO_DO = {
    "DROP PUBLICATION IF EXISTS nope": "publication nope does not exist",
    "DROP STATISTICS IF EXISTS nope": 'statistics "nope" does not exist',
    "CREATE EXTENSION IF NOT EXISTS plpgsql": "extension plpgsql already exists",
    "DROP EXTENSION IF EXISTS nope": "extension nope does not exist",
    "ALTER TYPE place DROP ATTRIBUTE IF EXISTS nope CASCADE": "attribute nope of public.place does not exist",
    "ALTER SEQUENCE IF EXISTS nope OWNED BY NONE": "public.nope does not exist",
    "REFRESH MATERIALIZED VIEW totals WITH NO DATA": "public.totals can't be read until it is refreshed",
    "CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA": "public.m can't be read until it is refreshed",
    "DROP DOMAIN IF EXISTS nope": 'type "nope" does not exist',
}


async def test_a_statement_that_will_do_nothing_is_a_notice(database: Database) -> None:
    """IF EXISTS of what is not there, IF NOT EXISTS of what is."""
    await build(database.dsn, SHOP + MORE)
    for sql, notice in NOTHING_TO_DO.items():
        prepared = await prepare(database.dsn, sql.encode(), ALLOWING)
        assert any(notice in n for n in prepared.notices), (sql, prepared.notices)


async def test_a_policy_may_name_a_function_that_it_does_not_run(database: Database) -> None:
    """It is written down; who asks the table runs it."""
    await build(database.dsn, SHOP + MORE)
    prepared = await prepare(database.dsn, b"CREATE POLICY p ON orders USING (seen(id) = 1)", ALLOWING)
    assert {s.klass for s in prepared.statements} == {Class.LOSSLESS}


async def test_an_extension_takes_its_tables_only_if_that_is_accepted(database: Database) -> None:
    """Its own rows are data; they can neither be copied away nor put aside."""
    dsn = database.dsn
    await build(dsn, SHOP + "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
    async with connected(dsn) as c:
        name = await c.fetchval(
            "SELECT min(name) FROM pg_available_extensions WHERE name = ANY ($1)", ["citext", "vector"]
        )
        await c.execute(f"CREATE EXTENSION {name}; ALTER EXTENSION {name} ADD TABLE kept")
    sql = f"DROP EXTENSION {name}".encode()
    for mode in (DataLoss.SALVAGE, DataLoss.QUARANTINE):
        with pytest.raises(PlanRefused, match=r"destroys public\.kept"):
            await prepare(dsn, sql, replace(ALLOWING, data_loss=mode))
    accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("kept",))
    watch = await store(dsn, await prepare(dsn, sql, accepting))
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT to_regclass('kept')") is None


async def test_an_extension_that_columns_stand_on_is_not_dropped_with_them(database: Database) -> None:
    """Neither without CASCADE nor with it, and an array of its type counts too."""
    dsn = database.dsn
    await build(dsn, SHOP)
    async with connected(dsn) as c:
        name = await c.fetchval(
            "SELECT min(name) FROM pg_available_extensions WHERE name = ANY ($1)", ["citext", "vector"]
        )
        await c.execute(f"CREATE EXTENSION {name}; CREATE TABLE users (id int, x {name}, xs {name}[])")
    for sql in (f"DROP EXTENSION {name}", f"DROP EXTENSION {name} CASCADE"):
        with pytest.raises(PlanRefused, match=r"is needed by .*public\.users\.x, .*public\.users\.xs: drop"):
            await prepare(dsn, sql.encode(), ALLOWING)
    gone = f"ALTER TABLE users DROP COLUMN x, DROP COLUMN xs; DROP EXTENSION {name}".encode()
    watch = await store(dsn, await prepare(dsn, gone, ALLOWING))
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK


OF_OTHERS = {
    "ALTER TYPE shared RENAME TO x": 'type "shared"',
    "ALTER FUNCTION helper() STABLE": 'function "helper"()',
    "DROP PUBLICATION feed": "publication feed",
    "DROP EXTENSION plpgsql": "extension plpgsql",
}


async def test_what_belongs_to_somebody_else_is_refused_at_registration(database: Database) -> None:
    """And not in the night: the server would refuse it then."""
    await build(
        database.dsn,
        "CREATE TYPE shared AS ENUM ('a'); CREATE FUNCTION helper() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE PUBLICATION feed; CREATE TABLE t (id int)",
    )
    dsns = await make_roles(database.dsn)
    for sql, what in OF_OTHERS.items():
        with pytest.raises(PlanRefused) as refused:
            await prepare(dsns.rollback, sql.encode(), ALLOWING)
        assert f"the role of rollback_dsn does not own {what}" in str(refused.value), str(refused.value)


async def test_a_materialized_view_of_rows_that_are_hidden_is_refused(database: Database) -> None:
    """It would fail whole, since a part of the rows is not what it says."""
    await build(database.dsn, "CREATE TABLE notes (id int)")
    dsns = await make_roles(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        await c.execute(f"ALTER TABLE notes OWNER TO {OWNER}")
    with pytest.raises(PlanRefused, match=r"row security of public\.notes hides rows"):
        await prepare(dsns.rollback, b"CREATE MATERIALIZED VIEW m AS SELECT * FROM notes", ALLOWING)


BY_HAND = (
    ("ALTER TYPE mood RENAME TO feelings", "ALTER TYPE feelings RENAME TO mood"),
    ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'"),
    ("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "ALTER TABLE orders DISABLE ROW LEVEL SECURITY"),
    ("ALTER TABLE orders SET (fillfactor = 70)", "ALTER TABLE orders RESET (fillfactor)"),
    ("ALTER TABLE orders ALTER total SET STATISTICS 9", "ALTER TABLE orders ALTER total SET STATISTICS -1"),
    ("CREATE DOMAIN short AS text", "DROP DOMAIN short"),
    ("CREATE PUBLICATION feed", "DROP PUBLICATION feed"),
    ("ALTER SEQUENCE numbers CACHE 7", "ALTER SEQUENCE numbers CACHE 1"),
)


@pytest.mark.parametrize(("up", "down"), BY_HAND, ids=[down for _, down in BY_HAND])
async def test_what_a_person_did_meanwhile_is_not_done_again(database: Database, up: str, down: str) -> None:
    """It is found done: the fingerprint from before shows it."""
    dsn = database.dsn
    await build(dsn, SHOP)
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(up)
        prepared = await prepare(dsn, down.encode(), replace(ALLOWING, before=before))
        watch = await store(dsn, prepared)
        await c.execute(down)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.RESOLVED_EXTERNALLY, outcome


async def test_a_publication_that_is_left_is_not_overlooked(database: Database) -> None:
    """Half of the rollback by hand is not the whole."""
    dsn = database.dsn
    await build(dsn, SHOP)
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute("CREATE PUBLICATION feed; CREATE DOMAIN short AS text")
        down = b"DROP PUBLICATION feed; DROP DOMAIN short"
        watch = await store(dsn, await prepare(dsn, down, replace(ALLOWING, before=before)))
        await c.execute("DROP DOMAIN short")
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.REFUSED, outcome
