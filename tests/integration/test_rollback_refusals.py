"""What may not be registered, each with its line and its reason; on no server and on real ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.stored import from_stored
from monitor.rollback.checks import Stop, check_schema
from monitor.sql import scripts
from monitor.sql.classes import Class
from monitor.statements.registry import KINDS
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.rollbacks import ALLOWING, DROP_COLUMN, build, connected

pytestmark = pytest.mark.corner

TERMS = b" OR ".join(b"id = %d" % n for n in range(30_000))

BY_TEXT: list[tuple[bytes, int | None, str]] = [
    (b"", None, "empty"),
    (b" \n ", None, "empty"),
    (b"-- only a comment", None, "no statement"),
    (b"SELECT\n\x00 1", 2, "NUL"),
    (b"\xef\xbb\xbfSELECT 1", 1, "byte order mark"),
    (b"SELECT 1;\nSELECT '\xff'", 2, "UTF-8"),
    (b"SELECT 1;" + b" " * (1 << 20), None, "bytes"),
    (b"DROP INDEX a;\nDORP INDEX b", 2, "syntax error"),
    (b"DROP INDEX a;\n\\i other.sql", 2, "meta-command"),
    (b"DROP INDEX a;\nCOPY a FROM STDIN;\n1\t2\n\\.\n", 2, "STDIN"),
    (b"COPY a FROM STDIN", 1, "STDIN"),
    (b"COPY a TO '/tmp/a'", 1, "COPY reaches files"),
    (b"BEGIN;\nDROP INDEX a;\nCOMMIT;\nBEGIN;\nDROP INDEX b;\nCOMMIT;", 1, "only one BEGIN with one COMMIT"),
    (b"BEGIN;\nDROP INDEX a;", 1, "transaction control"),
    (b"DROP INDEX a;\nCOMMIT;", 2, "transaction control"),
    (b"COMMIT;\nDROP INDEX a;\nBEGIN;", 1, "transaction control"),
    (b"BEGIN;\nDROP INDEX a;\nROLLBACK;", 1, "transaction control"),
    (b"BEGIN;\nDROP INDEX a;\nCOMMIT AND CHAIN;", 1, "transaction control"),
    (b"BEGIN ISOLATION LEVEL SERIALIZABLE;\nDROP INDEX a;\nCOMMIT;", 1, "transaction control"),
    (b"BEGIN;\nSAVEPOINT a;\nDROP INDEX a;\nCOMMIT;", 1, "transaction control"),
    (b"BEGIN;\nDROP INDEX a;\nCOMMIT;\nDROP TABLE b", 4, "behind the script's COMMIT"),
    (b"DROP INDEX a;\nBEGIN;\nDROP TABLE b;\nCOMMIT", 1, "before the script's BEGIN"),
    (b"BEGIN;\nDROP INDEX CONCURRENTLY a;\nCOMMIT", 2, "can't run in a transaction, and stands between"),
    (b"BEGIN;\nSET lock_timeout = 0;\nEND", None, "no statement but what is left out"),
    (b"DROP INDEX a;\nSAVEPOINT x", 2, "transaction control"),
    (b"SET search_path = x", 1, "write each name with its schema, or give the role"),
    (b"RESET search_path", 1, "RESET search_path changes what names mean"),
    (b"SET LOCAL lock_timeout = 0", None, "no statement but what is left out"),
    (b"SET ROLE postgres", 1, "SET ROLE changes who executes the rollback: let rollback_dsn log in as"),
    (b"SET SESSION AUTHORIZATION x", 1, "let rollback_dsn log in as"),
    (b"RESET ROLE", 1, "let rollback_dsn log in as"),
    (b"SET session_replication_role = replica", 1, "write ALTER TABLE … DISABLE TRIGGER"),
    (b"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", 1, "is READ COMMITTED: leave it out"),
    (b"SET TIME ZONE 'UTC'", 1, "set it for the role (ALTER ROLE … SET timezone)"),
    (b"SET client_encoding = 'LATIN1'", 1, "changes the session"),
    (b"RESET ALL", 1, "RESET ALL changes the session"),
    (b"INSERT INTO a SELECT set_config('role', 'x', false)", 1, "set_config"),
    (b"ALTER SYSTEM SET fsync = off", 1, "ALTER SYSTEM"),
    (b"DROP DATABASE x", 1, "database statement"),
    (b"ALTER DATABASE x SET a = b", 1, "database statement"),
    (b"DROP ROLE x", 1, "role statement"),
    (b"GRANT a TO b", 1, "role statement"),
    (b"DROP TABLESPACE x", 1, "tablespace statement"),
    (b"DROP TABLE migration_monitor.watch", 1, "ledger"),
    (b"DELETE FROM migration_monitor_salvage.manifest", 1, "ledger"),
    (b"DROP SCHEMA migration_monitor CASCADE", 1, "ledger"),
    (b"DO $$ BEGIN DELETE FROM migration_monitor.event; END $$", 1, "ledger"),
    (b"VACUUM", 1, "VACUUM of every table"),
    (b"ANALYZE", 1, "ANALYZE of every table"),
    (b"VACUUM FULL a", 1, "VACUUM FULL locks the table"),
    (b"VACUUM (SKIP_LOCKED) a", 1, "SKIP_LOCKED is not a known kind"),
    (b"CREATE INDEX CONCURRENTLY ON a (b)", 1, "needs a name"),
    (b"DROP INDEX CONCURRENTLY i, j", 1, "drops one index"),
    (b"DROP INDEX CONCURRENTLY i CASCADE", 1, "no CASCADE"),
    (b"REINDEX TABLE a", 1, "write CONCURRENTLY"),
    (b"REINDEX (CONCURRENTLY off) TABLE a", 1, "write CONCURRENTLY"),
    (b"REINDEX (CONCURRENTLY, TABLESPACE b) INDEX a", 1, "TABLESPACE is not a known kind"),
    (b"REINDEX SCHEMA CONCURRENTLY a", 1, "REINDEX of a schema"),
    (b"ALTER TABLE a DETACH PARTITION b", 1, "DETACH PARTITION is not a known kind"),
    (b"ALTER TYPE a ADD VALUE 'b'", 1, "ADD VALUE can't be undone"),
    (b"CREATE SUBSCRIPTION a CONNECTION '' PUBLICATION b", 1, "CREATE SUBSCRIPTION reaches beyond"),
    (b"ALTER TABLE a SET UNLOGGED", 1, "SET UNLOGGED is not a known kind"),
    (b"CREATE DOMAIN x AS int", 1, "CREATE DOMAIN is not a known kind"),
    (b"CREATE INDEX ON a ((b IS DOCUMENT))", 1, "CREATE INDEX needs a name"),
    (b"NOTIFY x", 1, "NOTIFY is not a known kind"),
    (b"SELECT " + b"1+" * 30_000 + b"1", None, "parser"),
]


@pytest.mark.parametrize(("sql", "line", "reason"), BY_TEXT, ids=range(len(BY_TEXT)))
@pytest.mark.fault(19)
async def test_a_text_that_may_not_be_a_plan_is_refused(sql: bytes, line: int | None, reason: str) -> None:
    """With the line where it stands, and without a database."""
    with pytest.raises(PlanRefused) as refused:
        await scripts.read(sql)
    problem = refused.value.problems[0]
    assert reason.lower() in problem.what.lower()
    assert problem.line == line


async def test_every_refusal_is_reported_in_one_run() -> None:
    """Three statements, three problems, in order."""
    with pytest.raises(PlanRefused) as refused:
        await scripts.read(b"BEGIN;\nSET app.x = 1;\nVACUUM")
    assert [p.line for p in refused.value.problems] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.fault(19)
async def test_an_expression_of_thirty_thousand_terms_is_read() -> None:
    """Fault 19: neither the child nor we fall over it."""
    _, (statement,) = await scripts.read(b"DELETE FROM a WHERE " + TERMS)
    assert statement.klass is Class.LOSSY


async def test_statements_are_exact_slices_of_the_text() -> None:
    """Comments, blanks, several bytes a letter: text, line and hash are those of the file."""
    sql = '-- é\nALTER TABLE a RENAME é TO b ;\n\n/* c */ DROP VIEW "v;w"; -- end\n'.encode()
    text, statements = await scripts.read(sql)
    assert text.encode() == sql
    assert [s.text for s in statements] == ["ALTER TABLE a RENAME é TO b", 'DROP VIEW "v;w"']
    assert [s.line for s in statements] == [2, 4]
    assert scripts.is_intact(text, scripts.sha256_of(text), statements)
    assert not scripts.is_intact(text + " ", scripts.sha256_of(text), statements)
    assert [scripts.from_json(scripts.to_json(s)) for s in statements] == list(statements)


def test_every_known_kind_is_read_somewhere() -> None:
    """A kind that no place of the grammar's tree leads to could never be in a plan."""
    assert [name for name, kind in KINDS.items() if not kind.read] == []


