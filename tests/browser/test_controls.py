"""What a person decides on the page, in its dialog, carried out by the real daemon."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests import servers
from tests.browser.test_rollback_watched import PATIENCE, free_port
from tests.browser.window import Window, window
from tests.conftest import Database
from tests.rollbacks import connected
from tests.scenarios.stage import PATIENCE as SECONDS
from tests.scenarios.stage import RENAME_BACK, Stage, set_up

pytestmark = pytest.mark.slow

TOKEN = "scenarios-only"
LOOKED_UP = "SELECT count(*) FROM contacts WHERE id > $1"
DROP_NOTE, DROP_TAG = (f"ALTER TABLE contacts DROP COLUMN {name}" for name in ("note", "tag"))
WAITS = (
    "Waiting for approval (`migration-monitor approve`); the request is withdrawn if the breach ends first."
)
SLOWER = "SELECT changes->'statements'->'slower' FROM migration_monitor.comparison WHERE watch_id = $1"


@pytest.fixture
async def counting() -> AsyncIterator[Database]:
    """An empty database on the newest major that can count its statements, if there is one."""
    able = [b.major for b in servers.BINARIES if b.has_pg_stat_statements]
    server = servers.server(able[0] if able else servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)


def card(page: Page, migration: str) -> Locator:
    return page.locator(".watch", has=page.get_by_role("heading", name=migration, exact=True))


async def decide(page: Page, migration: str, word: str, does: str, sql: str) -> None:
    """Presses the button, reads the SQL, gives a reason, and the token if it is asked for; confirms."""
    dialog = page.locator("dialog")
    await card(page, migration).get_by_role("button", name=word).click()
    await expect(dialog.locator("h2")).to_have_text(f"{does}: {migration}")
    await expect(dialog.locator("pre")).to_have_text(sql)
    await dialog.locator("#reason").fill(f"because of {word}")
    if await dialog.locator("#token").is_visible():
        await dialog.locator("#token").fill(TOKEN)
    await dialog.get_by_role("button", name=does, exact=True).click()
    await expect(dialog).to_have_count(0)
    happened = card(page, migration).locator(".events").last
    await expect(happened).to_contain_text(f"because of {word}", timeout=PATIENCE)


async def approved(stage: Stage, shown: Window) -> None:
    """It waits for a person, says so, and is executed at the person's word."""
    page = shown.page
    await stage.watch("--mode", "approve")
    trigger = card(page, "rename_email").locator(".trigger")
    await expect(trigger).to_contain_text("Asks a person to approve a rollback if", timeout=PATIENCE)
    stage.app.set(0.052)
    outlook, state = (card(page, "rename_email").locator(name) for name in (".outlook", ".state"))
    await expect(state).to_have_text("▲ waits for approval", timeout=PATIENCE)
    await expect(outlook).to_have_text(WAITS)
    await expect(card(page, "rename_email").locator(".actions button")).to_have_text(
        ["Approve…", "Pause…", "Cancel watch…"]
    )
    await shown.looks("10-awaiting-approval")
    assert await stage.effects() == 0
    await decide(page, "rename_email", "Approve…", "Approve the rollback", RENAME_BACK)
    assert await stage.verdict() == "rolled_back"
    await expect(state).to_have_text("↺ rolled back", timeout=PATIENCE)
    assert await stage.columns() == ["id", "email"]


async def cancelled(stage: Stage, page: Page) -> None:
    """It ends for good, and nothing was executed."""
    await stage.sql.execute("ALTER TABLE contacts ADD COLUMN note text")
    await stage.watch(migration="add_note", sql=DROP_NOTE)
    await expect(card(page, "add_note").locator(".state")).to_contain_text("watching", timeout=PATIENCE)
    before = await stage.effects()
    await decide(page, "add_note", "Cancel watch…", "Cancel the watch", DROP_NOTE)
    assert await stage.verdict("add_note") == "cancelled"
    await expect(card(page, "add_note").locator(".state")).to_have_text("■ cancelled", timeout=PATIENCE)
    assert await stage.effects() == before
    assert "note" in await stage.columns()


