"""When a watch's migration began: as asked, as the fingerprint or the tool's own table says, or now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.core.samples import HOUR, MINUTE, SECOND
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError
from monitor.history import TOOLS
from monitor.history.source import history_of
from monitor.ports.history import Bookkeeping
from monitor.starting import CLOCK, JUST_BEFORE, beginning_of
from tests import servers
from tests.conftest import Database
from tests.rollbacks import connected
from tests.tools import CASES, Case

ROOT = Path(__file__).parents[2]

MOMENTS = {
    "django": ("django_migrations", "applied", "now()"),
    "ecto": ("schema_migrations", "inserted_at", "now() AT TIME ZONE 'UTC'"),
    "knex": ("knex_migrations", "migration_time", "now()"),
    "prisma": ("_prisma_migrations", "started_at", "now()"),
    "sql-migrate": ("gorp_migrations", "applied_at", "now()"),
    "sqitch": ("sqitch.changes", "committed_at", "now()"),
    "sqlx": ("_sqlx_migrations", "installed_on", "now()"),
    "yoyo": ("_yoyo_migration", "applied_at_utc", "now() AT TIME ZONE 'UTC'"),
}
"""Tools whose table has the moment with its time zone: table, column, now in that column's own terms."""

ONE_OF_EACH = {case.tool: case for case in reversed(CASES)}.values()


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """On the newest major found, with sessions in a time zone that is neither UTC nor ours."""
    newest = servers.server(max(b.major for b in servers.BINARIES))
    name = await servers.new_database(newest)
    found = Database(newest, name)
    async with connected(found.dsn) as c:
        await c.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    yield found
    await servers.drop_database(newest, name)


async def now_of(database: Database) -> int:
    async with connected(database.dsn) as c:
        return int(await c.fetchval(CLOCK))


async def begun(
    database: Database, asked: int | None = None, fingerprint: int | None = None,
    books: Bookkeeping | None = None,
) -> tuple[int, str]:  # fmt: skip
    return await beginning_of(Policy(), database.dsn, asked, fingerprint, books)


def books_of(case: Case, directory: Path) -> Bookkeeping | None:
    place = str(case.write(directory)) if case.files else None
    given = None if case.given is None else case.given.encode()
    return history_of(TOOLS[case.tool], place, None, None, {}).down(case.migration, given).bookkeeping


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=lambda case: case.tool)
async def test_a_tools_table_that_has_the_moment_with_its_time_zone_is_believed_and_no_other(
    database: Database, case: Case, tmp_path: Path
) -> None:
    """Ten minutes ago, whatever the time zone of the session."""
    books = books_of(case, tmp_path)
    async with connected(database.dsn) as c:
        await c.execute(case.ddl)
        if case.tool in MOMENTS:
            table, column, now = MOMENTS[case.tool]
            await c.execute(f"UPDATE {table} SET {column} = {now} - interval '10 minutes'")
    at, why = await begun(database, books=books)
    known = case.tool in MOMENTS
    expected = await now_of(database) - (10 * MINUTE if known else 0)
    assert abs(at - expected) < 20 * SECOND
    assert why.endswith("when its migration tool applied it") is known


async def test_a_table_of_another_shape_is_no_reason_to_refuse(database: Database) -> None:
    """The moment is a help: without it the watch begins now."""
    books = Bookkeeping("t", "m", (), "", ("x",), (), "SELECT gone FROM nowhere WHERE id = $1::text")
    at, why = await begun(database, books=books)
    assert (abs(at - await now_of(database)) < 20 * SECOND, why) == (True, "")


@pytest.mark.parametrize("ago", ["-1 hour", "80 hours"])
async def test_a_moment_that_can_not_be_is_not_believed(database: Database, ago: str) -> None:
    """In the future, or so long ago that the watch would be over."""
    question = f"SELECT now() - interval '{ago}' WHERE $1::text = 'x'"
    at, why = await begun(database, books=Bookkeeping("t", "m", (), "", ("x",), (), question))
    assert (abs(at - await now_of(database)) < 20 * SECOND, why) == (True, "")


@pytest.mark.parametrize(("ago", "believed"), [(5 * MINUTE, True), (JUST_BEFORE + MINUTE, False)])
async def test_a_fingerprint_is_the_beginning_if_it_was_taken_just_before(
    database: Database, ago: int, believed: bool
) -> None:
    """One of yesterday's pipeline says nothing of when the migration began, and people are told."""
    taken = (await now_of(database) - ago) // SECOND
    at, why = await begun(database, fingerprint=taken)
    assert (at == taken * SECOND) is believed
    assert why.endswith("when its fingerprint was taken") is believed
    assert ("--started-at says when" in why) is not believed


async def test_what_is_asked_goes_before_the_fingerprint(database: Database) -> None:
    """A person knows best."""
    now = await now_of(database)
    assert await begun(database, now - HOUR, now // SECOND - 60) == (now - HOUR, "")


async def test_a_beginning_in_the_future_or_too_long_ago_is_refused(database: Database) -> None:
    """Nothing is registered then."""
    now = await now_of(database)
    with pytest.raises(OperatorError, match="started_at is in the future"):
        await begun(database, now + MINUTE)
    with pytest.raises(OperatorError, match="a watch ends 72h after that"):
        await begun(database, now - 73 * HOUR)


def test_the_tools_are_those_of_the_documentation() -> None:
    """docs/beginning.md names them."""
    said = next(x for x in (ROOT / "docs/beginning.md").read_text().splitlines() if "its time zone:" in x)
    names = said.partition("time zone: ")[2].rstrip(";").replace(" (when the migration began)", "")
    assert sorted(name.strip().lower() for name in names.split(",")) == sorted(MOMENTS)
