"""A fingerprint from before the migration, and rollbacks done by hand: what is verified, refused, noticed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monitor.errors import OperatorError
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Prepared, prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import Outcome, OutcomeKind, WatchRow
from monitor.schema import fingerprint_file
from monitor.schema.fingerprint_file import Document, Place
from tests import servers
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back, store

pytestmark = pytest.mark.corner

GREET = "FUNCTION greet(name text) RETURNS text LANGUAGE sql AS"

OLD = """
CREATE TABLE contacts (id int PRIMARY KEY, email text NOT NULL, note text);
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE VIEW emails AS SELECT email FROM contacts;
CREATE FUNCTION greet(name text) RETURNS text LANGUAGE sql AS 'SELECT ''hello '' || name';
INSERT INTO contacts VALUES (1, 'a@example.org', 'x');
"""

UP = "ALTER TABLE contacts ADD COLUMN phone text; ALTER TABLE contacts RENAME COLUMN email TO address"
DOWN = b"ALTER TABLE contacts DROP COLUMN phone; ALTER TABLE contacts RENAME COLUMN address TO email"
HALF = b"ALTER TABLE contacts RENAME COLUMN address TO email"
OPAQUE = (
    b"DO $$ BEGIN ALTER TABLE contacts DROP COLUMN phone;"
    b" ALTER TABLE contacts RENAME address TO email; END $$"
)

MIDNIGHT = "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-02') TO ('2026-01-03')"


@pytest.fixture
async def newest() -> AsyncIterator[Database]:
    """On one major: what differs between them is tested with the reading itself."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)


async def migrated(dsn: str, up: str = UP) -> Document:
    """The old schema, its fingerprint, and the migration applied."""
    await build(dsn, OLD)
    before = await take(dsn)
    if up:
        await execute(dsn, up)
    return before


async def execute(dsn: str, sql: str) -> None:
    async with connected(dsn) as c:
        await c.execute(sql)


async def prepared_with(dsn: str, down: bytes, before: Document | None, opaque: bool = False) -> Prepared:
    return await prepare(dsn, down, replace(ALLOWING, allow_opaque=opaque, before=before))


async def outcome(dsn: str, watch: WatchRow) -> Outcome:
    async with executing(dsn) as executor:
        return await rolled_back(executor, watch)


@pytest.mark.promise(15)
async def test_a_rollback_to_the_schema_of_before_is_verified_by_it(database: Database) -> None:
    """Somebody's new partition and index elsewhere are noted and fail nothing."""
    dsn = database.dsn
    before = await migrated(dsn)
    prepared = await prepared_with(dsn, DOWN, before)
    assert prepared.warnings == ()
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
    await execute(dsn, MIDNIGHT)
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.ROLLED_BACK, found
    assert found.detail["verified"] == "before"
    assert found.detail["elsewhere"] == ["public.events_2 is new"]
    assert "as before the migration" in found.reason


@pytest.mark.fault(23)
@pytest.mark.promise(15)
@pytest.mark.parametrize("opaque", [False, True])
async def test_a_plan_that_does_not_restore_the_schema_is_told_at_registration_and_ends_unverified(
    newest: Database, opaque: bool
) -> None:
    """Fault 23, promise 15: said before the night, and never called rolled back."""
    dsn = newest.dsn
    before = await migrated(dsn)
    half = b"DO $$ BEGIN ALTER TABLE contacts RENAME address TO email; END $$" if opaque else HALF
    prepared = await prepared_with(dsn, half, before, opaque)
    if not opaque:
        assert "does NOT restore the schema" in prepared.warnings[0]
        assert "public.contacts: column phone will still be there" in prepared.warnings[0]
    found = await outcome(dsn, await store(dsn, prepared))
    assert found.kind is OutcomeKind.UNVERIFIED
    assert found.detail["differences"] == ["public.contacts: column phone is new"]
    assert "not as it was before the migration: public.contacts: column phone is new" in found.reason


async def test_an_opaque_rollback_is_verified_by_the_schema_of_before(newest: Database) -> None:
    """Nobody can foretell what DO does; what came of it can be compared, and what others did told apart."""
    dsn = newest.dsn
    before = await migrated(dsn)
    watch = await store(dsn, await prepared_with(dsn, OPAQUE, before, opaque=True))
    await execute(dsn, MIDNIGHT)
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.ROLLED_BACK, found
    assert found.detail["elsewhere"] == ["public.events_2 is new"]