BY_CATALOGUE: list[tuple[str, str]] = [
    ("ALTER TABLE contacts RENAME COLUMN email_address TO new_column", "still exists"),
    ("ALTER TABLE contacts RENAME COLUMN nope TO x", "column nope of public.contacts does not exist"),
    (
        "ALTER TABLE contacts DROP COLUMN nope",
        "does not exist: apply the migration first, or correct the name",
    ),
    ("ALTER TABLE contacts DROP CONSTRAINT nope", "does not exist"),
    (
        "ALTER TABLE contacts ADD CONSTRAINT u UNIQUE USING INDEX nope",
        "index nope of public.contacts does not",
    ),
    ("CREATE INDEX i ON contacts (nope, lower(email))", "column nope of public.contacts does not exist"),
    (
        "CREATE INDEX CONCURRENTLY i ON contacts (id) INCLUDE (nope)",
        "column nope of public.contacts does not",
    ),
    ("ALTER TABLE nope DROP COLUMN x", "public.nope does not exist"),
    ("ALTER TABLE contacts RENAME TO orders", "public.orders already exists"),
    ("ALTER TABLE contacts DROP COLUMN email_address", "view public.addresses"),
    ("ALTER TABLE contacts DROP CONSTRAINT contacts_pkey", "orders_contact_fkey on public.orders"),
    ("DROP TABLE contacts", "is needed by"),
    ("DROP VIEW contacts", "is a table"),
    ("DROP INDEX contacts_pkey", "belongs to a constraint"),
    ("DROP TYPE mood", "is needed by"),
    ("ALTER TABLE contacts ALTER COLUMN id DROP NOT NULL", "primary key"),
    ("CREATE INDEX contacts_new ON contacts (id)", "already exists"),
    ("DELETE FROM contacts", "say --accept-loss public.contacts"),
    ("UPDATE contacts SET new_column = ''", "--accept-loss public.contacts.new_column"),
    ("TRUNCATE contacts", "accept"),
    ("ALTER TABLE contacts ALTER COLUMN new_column TYPE int USING 1", "accept"),
    ("WITH gone AS (DELETE FROM contacts RETURNING id) INSERT INTO orders SELECT id FROM gone", "accept"),
    (
        "WITH a AS (UPDATE contacts SET new_column = '' RETURNING id) DELETE FROM orders",
        "--accept-loss public.contacts.new_column",
    ),
    ("DO $$ BEGIN END $$", "--allow-opaque"),
    ("SELECT 1 FROM contacts", "--allow-opaque"),
    ("SELECT 1 AS a INTO copied FROM contacts", "write CREATE TABLE with its columns"),
    ("INSERT INTO orders SELECT own(1)", '"own"'),
    ("INSERT INTO orders SELECT pg_terminate_backend(1)::int", '"pg_terminate_backend"'),
]


