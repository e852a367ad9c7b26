"""Partitions, children and rules: what follows a table follows its rollback, or stands in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

PARTITIONED = """
CREATE TABLE pt (id int, d int, v text, w text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (d);
CREATE TABLE pt2a PARTITION OF pt2 FOR VALUES FROM (100) TO (200);
CREATE INDEX pti ON pt (v);
INSERT INTO pt SELECT g, g, 'v' || g FROM generate_series(0, 29) g;
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""

LATER = [
    "CREATE INDEX later ON pt1 (v)",
    "CREATE INDEX later ON pt2a (v)",
    "ALTER TABLE pt1 ADD CONSTRAINT later CHECK (v <> 'zz')",
    "CREATE VIEW later AS SELECT v FROM pt1",
    "CREATE STATISTICS later ON id, v FROM pt1",
    "CREATE TRIGGER later BEFORE UPDATE OF v ON pt1 FOR EACH ROW EXECUTE FUNCTION fires()",
    "CREATE POLICY later ON pt2a USING (v = 'x')",
    "CREATE RULE later AS ON DELETE TO pt1 WHERE old.v = 'x' DO INSTEAD NOTHING",
]


@pytest.mark.slow
@pytest.mark.fault(20)
@pytest.mark.promise(14)
async def test_what_was_built_on_a_partition_since_is_seen(database: Database) -> None:
    """Fault 20: at every depth; what the column would take along, and what would make the rollback fail."""
    dsn = database.dsn
    await build(dsn, PARTITIONED)
    watch = await registered(dsn, b"ALTER TABLE pt DROP COLUMN v")
    async with connected(dsn) as c, executing(dsn) as executor:
        for later in LATER:
            await c.execute(later)
            ready = await executor.ready(watch, full=True)
            assert ready.codes == ("dependents",), (later, ready.reasons)
            assert "later" in ready.reasons[0]
            what = later.removeprefix("ALTER TABLE pt1 ADD ").removeprefix("CREATE ").split()[0]
            table = " ON pt1" if what in {"TRIGGER", "RULE"} else " ON pt2a" if what == "POLICY" else ""
            prefix = "ALTER TABLE pt1 " if what == "CONSTRAINT" else ""
            await c.execute(f"{prefix}DROP {what} later{table}")
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("CREATE TABLE pt3 PARTITION OF pt FOR VALUES FROM (200) TO (300); DROP TABLE pt2a")
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["verified"]) == (OutcomeKind.ROLLED_BACK, "plan")


async def test_a_partition_that_was_detached_is_not_left_behind_unseen(database: Database) -> None:
    """It is there and would keep the column."""
    dsn = database.dsn
    await build(dsn, PARTITIONED)
    watch = await registered(dsn, b"ALTER TABLE pt DROP COLUMN v")
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute("ALTER TABLE pt DETACH PARTITION pt1")
        ready = await executor.ready(watch, full=True)
    assert "child public.pt1 is missing" in ready.reasons[0]


async def test_indexes_of_partitions_alone_are_mentioned_at_registration(database: Database) -> None:
    """What belongs to the parent's index goes with that and needs no word; a view refuses."""
    dsn = database.dsn
    await build(dsn, PARTITIONED + "CREATE INDEX alone ON pt1 (v);")
    prepared = await prepare(dsn, b"ALTER TABLE pt DROP COLUMN v", ALLOWING)
    said = [n for n in prepared.notices if "silently drops" in n]
    assert any("index pti" in n for n in said)
    assert any("index alone of public.pt1" in n for n in said)
    assert len(said) == 2, said
    async with connected(dsn) as c:
        await c.execute("CREATE VIEW seen AS SELECT v FROM pt1")
    for sql in (b"ALTER TABLE pt DROP COLUMN v", b"DROP TABLE pt"):
        with pytest.raises(PlanRefused, match=r"is needed by view public\.seen"):
            await prepare(dsn, sql, ALLOWING)
    await prepare(dsn, b"DROP VIEW seen; ALTER TABLE pt DROP COLUMN v", ALLOWING)


TABLES = (
    PARTITIONED
    + """
CREATE TABLE p (id int PRIMARY KEY, v text, CONSTRAINT ck CHECK (id > 0));
CREATE TABLE ch (extra text) INHERITS (p);
CREATE TABLE gch () INHERITS (ch);
CREATE TYPE ty AS (a int, b text);
CREATE TABLE typed OF ty;
CREATE TABLE t (id serial PRIMARY KEY, b text, k serial, g int);
CREATE RULE r AS ON DELETE TO t WHERE old.b = 'x' DO INSTEAD NOTHING;
CREATE SEQUENCE sq;
ALTER TABLE t ALTER g SET DEFAULT nextval('sq');
CREATE TABLE o (x int DEFAULT nextval('t_k_seq'));
CREATE TABLE guarded (a int, b int, c int, d int GENERATED ALWAYS AS (c + 1) STORED);
CREATE POLICY pol ON guarded USING (a > 0);
CREATE TRIGGER tr BEFORE UPDATE OF b ON guarded FOR EACH ROW EXECUTE FUNCTION fires();
"""
)