async def resumed_and_rolled_back(stage: Stage, shown: Window) -> None:
    """Paused it only says so; resumed it watches again; then a person rolls back without any breach."""
    page = shown.page
    await stage.sql.execute("ALTER TABLE contacts ADD COLUMN tag text")
    await look_up(stage)
    registered = await stage.watch(migration="add_tag", sql=DROP_TAG)
    outlook, state = (card(page, "add_tag").locator(name) for name in (".outlook", ".state"))
    await expect(state).to_contain_text("watching", timeout=PATIENCE)
    await decide(page, "add_tag", "Pause…", "Pause", DROP_TAG)
    await expect(outlook).to_contain_text("no decisions until it is resumed", timeout=PATIENCE)
    await decide(page, "add_tag", "Resume…", "Resume", DROP_TAG)
    await expect(state).to_have_text("● watching", timeout=PATIENCE)
    await compared(stage, shown, registered["id"])
    await decide(page, "add_tag", "Roll back…", "Roll back now", DROP_TAG)
    assert await stage.verdict("add_tag") == "rolled_back"
    await expect(state).to_have_text("↺ rolled back", timeout=PATIENCE)
    assert "tag" not in await stage.columns()


async def look_up(stage: Stage) -> None:
    """As the application does."""
    for _ in range(10):
        await stage.sql.fetch(LOOKED_UP, 0)


async def compared(stage: Stage, shown: Window, watch_id: str) -> None:
    """The statement that got slower since is on the page, or why none can be."""
    told = card(shown.page, "add_tag").locator(".changes")
    if not await counted(stage):
        await expect(told).to_contain_text("The server has no pg_stat_statements", timeout=3 * PATIENCE)
        return
    await stage.sql.execute("INSERT INTO contacts SELECT g FROM generate_series(2000, 200000) g")
    await look_up(stage)

    async def slower() -> bool:
        return LOOKED_UP in str(await stage.sql.fetchval(SLOWER, watch_id))

    await stage.until(slower, 3 * SECONDS)
    await expect(told).to_contain_text(LOOKED_UP, timeout=2 * PATIENCE)
    await expect(told.locator(".rise").first).to_have_text(re.compile(r"[\d.]+ ms → [\d.]+ ms, ×[\d,.]+, "))
    await shown.looks("11-changed")


async def counted(stage: Stage) -> bool:
    """Whether this server counts its statements."""
    found = await stage.sql.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'")
    return bool(found)


@asynccontextmanager
async def on_the_page(
    browser: Browser, database: Database, folder: Path
) -> AsyncIterator[tuple[Stage, Window]]:
    """A healthy application, its daemon and its page."""
    port = free_port()
    if database.server.binaries.has_pg_stat_statements:
        async with connected(database.dsn) as sql:
            await sql.execute("CREATE EXTENSION pg_stat_statements")
    async with (
        set_up(database.dsn, folder, port=str(port)) as stage,
        window(browser, f"http://127.0.0.1:{port}/") as shown,
    ):
        stage.app.set(0.0002)
        yield stage, shown


async def test_a_person_approves_on_the_page_and_it_is_rolled_back(
    browser: Browser, counting: Database, tmp_path: Path
) -> None:
    async with on_the_page(browser, counting, tmp_path) as (stage, shown):
        await approved(stage, shown)


async def test_a_person_cancels_on_the_page_and_nothing_is_rolled_back(
    browser: Browser, counting: Database, tmp_path: Path
) -> None:
    async with on_the_page(browser, counting, tmp_path) as (stage, shown):
        await cancelled(stage, shown.page)


async def test_a_person_pauses_resumes_and_rolls_back_on_the_page(
    browser: Browser, counting: Database, tmp_path: Path
) -> None:
    async with on_the_page(browser, counting, tmp_path) as (stage, shown):
        await resumed_and_rolled_back(stage, shown)