async def _build(dsn: str) -> None:
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "CREATE VIEW addresses AS SELECT email_address FROM contacts;"
            "CREATE TYPE mood AS ENUM ('a');"
            "CREATE TABLE orders (contact int REFERENCES contacts (id), mood mood);"
            "CREATE FUNCTION own(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"
        )


@pytest.mark.slow
async def test_what_the_catalogue_speaks_against_is_refused(database: Database) -> None:
    """Each with the reason, before anything is stored."""
    await _build(database.dsn)
    for sql, reason in BY_CATALOGUE:
        with pytest.raises(PlanRefused) as refused:
            await prepare(database.dsn, sql.encode(), ALLOWING)
        assert reason in str(refused.value), (sql, str(refused.value))


async def test_if_exists_of_an_absent_object_is_a_notice(database: Database) -> None:
    """The statement will do nothing, and the operator hears it now."""
    await _build(database.dsn)
    prepared = await prepare(database.dsn, b"ALTER TABLE contacts DROP COLUMN IF EXISTS nope", ALLOWING)
    assert "nope of public.contacts does not exist" in prepared.notices[0]


async def test_what_a_dropped_column_takes_along_is_listed(database: Database) -> None:
    """Its index silently, and with CASCADE the view."""
    await _build(database.dsn)
    prepared = await prepare(database.dsn, DROP_COLUMN, ALLOWING)
    assert "silently drops index contacts_new" in prepared.notices[0]
    assert prepared.salvaged == ("public.contacts.new_column",)
    assert dict(prepared.resolution) == {'"contacts"': "public.contacts"}
    both = await prepare(database.dsn, b"ALTER TABLE contacts DROP COLUMN email_address CASCADE", ALLOWING)
    assert any("CASCADE takes view public.addresses" in n for n in both.notices)
    assert any("silently drops constraint valid_email" in n for n in both.notices)


