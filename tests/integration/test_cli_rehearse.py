"""`rehearse` by command, and where its result shows afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.commands import Commands, Done
from tests.conftest import Database
from tests.rehearsals import DOWN, SHOP, UP, run, scratch_databases
from tests.rollbacks import connected

CANARY = "canary-77d0"
Ask = Callable[..., Awaitable[Done]]


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    with Commands() as found:
        yield found


@pytest.fixture
async def database() -> Database:
    """On one major: what a rehearsal learns on each is tested elsewhere."""
    server = servers.server(servers.BINARIES[0].major)
    found = Database(server, await servers.new_database(server))
    await run(found.dsn, SHOP.split("CREATE TABLE migration_monitor.watch (id text);")[1])
    return found


@pytest.fixture
def ask(commands: Commands, database: Database, tmp_path: Path) -> Ask:
    """Runs a command with a configuration of one target, in a folder with up.sql and down.sql."""
    (tmp_path / "up.sql").write_bytes(UP)
    (tmp_path / "down.sql").write_bytes(DOWN)
    (tmp_path / "bad.sql").write_text("ALTER TABLE contacts DROP COLUMN email_address")
    write_config(tmp_path, database, database.server.dsn())

    async def asked(*arguments: str, given: str = "") -> Done:
        done = await asyncio.to_thread(
            commands.call, "--config", "monitor.yaml", *arguments, given=given, cwd=tmp_path
        )
        assert "Traceback" not in done.stderr
        assert CANARY not in done.stdout + done.stderr
        return done

    return asked


def write_config(folder: Path, database: Database, scratch: str) -> None:
    line = f', scratch_dsn: "{scratch}"' if scratch else ""
    (folder / "monitor.yaml").write_text(
        f"""targets:
  shop:
    database: {{dsn: "{database.dsn}", allow_superuser: postgres{line}}}
    metrics: {{error_rate: {{sql: {{query: SELECT 0, unit: ratio, without_counts: true}}}}}}
    thresholds: {{response_time: null}}
alerts: [log: {{}}]
"""
    )


FILES = ("--rollback", "down.sql", "--up", "up.sql")


@pytest.mark.slow
async def test_a_rehearsal_before_the_migration_is_found_by_the_watch(ask: Ask, database: Database) -> None:
    """By the hash of the same SQL: in what registration says, in `status` and in `check`."""
    done = await ask("rehearse", "0042", *FILES, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["outcome"], found["holds"], found["watch"]) == ("reversed", True, None)
    assert found["phases"][1]["statements"][0]["locks"] == {"public.contacts": ["AccessExclusiveLock"]}
    await run(database.dsn, UP.decode())
    registered = json.loads((await ask("watch", "0042", "--rollback", "down.sql", "--json")).stdout)
    assert registered["rehearsal"]["outcome"] == "reversed"
    assert registered["rehearsal"]["at"] == pytest.approx(found["at"], abs=0.001)
    (said,) = [n for n in registered["notices"] if "rehearsed" in n]
    assert said.endswith("UTC: the schema was restored each time (up, down, up)")
    assert "the schema before the migration is known from its rehearsal" in registered["notices"]
    assert json.loads((await ask("status", "0042", "--json")).stdout)["rehearsal"]["holds"] is True
    assert said[:38] in (await ask("status")).stdout
    assert f"note: targets.shop: watch 0042: {said}" in (await ask("check")).stdout


@pytest.mark.slow
async def test_a_bad_rehearsal_is_said_strongly(ask: Ask, database: Database) -> None:
    """Exit code 11; `check` counts it as a problem until a better one."""
    await run(database.dsn, UP.decode())
    registered = await ask("watch", "0042", "--rollback", "bad.sql")
    assert (
        "note: the rollback was not rehearsed: `migration-monitor rehearse 0042` does it" in registered.stdout
    )
    done = await ask("rehearse", "0042", "--up", "up.sql")
    assert done.returncode == 11
    assert '      FAILED: column "email" does not exist (42703)\n' in done.stdout
    last = (
        'failed: the migration FAILED again after the rollback: line 1: column "email" does not exist (42703)'
    )
    assert done.stdout.splitlines()[-1] == last
    again = await ask("watch", "0042", "--rollback", "bad.sql")
    assert "note: DO NOT RELY ON THIS ROLLBACK: rehearsed on " in again.stdout
    checked = await ask("check")
    assert checked.returncode == 2
    assert "problem: targets.shop: watch 0042: rehearsed on " in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "no rollback for 'nope': give --rollback FILE"),
        (["m", "--rollback", "none.sql"], "the rollback none.sql can't be read: No such file"),
        (["m", "--rollback", "down.sql", "--up", "none.sql"], "the migration none.sql can't be read"),
        (["m", "--rollback", "-", "--up", "-"], "can't both be read from stdin"),
        (["m", *FILES, "--scratch", f"mysql://{CANARY}"], "--scratch is not a connection URL"),
        (["m", *FILES, "--target", "nope"], "no target 'nope': the configuration has shop"),
    ],
)
@pytest.mark.slow
async def test_a_slip_is_told_with_exit_code_2(ask: Ask, arguments: list[str], says: str) -> None:
    """Nothing on stdout, one sentence on stderr."""
    done = await ask("rehearse", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
async def test_what_is_registered_is_what_is_rehearsed(ask: Ask, database: Database) -> None:
    """Another file than the registered one is refused; with the same it is the watch's rehearsal."""
    await run(database.dsn, UP.decode())
    await ask("watch", "0042", "--rollback", "down.sql")
    other = await ask("rehearse", "0042", "--rollback", "bad.sql")
    assert other.returncode == 2
    assert "is open with another rollback than --rollback" in other.stderr
    same = await ask("rehearse", "0042", "--rollback", "-", "--json", given=DOWN.decode())
    assert (same.returncode, json.loads(same.stdout)["outcome"]) == (0, "ran")