async def test_what_an_opaque_rollback_changes_besides_counts_as_its_own(newest: Database) -> None:
    """A DO that takes an unrelated view along has not brought the schema back."""
    dsn = newest.dsn
    before = await migrated(dsn)
    bad = OPAQUE.replace(b"END $$", b"DROP TABLE events_1; END $$")
    watch = await store(dsn, await prepared_with(dsn, bad, before, opaque=True))
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.UNVERIFIED
    assert found.detail["differences"] == ["public.events_1 is missing"]


async def test_a_lock_on_an_unrelated_view_keeps_the_rollback_from_being_verified_not_from_happening(
    newest: Database,
) -> None:
    """Describing a view waits for whoever alters a table under it."""
    dsn = newest.dsn
    before = await migrated(dsn)
    await execute(dsn, "CREATE TABLE far (a int); CREATE VIEW farther AS TABLE far")
    watch = await store(dsn, await prepared_with(dsn, DOWN, before))
    async with connected(dsn) as other, other.transaction():
        await other.execute("LOCK TABLE far IN ACCESS EXCLUSIVE MODE")
        found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.UNVERIFIED
    assert "somebody holds a lock" in str(found.detail["differences"])


@pytest.mark.fault(21)
@pytest.mark.promise(14)
@pytest.mark.parametrize("down", [DOWN, OPAQUE])
async def test_a_rollback_done_by_hand_is_recognised_by_the_schema_of_before(
    newest: Database, down: bytes
) -> None:
    """Fault 21: also of a plan whose own effect nobody can see, and whatever else was built meanwhile."""
    dsn = newest.dsn
    before = await migrated(dsn)
    watch = await store(dsn, await prepared_with(dsn, down, before, opaque=True))
    await execute(dsn, down.decode() + ";" + MIDNIGHT)
    async with executing(dsn) as executor:
        ready = await executor.ready(watch, full=True)
    assert ready.codes == ("by_hand",)
    assert (await outcome(dsn, watch)).kind is OutcomeKind.RESOLVED_EXTERNALLY


@pytest.mark.fault(21)
@pytest.mark.promise(14)
async def test_a_rollback_done_half_by_hand_is_named_and_not_executed(newest: Database) -> None:
    """Fault 21: what is left is said, so that somebody can finish it."""
    dsn = newest.dsn
    await migrated(dsn)
    watch = await registered(dsn, DOWN)
    await execute(dsn, DOWN.decode().split(";")[0])
    async with executing(dsn) as executor:
        ready = await executor.ready(watch, full=True)
        found = await rolled_back(executor, watch)
    assert not ready.ok
    assert ready.codes != ("by_hand",)
    assert "part of the rollback was done by hand, left is: public.contacts: column" in ready.reasons[0]
    assert found.kind is OutcomeKind.REFUSED


@pytest.mark.parametrize(
    ("up", "down", "later"),
    [
        ("ALTER TABLE contacts ALTER note SET DEFAULT 'a'",
         b"ALTER TABLE contacts ALTER note SET DEFAULT 'b'",
         "ALTER TABLE contacts ALTER note SET DEFAULT 'c'"),
        ("CREATE OR REPLACE VIEW emails AS SELECT email FROM contacts WHERE id > 0",
         b"CREATE OR REPLACE VIEW emails AS SELECT email FROM contacts",
         "CREATE OR REPLACE VIEW emails AS SELECT email FROM contacts WHERE id > 1"),
        ("GRANT SELECT ON contacts TO PUBLIC", b"REVOKE SELECT ON contacts FROM PUBLIC",
         "GRANT INSERT ON contacts TO PUBLIC"),
        ("", b"UPDATE contacts SET note = ''", "ALTER TABLE contacts ADD COLUMN phone text"),
        ("", b"ALTER TABLE contacts DROP COLUMN IF EXISTS phone",
         "ALTER TABLE contacts ADD COLUMN phone text"),
        (UP, DOWN, "ALTER TABLE contacts ADD COLUMN other text"),
    ],
    ids=["default", "view", "grant", "data", "registered too early", "other change"],
)  # fmt: skip
async def test_somebody_elses_change_is_never_taken_for_the_rollback(
    newest: Database, up: str, down: bytes, later: str
) -> None:
    """What can't be foretold is no proof; a watch registered before its migration proves nothing."""
    dsn = newest.dsn
    before = await migrated(dsn, up)
    accepted = ("public.contacts.note",) if down.startswith(b"UPDATE") else ()
    mode = DataLoss.ACCEPT if accepted else DataLoss.SALVAGE
    for given in (None, before):
        prepared = await prepare(
            dsn, down, replace(ALLOWING, data_loss=mode, accept_loss=accepted, before=given)
        )
        watch = await store(dsn, prepared, "w-1" if given is None else "w-2")
        if given is not None and not up:
            assert "equals the current schema" in prepared.warnings[0]
    await execute(dsn, later)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).codes[0] in {"drift", "dependents"}
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


