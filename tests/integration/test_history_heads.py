"""Alembic with two heads: a version from which another row descends is not written, as online.

`alembic downgrade b1:base --sql` knows no database and prints `UPDATE … SET version_num='base'`. Alembic
1.20.1 on a database with the rows b1 and c1 deletes b1 instead, since c1 stands on the base. With the rows
base and c1 its next upgrade fails: they overlap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.errors import PlanRefused
from monitor.history import TOOLS
from monitor.history.source import history_of
from monitor.plan.prepare import Options, Prepared, prepare
from monitor.ports import OutcomeKind
from tests import rollbacks, servers, tools
from tests.conftest import Database
from tests.rollbacks import SUPERUSER, build, connected, executing, rolled_back

REVISION = 'revision = "{}"\ndown_revision = {!r}\ndepends_on = {!r}\n'

LINES = {
    "base": (None, None), "b1": ("base", None), "b2": ("b1", None), "c1": ("base", None),
    "d1": (None, "base"), "e1": (None, None),
}  # fmt: skip
"""Revision -> (the one before it, the one it depends on); e1 is a line of its own."""


def printed(*changes: tuple[str, str]) -> bytes:
    """As `alembic downgrade --sql` prints it."""
    said = [
        f"UPDATE alembic_version SET version_num='{new}' WHERE alembic_version.version_num = '{gone}';"
        for gone, new in changes
    ]
    return ("BEGIN;\n\n" + tools.UNDO + "\n\n" + "\n\n".join(said) + "\n\nCOMMIT;\n\n").encode()


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """On the newest major found."""
    newest = servers.server(max(b.major for b in servers.BINARIES))
    name = await servers.new_database(newest)
    found = Database(newest, name)
    await build(found.dsn)
    async with connected(found.dsn) as c:
        await c.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)")
    yield found
    await servers.drop_database(newest, name)


async def prepared(database: Database, heads: tuple[str, ...], sql: bytes, folder: Path | None) -> Prepared:
    async with connected(database.dsn) as c:
        await c.executemany("INSERT INTO alembic_version VALUES ($1)", [(h,) for h in heads])
    for revision, (down, needs) in LINES.items() if folder else ():
        assert folder is not None
        (folder / f"{revision}.py").write_text(REVISION.format(revision, down, needs))
    found = history_of(TOOLS["alembic"], str(folder) if folder else None, None, None, {}).down("m", sql)
    options = Options(allow_superuser=SUPERUSER, bookkeeping=found.bookkeeping)
    return await prepare(database.dsn, found.sql, options)


AFTER = [
    (("b1", "c1"), [("b1", "base")], ["c1"]),
    (("b2", "c1"), [("b2", "b1")], ["b1", "c1"]),
    (("b2", "c1"), [("b2", "b1"), ("b1", "base")], ["c1"]),
    (("b1", "d1"), [("b1", "base")], ["d1"]),
    (("b1", "e1"), [("b1", "base")], ["base", "e1"]),
    (("b1",), [("b1", "base")], ["base"]),
]


@pytest.mark.parametrize(("heads", "changes", "left"), AFTER, ids=range(len(AFTER)))
async def test_the_table_is_told_what_alembic_would_tell_it(
    database: Database,
    tmp_path: Path,
    heads: tuple[str, ...],
    changes: list[tuple[str, str]],
    left: list[str],
) -> None:
    """With the revisions' folder configured: by the rows of the moment, not those of registration."""
    found = await prepared(database, heads, printed(*changes), tmp_path)
    watch = await rollbacks.store(database.dsn, found)
    async with executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    async with connected(database.dsn) as c:
        rows = await c.fetch("SELECT version_num FROM alembic_version ORDER BY 1")
    assert [r[0] for r in rows] == left


async def test_several_heads_without_the_revisions_are_refused(database: Database) -> None:
    """Whether the rows would overlap is not known then; one head alone can't."""
    with pytest.raises(
        PlanRefused, match=r"several heads, b1, c1, .* stands on base is not known: set `migr"
    ):
        await prepared(database, ("b1", "c1"), printed(("b1", "base")), None)
    async with connected(database.dsn) as c:
        await c.execute("TRUNCATE alembic_version")
    watch = await rollbacks.store(
        database.dsn, await prepared(database, ("b1",), printed(("b1", "base")), None)
    )
    async with connected(database.dsn) as c, executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("INSERT INTO alembic_version VALUES ('c1')")
        assert "several heads" in (await executor.ready(watch, full=True)).reasons[0]
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
