"""What somebody with few rights prepares in the database, so that the rollback role runs it: it does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from monitor import pg
from monitor.errors import DatabaseError, PlanRefused
from monitor.plan.prepare import Options, prepare
from monitor.ports import OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from monitor.salvage import manifest
from monitor.schema import catalogue, fingerprint
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.roles import ROLLBACK, STRANGER, Dsns, make_roles
from tests.rollbacks import APPLICATION, DROP_COLUMN, connected, order, store

PLAN = DROP_COLUMN + b"; DROP FUNCTION IF EXISTS public.old(int)"

TRAPS = """
CREATE SEQUENCE public.trapped;
GRANT ALL ON SEQUENCE public.trapped TO PUBLIC;
CREATE FUNCTION public.old(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
"""

OPERATORS = [
    ("=", "oid", "regclass", "bool", "true"), ("=", "oid", "oid", "bool", "true"),
    ("=", "text", "text", "bool", "true"), ("=", "name", "text", "bool", "true"),
    ("<>", "text", "text", "bool", "false"), ("<>", '"char"', '"char"', "bool", "true"),
    (">", "int4", "int4", "bool", "true"), ("<", "timestamptz", "timestamptz", "bool", "false"),
    (">=", "timestamptz", "timestamptz", "bool", "false"), ("*", "numeric", "int4", "numeric", "1"),
    ("*", "int8", "interval", "interval", "interval '1s'"), ("||", "text", "text", "text", "''"),
]  # fmt: skip
"""Signature, result and what the trap answers."""

FUNCTIONS = [
    ("unnest(text[])", "SETOF text", "'x'::text"), ("format(text, name, name)", "text", "'x'"),
    ("count()", "int8", "0"), ("to_regclass(text)", "regclass", "NULL::regclass"),
    ("set_config(text, text, bool)", "text", "''"), ("clock_timestamp()", "timestamptz", "NULL"),
    ("concat(text, text, text)", "text", "''"), ("pg_notify(text, text)", "text", "NULL"),
]  # fmt: skip


def traps() -> Iterator[str]:
    """Functions and operators in `public`, more specific than those of pg_catalog, that count their calls."""
    yield TRAPS
    for name, gives, answer in FUNCTIONS:
        yield f"""CREATE FUNCTION public.{name} RETURNS {gives} LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_catalog.nextval('public.trapped');
            {"RETURN QUERY SELECT" if "SETOF" in gives else "RETURN"} {answer}; END $$"""
    for number, (sign, left, right, gives, answer) in enumerate(OPERATORS):
        yield f"""CREATE FUNCTION public.trap_{number}({left}, {right}) RETURNS {gives} LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_catalog.nextval('public.trapped'); RETURN {answer}; END $$"""
        yield f"""CREATE OPERATOR public.{sign} (FUNCTION = public.trap_{number}, LEFTARG = {left},
            RIGHTARG = {right})"""


@pytest.fixture
async def dsns(database: Database) -> AsyncIterator[Dsns]:
    """Roles, the ledger and the application; the roles' own settings are taken back."""
    made = await make_roles(database.dsn)
    yield made
    async with connected(database.dsn) as c:
        await c.execute(f"ALTER ROLE {ROLLBACK} RESET search_path")


@pytest.mark.promise(12)
@pytest.mark.slow
async def test_nothing_of_ours_is_found_in_a_schema_that_others_may_write_to(dsns: Dsns) -> None:
    """The role's own path has `public` before pg_catalog, and `public` has a trap for every need."""
    async with connected(dsns.owner) as c:
        await c.execute(APPLICATION)
    async with connected(dsns.admin) as c:
        for trap in traps():
            await c.execute(trap)
        await c.execute(
            f"ALTER FUNCTION public.old(int) OWNER TO shop_owner;"
            f"ALTER ROLE {ROLLBACK} SET search_path = public, pg_catalog"
        )
    kept = PgStore("shop", dsns.rollback)
    await kept.open()
    await kept.aclose()
    prepared = await prepare(dsns.rollback, PLAN, Options())
    assert prepared.stored.search_path == "public, pg_catalog"
    watch = await store(dsns.admin, prepared)
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        for full in (False, True, False):
            assert (await executor.ready(watch, full=full)).reasons == ()
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    async with connected(dsns.admin) as c:
        assert await c.fetchval("SELECT is_called FROM public.trapped") is False
        left = await c.prepare("TABLE contacts")
        assert [a.name for a in left.get_attributes()] == ["id", "email_address"]
    async with connected(dsns.rollback) as c:  # and the traps do work
        await c.fetch("SELECT FROM pg_class c WHERE c.oid = to_regclass('contacts')")
        assert await c.fetchval("SELECT is_called FROM public.trapped") is True


QUALIFIED = {
    "RESOLVE": catalogue.RESOLVE,
    "NAMESAKES": catalogue.NAMESAKES,
    "QUOTED": catalogue.QUOTED,
    "FOREIGN_FUNCTIONS": catalogue.FOREIGN_FUNCTIONS,
    "FOUND": fingerprint.FOUND,
    "PREPARE": manifest.PREPARE.replace(f"{manifest.MANIFEST} (", f"{manifest.MANIFEST} AS ("),
    "UNBOUND": pg.UNBOUND,
}
"""Statements that run under the registered search_path: names must resolve by it."""

KEYWORDS = {
    "array",
    "coalesce",
    "any",
    "exists",
    "in",
    "as",
    "from",
    "where",
    "w",
    "o",
    "operator",
    "when",
    "then",
    "and",
    "or",
    "lateral",
    "i",
    "s",
    "t",
}


@pytest.mark.parametrize("name", QUALIFIED)
def test_a_statement_under_the_registered_path_names_the_schema_of_everything(name: str) -> None:
    """No bare operator, no bare function."""
    text = re.sub(r"/\*.*?\*/|'[^']*'", "", QUALIFIED[name])
    bare = re.sub(r"OPERATOR\(pg_catalog\.[^)]+\)", "", text)
    assert not re.search(r"[=<>|+~]|(?<!\()\*|\bLIKE\b|\bBETWEEN\b|\bCASE\s+[a-z]", bare), bare
    calls = {m[1].lower() for m in re.finditer(r"(?<![.\w])([A-Za-z_]\w*)\s*\(", bare)}
    assert calls <= KEYWORDS, calls


STRANGE: list[tuple[str, str]] = [
    (
        f"ALTER SCHEMA migration_monitor OWNER TO {STRANGER}",
        f"schema migration_monitor is owned by {STRANGER}",
    ),
    (
        f"ALTER SCHEMA migration_monitor_salvage OWNER TO {STRANGER}",
        f"schema migration_monitor_salvage is owned by {STRANGER}",
    ),
    (f"ALTER TABLE migration_monitor.watch OWNER TO {STRANGER}", f"watch is owned by {STRANGER}"),
    (
        f"CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        f"ALTER FUNCTION public.spy() OWNER TO {STRANGER};"
        "CREATE TRIGGER spy BEFORE INSERT ON migration_monitor.event"
        " FOR EACH ROW EXECUTE FUNCTION public.spy()",
        f"trigger spy on migration_monitor.event calls a function of {STRANGER}",
    ),
    ("CREATE RULE r AS ON INSERT TO migration_monitor.event DO INSTEAD NOTHING", "rule r on"),
    ("ALTER TABLE migration_monitor.watch ENABLE ROW LEVEL SECURITY", "row security on migration_monitor"),
    ("GRANT USAGE ON SCHEMA migration_monitor TO PUBLIC", "everybody (PUBLIC) has USAGE on schema"),
    ("GRANT UPDATE ON migration_monitor.watch TO PUBLIC", "everybody (PUBLIC) has UPDATE on migration_"),
]


@pytest.mark.parametrize(("change", "said"), STRANGE, ids=[said for _, said in STRANGE])
@pytest.mark.slow
async def test_a_ledger_that_somebody_else_prepared_is_not_used(dsns: Dsns, change: str, said: str) -> None:
    """Neither to register, nor by the daemon's store, nor is a watch in it ready."""
    async with connected(dsns.owner) as c:
        await c.execute(APPLICATION)
    kept = PgStore("shop", dsns.rollback)
    await kept.open()
    await kept.aclose()
    watch = await store(dsns.rollback, await prepare(dsns.rollback, DROP_COLUMN, Options()))
    async with connected(dsns.admin) as c:
        await c.execute(change)
    with pytest.raises(PlanRefused, match=re.escape(said)):
        await prepare(dsns.rollback, DROP_COLUMN, Options())
    with pytest.raises(DatabaseError, match=re.escape(said)):
        await kept.open()
    await kept.aclose()
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        assert not (await executor.ready(watch, full=True)).ok
    finally:
        await executor.aclose()


async def test_a_schema_made_by_a_stranger_before_the_first_start_is_not_filled(database: Database) -> None:
    """Whoever may create schemas could wait for the daemon with tables of their own."""
    dsns = await make_roles(database.dsn)
    async with connected(dsns.admin) as c:
        await c.execute("DROP SCHEMA migration_monitor")
        await c.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO {STRANGER}')
    async with connected(dsns.stranger) as c:
        await c.execute(
            f"CREATE SCHEMA migration_monitor; GRANT ALL ON SCHEMA migration_monitor TO {ROLLBACK}"
        )
    kept = PgStore("shop", dsns.rollback)
    with pytest.raises(DatabaseError, match=f"owned by {STRANGER}"):
        await kept.open()
    await kept.aclose()