SEEN = {
    "function": (
        f"CREATE OR REPLACE {GREET} 'SELECT ''hi '' || name'",
        f"CREATE OR REPLACE {GREET} 'SELECT ''hello '' || name'".encode(),
    ),
    "comment": (
        "COMMENT ON COLUMN contacts.note IS 'new'; COMMENT ON FUNCTION greet(text) IS 'new';"
        "COMMENT ON TABLE contacts IS 'new'; COMMENT ON SCHEMA public IS 'new'",
        b"COMMENT ON COLUMN contacts.note IS NULL; COMMENT ON FUNCTION greet(text) IS 'old'; "
        b"COMMENT ON TABLE contacts IS 'it''s old'; COMMENT ON SCHEMA public IS 'x'",
    ),
    "type": ("DROP TYPE IF EXISTS mood", b"CREATE TYPE mood AS ENUM ('good', 'bad')"),
}


@pytest.mark.parametrize("what", SEEN)
async def test_functions_types_and_comments_are_verified_and_found_done_by_hand(
    database: Database, what: str
) -> None:
    """They show: a function by its body, an enum by its labels, a comment by its text."""
    dsn = database.dsn
    up, down = SEEN[what]
    await migrated(dsn, up)
    watch = await registered(dsn, down)
    async with connected(dsn) as c:
        transaction = c.transaction()
        await transaction.start()
        await c.execute(down.decode())
        await transaction.rollback()
    found = await outcome(dsn, watch)
    assert (found.kind, found.detail["verified"]) == (OutcomeKind.ROLLED_BACK, "plan"), found
    async with connected(dsn) as c:
        await c.execute("TRUNCATE migration_monitor.watch CASCADE; TRUNCATE migration_monitor.event")
        if what == "type":
            await c.execute("DROP TYPE mood")
        else:
            await c.execute(up)
    again = await registered(dsn, down)
    await execute(dsn, down.decode())
    assert (await outcome(dsn, again)).kind is OutcomeKind.RESOLVED_EXTERNALLY


@pytest.mark.parametrize("remembers", [False, True])
async def test_tonights_partition_of_a_touched_table_does_not_stop_its_rollback(
    newest: Database, remembers: bool
) -> None:
    """It follows its parent: made after the migration it has the column, after the rollback it has not."""
    dsn = newest.dsn
    before = await migrated(dsn, "ALTER TABLE events ADD COLUMN who text")
    drop = b"ALTER TABLE events DROP COLUMN who"
    prepared = await prepared_with(dsn, drop, before if remembers else None)
    assert not any("NOT restore" in warning for warning in prepared.warnings)
    watch = await store(dsn, prepared)
    await execute(dsn, MIDNIGHT)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.ROLLED_BACK, found
    assert found.detail.get("elsewhere", []) == (["public.events_2 is new"] if remembers else [])


async def test_a_partition_that_would_go_with_its_dropped_table_is_drift(newest: Database) -> None:
    """Nobody has looked at it."""
    dsn = newest.dsn
    await migrated(dsn, "")
    watch = await registered(dsn, b"DROP TABLE events")
    await execute(dsn, MIDNIGHT)
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.REFUSED
    assert "public.events: child public.events_2 is new" in found.reason


async def test_a_function_that_somebody_changed_is_drift(newest: Database) -> None:
    """Neither the registered body nor the one to come back."""
    dsn = newest.dsn
    up, down = SEEN["function"]
    await migrated(dsn, up)
    watch = await registered(dsn, down)
    await execute(dsn, up.replace("hi", "hey"))
    found = await outcome(dsn, watch)
    assert found.kind is OutcomeKind.REFUSED
    assert 'function "greet"("text") has another definition' in found.reason


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"database": "other"}, "is of database other"),
        ({"system_identifier": "7"}, "of another cluster"),
        ({"server_major": 9}, "taken on PostgreSQL 9"),
    ],
)
async def test_a_fingerprint_of_somewhere_else_is_refused(
    newest: Database, changes: dict[str, object], says: str
) -> None:
    """In one sentence that names both."""
    before = await migrated(newest.dsn)
    place = {k: getattr(before.place, k) for k in Place.__dataclass_fields__} | changes
    elsewhere = fingerprint_file.parse(fingerprint_file.dump(Document(Place(**place), before.objects)))
    with pytest.raises(OperatorError, match=says):
        await prepared_with(newest.dsn, DOWN, elsewhere)