async def test_dropping_the_table_before_its_type_is_in_order(database: Database) -> None:
    """What an earlier step takes away is no dependent of a later one."""
    await _build(database.dsn)
    prepared = await prepare(database.dsn, b"DROP TABLE orders; DROP TYPE mood", ALLOWING)
    assert prepared.salvaged == ("public.orders",)


async def test_accept_loss_must_name_what_is_destroyed(database: Database) -> None:
    """An unnamed loss that can't be kept and a name of nothing are both refused."""
    await _build(database.dsn)
    with pytest.raises(PlanRefused) as refused:
        await prepare(
            database.dsn,
            b"UPDATE contacts SET new_column = ''",
            replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("contacts.email",)),
        )
    assert "--accept-loss public.contacts.new_column" in str(refused.value)
    assert "names nothing" in str(refused.value)


async def test_a_role_that_does_not_own_the_table_is_refused(database: Database) -> None:
    """Rights are known at registration."""
    await _build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(f'CREATE ROLE "{database.name}_x" LOGIN')
    try:
        with pytest.raises(PlanRefused, match=r"does not own public\.contacts"):
            await prepare(database.server.dsn(database.name, f"{database.name}_x"), DROP_COLUMN, ALLOWING)
    finally:
        async with connected(database.dsn) as c:
            await c.execute(f'DROP ROLE "{database.name}_x"')


async def test_a_pooler_is_refused_at_registration(database: Database) -> None:
    """Its cancel key is not the backend's."""
    await _build(database.dsn)
    async with Proxy(database.dsn) as proxy:
        proxy.fake_pid = True
        with pytest.raises(PlanRefused, match="pooler"):
            await prepare(proxy.dsn, DROP_COLUMN, ALLOWING)


async def test_an_estimate_above_max_locked_is_a_warning(database: Database) -> None:
    """And it asks for one of the others."""
    await _build(database.dsn)
    prepared = await prepare(database.dsn, DROP_COLUMN, replace(ALLOWING, max_locked=0.0))
    assert (
        "more than max_locked 0 s: use --data-loss quarantine, name it with --accept-loss"
        in prepared.warnings[0]
    )