IMPOSSIBLE = [
    ("ALTER TABLE t DROP COLUMN b", "is needed by rule r: drop it first"),
    ("ALTER TABLE t ALTER COLUMN b TYPE int USING 1", "can't change while rule r uses it"),
    ("DROP SEQUENCE sq", r"is needed by default value for public\.t\.g"),
    ("DROP SEQUENCE t_k_seq", r"is needed by default value for public\.o\.x, default value for public\.t\.k"),
    ("ALTER TABLE t DROP COLUMN k", r"is needed by default value for public\.o\.x"),
    ("ALTER TABLE ONLY pt DROP COLUMN v", "write it without ONLY"),
    ("ALTER TABLE ONLY p RENAME COLUMN v TO w", "write it without ONLY"),
    ("ALTER TABLE pt1 RENAME COLUMN v TO x", "is inherited: rename it in the parent"),
    ("ALTER TABLE ch RENAME COLUMN v TO x", "is inherited: rename it in the parent"),
    ("ALTER TABLE pt1 ALTER COLUMN v TYPE varchar", "is inherited: change its type in the parent"),
    ("ALTER TABLE pt DROP COLUMN d CASCADE", "is in the key by which public.pt is partitioned"),
    ("ALTER TABLE ch DROP CONSTRAINT ck", "is inherited: drop it from the parent"),
    ("DROP INDEX pt1_v_idx", r"is part of public\.pti: drop that instead"),
    ("ALTER TABLE typed DROP COLUMN b", r"is a table of type public\.ty"),
    ("ALTER TABLE guarded ALTER COLUMN a TYPE bigint", "can't change while policy pol uses it"),
    ("ALTER TABLE guarded ALTER COLUMN b TYPE bigint", "can't change while trigger tr uses it"),
    ("ALTER TABLE guarded ALTER COLUMN c TYPE bigint", "is needed by the generated column d"),
]


async def test_what_the_server_would_refuse_of_a_table_is_refused_at_registration(database: Database) -> None:
    """By rule, sequence, inheritance, partition, type: and the server does refuse each."""
    dsn = database.dsn
    await build(dsn, TABLES)
    accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=())
    async with connected(dsn) as c:
        for sql, why in IMPOSSIBLE:
            with pytest.raises(PlanRefused, match=why):
                await prepare(dsn, sql.encode(), accepting if "TYPE" in sql else ALLOWING)
            with pytest.raises(Exception, match=r"cannot|must be"):
                await c.execute(sql)


@pytest.mark.promise(14)
async def test_a_rule_that_came_since_is_in_the_way(database: Database) -> None:
    """The column that it reads can't be dropped any more."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int PRIMARY KEY, b text)")
    watch = await registered(dsn, b"ALTER TABLE t DROP COLUMN b")
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute("CREATE RULE later AS ON DELETE TO t WHERE old.b = 'x' DO INSTEAD NOTHING")
        assert (await executor.ready(watch, full=True)).codes == ("dependents",)


PUBLISHED = """
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text);
CREATE UNIQUE INDEX ri ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX ri;
CREATE TABLE k (id int PRIMARY KEY, b text);
CREATE TABLE free (id int PRIMARY KEY);
CREATE PUBLICATION pb FOR TABLE t, k;
"""


async def test_what_tells_rows_of_a_published_table_apart_is_not_dropped(database: Database) -> None:
    """Every UPDATE would fail from then on; a key that the plan makes again is none of it."""
    dsn = database.dsn
    await build(dsn, PUBLISHED)
    for sql in ("DROP INDEX ri", "DROP INDEX CONCURRENTLY ri", "ALTER TABLE t DROP COLUMN a",
                "ALTER TABLE k DROP CONSTRAINT k_pkey", "ALTER TABLE k DROP COLUMN id"):  # fmt: skip
        with pytest.raises(PlanRefused, match=r"every UPDATE and DELETE of public\.[tk] fails"):
            await prepare(dsn, sql.encode(), ALLOWING)
    for sql in ("ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE free DROP CONSTRAINT free_pkey",
                "ALTER TABLE k DROP CONSTRAINT k_pkey; ALTER TABLE k ADD CONSTRAINT k2 PRIMARY KEY (id)",
                "DROP TABLE k"):  # fmt: skip
        await prepare(dsn, sql.encode(), ALLOWING)


@pytest.mark.promise(11)
async def test_rows_of_children_that_nobody_named_are_no_accepted_loss(database: Database) -> None:
    """DELETE, TRUNCATE and UPDATE of a parent reach those that inherit; of partitions the parent's name
    is enough, and ONLY leaves them alone."""
    dsn = database.dsn
    await build(dsn, TABLES)
    for sql in ("DELETE FROM p", "TRUNCATE p", "UPDATE p SET v = ''"):
        accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("p",))
        with pytest.raises(PlanRefused) as refused:
            await prepare(dsn, sql.encode(), accepting)
        assert "--accept-loss public.ch" in str(refused.value)
        assert "--accept-loss public.gch" in str(refused.value)
        await prepare(dsn, sql.encode(), replace(accepting, accept_loss=("p", "ch", "gch")))
    await prepare(dsn, b"DELETE FROM ONLY p; TRUNCATE ONLY p", accepting)
    await prepare(dsn, b"DELETE FROM pt", replace(accepting, accept_loss=("pt",)))


async def test_settings_of_the_role_are_no_change_of_the_schema(database: Database) -> None:
    """How definitions are written is pinned; the statements see the settings as they are."""
    dsn = database.dsn
    await build(
        dsn,
        "CREATE TABLE t (id int PRIMARY KEY, b text, c date DEFAULT '2024-02-01');CREATE INDEX i ON t (b)",
    )
    watch = await registered(dsn, b"ALTER TABLE t DROP COLUMN b")
    async with connected(dsn) as c:
        for setting in ("quote_all_identifiers = on", "DateStyle = 'SQL, DMY'", "enable_indexscan = off"):
            await c.execute(f'ALTER DATABASE "{database.name}" SET {setting}')
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