async def test_what_an_unprivileged_role_sees_is_the_same_fingerprint(newest: Database) -> None:
    """The deploy's role need not own what it describes."""
    dsn = newest.dsn
    await migrated(dsn)
    async with connected(dsn) as c:
        await c.execute(f"CREATE ROLE reader_{newest.name} LOGIN; GRANT CONNECT ON DATABASE"
                        f' "{newest.name}" TO reader_{newest.name}')  # fmt: skip
    try:
        mine = await take(dsn)
        theirs = await take(dsn.replace("//postgres@", f"//reader_{newest.name}@"))
        assert theirs.objects == mine.objects
    finally:
        async with connected(dsn) as c:
            await c.execute(f"REVOKE ALL ON DATABASE \"{newest.name}\" FROM reader_{newest.name};"
                            f" DROP ROLE reader_{newest.name}")  # fmt: skip


@pytest.mark.promise(15)
async def test_a_function_or_type_that_the_plan_leaves_behind_is_not_the_schema_of_before(
    newest: Database,
) -> None:
    """It was in no fingerprint: it counts because the plan made it."""
    dsn = newest.dsn
    before = await migrated(dsn)
    left = (
        b"; CREATE TYPE mood AS ENUM (); CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2'"
    )
    found = await outcome(dsn, await store(dsn, await prepared_with(dsn, DOWN + left, before)))
    assert found.kind is OutcomeKind.UNVERIFIED
    assert found.detail["differences"] == [
        "function public.twice(integer) is new", "type public.mood is new"
    ]  # fmt: skip


LEFT_BEHIND = {
    "ALTER TABLE contacts REPLICA IDENTITY NOTHING":
        "public.contacts: replica identity has changed (none → nothing)",
    "ALTER TABLE contacts DISABLE TRIGGER ALL":
        "public.contacts: key triggers has changed (+notes_contact_fkey of public.notes: disabled)",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC":
        "default acl for role postgres on tables is new",
    "ALTER PUBLICATION changes ADD TABLE notes":
        "publication changes: tables has changed (+public.notes)",
    "ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 9)":
        "type public.positive: constraint small is new",
    "REVOKE ALL ON FUNCTION greet(text) FROM PUBLIC, postgres":
        "function public.greet(text): privileges has changed (none → {})",
}  # fmt: skip
"""What a migration does beside its column, and how it is named when the rollback forgets it."""

BESIDE = """
CREATE TABLE notes (contact int REFERENCES contacts);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE PUBLICATION changes FOR TABLE contacts;
"""


@pytest.mark.promise(15)
@pytest.mark.parametrize(("also", "says"), LEFT_BEHIND.items(), ids=lambda text: text[:30])
async def test_what_a_rollback_leaves_behind_of_the_migration_is_named(
    newest: Database, also: str, says: str
) -> None:
    """A column that is back is not the schema that was: foreign keys may be off, an UPDATE may fail."""
    dsn = newest.dsn
    await build(dsn, OLD)
    await execute(dsn, BESIDE)
    before = fingerprint_file.parse(fingerprint_file.dump(await take(dsn)))
    await execute(dsn, f"{UP}; {also}")
    prepared = await prepared_with(dsn, DOWN, before)
    assert any("does NOT restore the schema" in warning for warning in prepared.warnings)
    found = await outcome(dsn, await store(dsn, prepared))
    assert found.kind is OutcomeKind.UNVERIFIED
    assert found.detail["differences"] == [says]


async def test_a_setting_left_on_the_database_is_named(newest: Database) -> None:
    """ALTER DATABASE … SET is of the schema's database, too."""
    dsn = newest.dsn
    before = await migrated(dsn)
    await execute(dsn, f'ALTER DATABASE "{newest.name}" SET statement_timeout = 0')
    found = await outcome(dsn, await store(dsn, await prepared_with(dsn, DOWN, before)))
    assert found.kind is OutcomeKind.UNVERIFIED
    assert found.detail["differences"] == [f"settings of database {newest.name} is new"]


async def test_a_fingerprint_that_an_earlier_version_stored_is_not_taken_for_the_schema_of_before(
    newest: Database,
) -> None:
    """The rollback takes effect; that it can't be compared is said."""
    dsn = newest.dsn
    prepared = await prepared_with(dsn, DOWN, await migrated(dsn))
    stored = dict(prepared.stored.fingerprint)
    stored["before"] = {**stored["before"], "format": 1}  # type: ignore[dict-item]
    earlier = replace(prepared, stored=replace(prepared.stored, fingerprint=stored))
    found = await outcome(dsn, await store(dsn, earlier))
    assert found.kind is OutcomeKind.UNVERIFIED
    assert "earlier version" in found.reason