HIDDEN = """
CREATE TYPE face AS ENUM ('a');
CREATE DOMAIN age AS int;
CREATE TABLE th (face face, face_2 face);
CREATE TABLE things (face face);
CREATE TABLE lists (ages age[]);
CREATE TABLE rows (id int);
CREATE TABLE copies (r rows, rs rows[]);
CREATE TABLE found (id int PRIMARY KEY, a int, b int);
CREATE UNIQUE INDEX found_a ON found (a);
CREATE TABLE finders (a int REFERENCES found (a));
CREATE SCHEMA app;
CREATE TABLE app.x (id serial PRIMARY KEY, y int GENERATED ALWAYS AS IDENTITY, z text);
CREATE FUNCTION five(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 5';
CREATE TABLE fives (a int DEFAULT five(1));
CREATE INDEX fives_a ON fives (five(a));
CREATE FUNCTION all_found() RETURNS SETOF found LANGUAGE sql AS 'SELECT * FROM found';
"""

TAKEN_UNSEEN = [
    ("ALTER TABLE th DROP COLUMN face; DROP TYPE face CASCADE", "public.th.face_2"),
    ("DROP TABLE th; DROP TYPE face CASCADE", "public.things.face"),
    ("DROP TYPE age CASCADE", "public.lists.ages"),
    ("DROP TABLE rows CASCADE", "public.copies.r"),
    ("DROP TABLE rows", "public.copies.rs"),
    ("DROP TABLE found", "public.all_found()"),
    ("DROP INDEX found_a", "finders_a_fkey on public.finders"),
    ("DROP INDEX CONCURRENTLY found_a", "finders_a_fkey on public.finders"),
    ("DROP FUNCTION five(int)", "public.fives_a"),
    ("DROP SCHEMA app", "app.x"),
]


@pytest.mark.slow
async def test_what_cascade_would_take_through_a_type_is_seen(database: Database) -> None:
    """Of a name that begins like one already dropped, of an array, of a table's row type, of an index."""
    async with connected(database.dsn) as c:
        await c.execute(HIDDEN)
    for sql, reason in TAKEN_UNSEEN:
        with pytest.raises(PlanRefused) as refused:
            await prepare(database.dsn, sql.encode(), ALLOWING)
        assert reason in str(refused.value), (sql, str(refused.value))


IN_ORDER = [
    "DROP TABLE th; DROP TABLE things; DROP TYPE face",
    "ALTER TABLE th DROP COLUMN face, DROP COLUMN face_2; DROP TABLE things; DROP TYPE face",
    "DROP TABLE copies; DROP TABLE rows",
    "ALTER TABLE copies DROP COLUMN r; ALTER TABLE copies DROP COLUMN rs; DROP TABLE rows",
    "DROP FUNCTION all_found(); ALTER TABLE finders DROP CONSTRAINT finders_a_fkey; DROP TABLE found",
    "DROP TABLE finders; DROP INDEX found_a",
    "DROP INDEX found_a CASCADE",
    "DROP TABLE app.x; DROP SCHEMA app",
    "DROP INDEX fives_a; ALTER TABLE fives ALTER COLUMN a DROP DEFAULT; DROP FUNCTION five(int)",
]


@pytest.mark.slow
async def test_what_was_dropped_before_is_in_nobodys_way(database: Database) -> None:
    """And the server agrees with each."""
    async with connected(database.dsn) as c:
        await c.execute(HIDDEN)
        for sql in IN_ORDER:
            await prepare(database.dsn, sql.encode(), ALLOWING)
            transaction = c.transaction()
            await transaction.start()
            await c.execute(sql)
            await transaction.rollback()


KEYS = """
CREATE TABLE parents (id int PRIMARY KEY, name text);
CREATE TABLE children (parent int REFERENCES parents (id) ON DELETE CASCADE);
CREATE TABLE notes (parent int REFERENCES parents (id) ON UPDATE SET NULL);
"""

CHAIN = """
CREATE TABLE orders (id int PRIMARY KEY, previous int REFERENCES orders (id) ON DELETE CASCADE);
CREATE TABLE items (id int PRIMARY KEY, "order" int REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE parts (id int PRIMARY KEY, item int REFERENCES items (id) ON DELETE SET NULL);
CREATE TABLE labels (part int REFERENCES parts (id) ON DELETE CASCADE);
CREATE TABLE holds (item int REFERENCES items (id));
"""


