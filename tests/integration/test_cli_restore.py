"""`restore` as people call it: refused with the remedy, counted, done, and done again without effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.ports import OutcomeKind
from tests import servers
from tests.commands import Commands, Done
from tests.conftest import Database
from tests.rollbacks import DROP_COLUMN, build, connected, executing, registered, rolled_back


@pytest.fixture
def commands() -> Iterator[Commands]:
    with Commands() as found:
        yield found


@pytest.fixture
async def newest() -> AsyncIterator[Database]:
    """On one major: what differs between them is tested with the restoring itself."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)


async def test_values_are_put_back_by_command(commands: Commands, newest: Database, tmp_path: Path) -> None:
    """By the migration's name, for people and as JSON; `v7` is in no output."""
    dsn, config = newest.dsn, tmp_path / "monitor.yaml"
    config.write_text(
        f'targets: {{shop: {{database: {{dsn: "{dsn}", allow_superuser: postgres}}, metrics: '
        '{error_rate: {http_check: {url: "http://127.0.0.1:9/"}}, '
        'response_time: {json: {url: "http://127.0.0.1:9/", value: t, unit: ms}}}}}\n'
    )

    async def restored(*options: str) -> Done:
        return await asyncio.to_thread(commands.call, "--config", config, "restore", "m1", *options)

    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    early = await restored()
    assert (early.returncode, early.stdout) == (2, "")
    assert "kept nothing that could be restored" in early.stderr
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    refused = await restored()
    assert refused.returncode == 2
    assert "public.contacts.new_column is not there: re-apply the migration first" in refused.stderr
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE contacts ADD COLUMN new_column text")
        dry = await restored("--dry-run", "--json")
        assert json.loads(dry.stdout)["restored"][0]["restored"] == 100
        assert await c.fetchval("SELECT count(new_column) FROM contacts") == 0
        done = await restored()
        assert done.returncode == 0, done.stderr
        assert "public.contacts.new_column: 100 of 100 restored, joined by id" in done.stdout
        assert await c.fetchval("SELECT count(new_column) FROM contacts") == 100
    again = await restored()
    assert "0 of 100 restored, 100 there already" in again.stdout
    assert "v7" not in early.stderr + refused.stderr + dry.stdout + done.stdout + again.stdout
