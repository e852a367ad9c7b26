"""What each tool prints or stores as the way back of usual changes, registered and executed whole.

tests/downs has, for each, the schema before (`shop.sql` unless it has its own), the migration, and its way
back: as the tool printed it where it prints SQL (alembic, django, knex, node-pg-migrate, sequelize, typeorm),
else in the form that its documentation shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.core.thresholds import Policy
from monitor.history import TOOLS
from monitor.history.source import History, NoHistory, history_of
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind, WatchRequest
from monitor.registration import Registrar, TargetDesk
from monitor.schema import fingerprint_file
from monitor.store.registry import PgRegistry
from tests import rollbacks, tools
from tests.conftest import Database
from tests.rollbacks import SUPERUSER, build, connected, executing, rolled_back
from tests.tools import Case

pytestmark = pytest.mark.corner

DOWNS = Path(__file__).parent.parent / "downs"


@dataclass(frozen=True, slots=True)
class Way:
    """One file of tests/downs. `case`: the tool's table and files; None: the SQL is given, without a tool."""

    case: Case | None
    accept: tuple[str, ...] = ()  # losses that have to be named
    told: str = ""  # a notice that must be there

    def down(self, name: str) -> str:
        return (DOWNS / f"{name}.down.sql").read_text()


WAYS = {
    "alembic": Way(tools.ALEMBIC),
    "alembic-concurrently": Way(tools.ALEMBIC),
    "django": Way(tools.DJANGO, told="line 1: BEGIN is omitted"),
    "django-concurrently": Way(tools.DJANGO),
    "rails": Way(tools.RAILS),
    "flyway": Way(tools.FLYWAY),
    "liquibase": Way(tools.LIQUIBASE),
    "golang-migrate": Way(tools.GOLANG, told="SET lock_timeout is omitted"),
    "goose": Way(tools.GOOSE),
    "dbmate": Way(tools.DBMATE),
    "sqitch": Way(tools.SQITCH, told="SET client_min_messages is omitted"),
    "sqlx": Way(tools.SQLX),
    "tern": Way(tools.TERN),
    "sql-migrate": Way(tools.SQL_MIGRATE),
    "node-pg-migrate": Way(tools.NODE),
    "knex": Way(tools.KNEX, ("public.contact.name",)),
    "prisma": Way(tools.PRISMA, ('public."Contact".mood',)),
    "supabase": Way(tools.SUPABASE),
    "ecto": Way(tools.ECTO),
    "diesel": Way(tools.DIESEL),
    "yoyo": Way(tools.YOYO),
    "sequelize": Way(None),
    "typeorm": Way(None, ("public.contact.mood",)),
}


def test_every_tool_has_a_way_back() -> None:
    """Nothing is claimed that is not run; each file belongs to one of them."""
    assert {w.case.tool for w in WAYS.values() if w.case} | {"plain"} == set(TOOLS)
    assert {p.name.removesuffix(".down.sql") for p in DOWNS.glob("*.down.sql")} == set(WAYS)


def put_down(case: Case, down: str) -> Case:
    """The case with this way back instead of its own."""
    if case.given is not None:
        return replace(case, given=down)
    if case.tool == "liquibase":
        lines = "".join(f"--rollback {line}\n" for line in down.splitlines())
        (name,) = case.files
        return replace(case, files={name: case.files[name].partition("--rollback ALTER")[0] + lines})
    files = {n: t.replace(f"-- +goose StatementBegin\n{tools.UNDO}\n-- +goose StatementEnd\n", tools.UNDO)
             for n, t in case.files.items()}  # fmt: skip
    return replace(case, files={n: t.replace(tools.UNDO, down) for n, t in files.items()})


def history(case: Case | None, directory: Path) -> History:
    if case is None:
        return NoHistory()
    place = str(case.write(directory)) if case.files else None
    return history_of(TOOLS[case.tool], place, None, None, {})


def script(name: str) -> str:
    return (DOWNS / name).read_text()


@pytest.mark.promise(15)
@pytest.mark.parametrize("name", WAYS)
async def test_the_way_back_brings_the_schema_back(database: Database, tmp_path: Path, name: str) -> None:
    """Without a warning; the tool's table says so too."""
    dsn, way = database.dsn, WAYS[name]
    case = put_down(way.case, way.down(name)) if way.case else None
    own = f"{name}.before.sql" if (DOWNS / f"{name}.before.sql").exists() else "shop.sql"
    await build(dsn, script("django.before.sql" if case and case.tool == "django" else own))
    async with connected(dsn) as c:
        await c.execute(case.ddl if case else "SELECT 1")
        before = fingerprint_file.dump(await take(dsn))
        await c.execute(script(f"{name}.up.sql"))
    registry = PgRegistry("shop", dsn)
    desk = TargetDesk(registry, Policy(), dsn, 2.0, SUPERUSER, history(case, tmp_path))
    request = WatchRequest(
        case.migration if case else name, None if case and case.files else way.down(name).encode(),
        data_loss="accept" if way.accept else "salvage", accept_loss=way.accept, before=before,
    )  # fmt: skip
    try:
        registered = await Registrar({"shop": desk}).register(request)
    finally:
        await registry.aclose()
    assert not [n for n in registered.notices if "does NOT" in n or "DO NOT" in n], registered.notices
    assert any(way.told in n for n in registered.notices)
    watch = await rollbacks.load(dsn, str(registered.view["id"]))
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert (outcome.detail["verified"], outcome.detail.get("elsewhere", [])) == ("before", [])
    if case:
        async with connected(dsn) as c:
            assert [tuple(r) for r in await c.fetch(case.books)] == case.after