async def test_rows_that_a_foreign_key_takes_along_must_be_named_too(database: Database) -> None:
    """ON DELETE CASCADE is a loss that the statement does not show."""
    async with connected(database.dsn) as c:
        await c.execute(KEYS)
    for sql, named, missing in (
        (b"DELETE FROM parents", "parents", "public.children"),
        (b"UPDATE parents SET id = id + 1", "parents", "public.notes"),
    ):
        accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=(named,))
        with pytest.raises(PlanRefused, match=f"--accept-loss {missing}"):
            await prepare(database.dsn, sql, accepting)
        await prepare(database.dsn, sql, replace(accepting, accept_loss=(named, missing)))
    renamed = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("parents",))
    await prepare(database.dsn, b"UPDATE parents SET name = ''", renamed)


async def test_rows_that_keys_take_along_one_after_another_must_be_named_too(database: Database) -> None:
    """Deleting orders deletes items, and changes parts; what only hangs on a changed row stays."""
    async with connected(database.dsn) as c:
        await c.execute(CHAIN)
        accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("orders",))
        with pytest.raises(PlanRefused) as refused:
            await prepare(database.dsn, b"DELETE FROM orders", accepting)
        said = str(refused.value)
        assert "public.items" in said
        assert "public.parts" in said
        assert "public.labels" not in said
        assert "public.holds" not in said
        named = replace(accepting, accept_loss=("orders", "items", "parts"))
        stored = (await prepare(database.dsn, b"DELETE FROM orders", named)).stored
        await c.execute("ALTER TABLE labels DROP CONSTRAINT labels_part_fkey")
        async with c.transaction():
            await check_schema(c, from_stored(stored))
        await c.execute("CREATE TABLE tags (item int REFERENCES items (id) ON DELETE CASCADE)")
        async with c.transaction():
            with pytest.raises(Stop, match=r"on public\.items has changed"):
                await check_schema(c, from_stored(stored))


NAMES = """
CREATE SCHEMA arch; CREATE TABLE arch.orders (id int); CREATE TABLE orders (id int);
CREATE SCHEMA users; CREATE TABLE users.email (id int); CREATE TABLE users (id int, email text);
CREATE SCHEMA "we.ird"; CREATE TABLE "we.ird"."Ta.b" (id int, "Co.l" text);
"""

NAMED = [
    ("DROP TABLE orders; DROP TABLE arch.orders", ("orders",), "may mean arch.orders or public.orders"),
    ("DROP TABLE orders; DROP TABLE arch.orders", ("orders", "arch.orders"), ""),
    ("DROP TABLE orders; DROP TABLE arch.orders", ("public.orders", "arch.orders"), ""),
    ("DROP TABLE orders", ("orders",), ""),
    ("ALTER TABLE users DROP COLUMN email; DROP TABLE users.email", ("users.email",),
     "may mean public.users.email or users.email"),
    ("ALTER TABLE users DROP COLUMN email; DROP TABLE users.email",
     ("users.email", "public.users.email"), ""),
    ('ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l"', ('"we.ird"."Ta.b"."Co.l"',), ""),
    ('ALTER TABLE "we.ird"."Ta.b" DROP COLUMN "Co.l"', ('"Ta.b"."Co.l"',), ""),
    ('DROP TABLE "we.ird"."Ta.b"', ('"Ta.b"',), ""),
    ('DROP TABLE "we.ird"."Ta.b"', ("Ta.b",), "names nothing"),
]  # fmt: skip


@pytest.mark.promise(11)
async def test_a_name_of_two_things_accepts_the_loss_of_neither(database: Database) -> None:
    """A table in two schemas, a column that reads as a table; quotes are read as SQL reads them."""
    async with connected(database.dsn) as c:
        await c.execute(NAMES)
    for sql, names, why in NAMED:
        accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=names)
        if not why:
            await prepare(database.dsn, sql.encode(), accepting)
            continue
        with pytest.raises(PlanRefused, match=why):
            await prepare(database.dsn, sql.encode(), accepting)