@pytest.mark.slow
async def test_without_a_scratch_server_nothing_is_rehearsed(
    ask: Ask, database: Database, tmp_path: Path
) -> None:
    """Named nowhere, away, or the watched database; `check` finds the last two as well."""
    write_config(tmp_path, database, "")
    done = await ask("rehearse", "m", *FILES)
    assert done.returncode == 2
    assert "give --scratch, or targets.shop.database.scratch_dsn" in done.stderr
    write_config(tmp_path, database, f"postgresql://u:{CANARY}@127.0.0.1:9/x")
    assert (await ask("rehearse", "m", *FILES)).returncode == 1
    assert "problem: targets.shop.database.scratch_dsn: connecting" in (await ask("check")).stdout
    write_config(tmp_path, database, database.dsn)
    assert "is the watched database itself" in (await ask("rehearse", "m", *FILES)).stderr
    checked = await ask("check")
    assert "problem: targets.shop.database.scratch_dsn: the scratch database is the watched" in checked.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_a_killed_rehearsal_leaves_no_database_behind_for_long(
    ask: Ask, database: Database, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM clean up; after SIGKILL the next rehearsal does."""
    (tmp_path / "slow.sql").write_text("SELECT pg_sleep(90)")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "--config", "monitor.yaml", "rehearse", "m", "--rollback",
        "down.sql", "--up", "slow.sql", cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    async with asyncio.timeout(60), connected(database.server.dsn()) as c:
        while not await c.fetchval(  # of this rehearsal: other tests sleep on this server, too
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE query = 'SELECT pg_sleep(90)' AND state = 'active')"
        ):
            await asyncio.sleep(0.05)
    process.send_signal(number)
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert b"Traceback" not in said
    if number is signal.SIGKILL:
        assert len(await scratch_databases(database.server)) == 1
        await end_sleep(database)
        assert (await ask("rehearse", "m", *FILES)).returncode == 0
    else:
        assert process.returncode == 130
    assert await scratch_databases(database.server) == []


async def end_sleep(database: Database) -> None:
    """The orphan's statement, which the server would notice in its own time."""
    async with connected(database.server.dsn()) as c:
        await c.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        async with asyncio.timeout(30):
            while await c.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
                await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_a_tools_files_have_both_sides(ask: Ask, database: Database, tmp_path: Path) -> None:
    """With a migration tool configured the name is enough, before the migration and while it is watched."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    both = f"-- migrate:up\n{UP.decode()};\n-- migrate:down\n{DOWN.decode()};\n"
    (folder / "20261122_email.sql").write_text(both)
    config = tmp_path / "monitor.yaml"
    text = config.read_text().replace(
        "    metrics:", "    migrations: {tool: dbmate, dir: migrations}\n    metrics:"
    )
    config.write_text(text)
    before = await ask("rehearse", "20261122", "--json")
    assert (before.returncode, json.loads(before.stdout)["rehearsed"]) == (0, "before the migration")
    await run(
        database.dsn,
        f"{UP.decode()}; CREATE TABLE schema_migrations (version text PRIMARY KEY);"
        "INSERT INTO schema_migrations VALUES ('20261122')",
    )
    registered = await ask("watch", "20261122", "--json")
    assert json.loads(registered.stdout)["rehearsal"]["holds"] is True
    after = await ask("rehearse", "20261122", "--json")
    assert (after.returncode, json.loads(after.stdout)["rehearsed"]) == (0, "after the migration")
    (folder / "20261122_email.sql").write_text(both.replace("TO email;", "TO oops FROM;"))
    changed = await ask("rehearse", "20261122", "--json")
    assert json.loads(changed.stdout)["outcome"] == "ran"


@pytest.mark.slow
async def test_a_quarantined_rollback_is_rehearsed_as_it_was_written(ask: Ask, database: Database) -> None:
    """What it becomes names a place that only the target has; both texts find the rehearsal."""
    await run(database.dsn, "ALTER TABLE contacts ADD COLUMN phone text")
    up = "ALTER TABLE contacts ADD COLUMN phone text"
    down = "ALTER TABLE contacts DROP COLUMN phone"
    watched = await ask("watch", "m", "--rollback", "-", "--data-loss", "quarantine", given=down)
    assert watched.returncode == 0, watched.stderr
    assert (await ask("rehearse", "m", "--up", "-", given=up)).returncode == 0
    shown = json.loads((await ask("status", "m", "--json")).stdout)
    assert shown["rehearsal"]["said"] == "the schema was restored each time (down, up, down)"


@pytest.mark.slow
async def test_the_schema_before_is_taken_from_a_rehearsal_only_if_it_foresaw_what_is_there(
    ask: Ask, database: Database
) -> None:
    """Anything else that changed in between leaves the watch without it, and that is said."""
    assert (await ask("rehearse", "m", *FILES)).returncode == 0
    await run(database.dsn, f"{UP.decode()}; ALTER TABLE sales.orders ADD COLUMN by_others int")
    registered = json.loads((await ask("watch", "m", "--rollback", "down.sql", "--json")).stdout)
    (said,) = [n for n in registered["notices"] if "is not used" in n]
    assert said.endswith("rehearsed migration made: sales.orders: column by_others is new")


@pytest.mark.slow
async def test_a_lone_rollback_is_held_against_the_schema_of_its_watch(ask: Ask, database: Database) -> None:
    """Registered with what it was before, the migration's SQL is not needed."""
    assert (await ask("rehearse", "m", *FILES)).returncode == 0
    await run(database.dsn, UP.decode())
    await ask("watch", "m", "--rollback", "down.sql")
    await run(database.dsn, "CREATE TABLE by_others (id int)")
    done = await ask("rehearse", "m", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["outcome"]) == (0, "reversed"), found["said"]


async def test_a_plan_in_parts_that_was_not_rehearsed_is_warned_of(
    ask: Ask, database: Database, tmp_path: Path
) -> None:
    """What runs outside a transaction takes effect before the rest can fail."""
    await run(database.dsn, UP.decode())
    half = "CREATE INDEX CONCURRENTLY half ON contacts (id); ALTER TABLE contacts ADD COLUMN half int;"
    (tmp_path / "half.sql").write_text(half)
    said = (await ask("watch", "0042", "--rollback", "half.sql")).stdout
    assert "note: CAUTION: the plan has statements outside a transaction" in said
    assert "leaves it partly done; the rollback was not rehearsed" in said
