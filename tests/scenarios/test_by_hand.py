"""A deploy that remembers the schema, and a person who rolls back with psql: the watch ends once, quietly."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.scenarios.stage import Stage

pytestmark = pytest.mark.slow

BACK = "ALTER TABLE contacts RENAME COLUMN email_address TO email"
AGAIN = "ALTER TABLE contacts RENAME COLUMN email TO email_address"


async def remembered(stage: Stage) -> Path:
    """The fingerprint from before the migration, as a deploy takes it."""
    file = stage.config.parent / "before.json"
    await stage.sql.execute(BACK)
    await stage.cli("fingerprint", "--out", str(file))
    again, kept = (json.loads(text) for text in (await stage.cli("fingerprint", "--json"), file.read_text()))
    assert again.keys() == kept.keys()
    assert all(again[key] == kept[key] for key in kept.keys() - {"taken_at", "sha256"})
    await stage.sql.execute(AGAIN)
    return file


async def by_hand(stage: Stage) -> None:
    """While the daemon is away, so that its first look afterwards is the full one."""
    assert await stage.daemon.kill(signal.SIGTERM) == 0
    await stage.sql.execute(BACK)
    await stage.daemon.start()


@pytest.mark.fault(21)
@pytest.mark.promise(1, 14)
async def test_a_watch_ends_when_its_rollback_was_done_by_hand_with_one_alert(stage: Stage) -> None:
    """Also in the middle of a breach: nothing is executed, nobody is paged that it could not be."""
    file = await remembered(stage)
    shown = await stage.watch("--before", str(file))
    assert not any("NOT restore" in notice for notice in shown["notices"])
    await stage.event("started")
    await by_hand(stage)
    assert await stage.verdict() == "resolved_externally"
    await stage.cli("wait", "rename_email", expect=10)
    stage.app.set(0.05)
    await asyncio.sleep(4)
    assert await stage.effects() == 0
    kinds = await stage.kinds()
    assert kinds.count("ended") == 1
    assert not {"not_ready", "intent", "rollback_decided", "outcome_refused"} & set(kinds)
    told = [t for t in stage.receiver.titles() if "by hand" in t]
    assert len(told) == 1, told
    assert "Traceback" not in stage.daemon.log()


@pytest.mark.fault(23)
@pytest.mark.promise(15)
async def test_a_rollback_is_verified_by_the_fingerprint_from_before(stage: Stage) -> None:
    """Told in the effect; and what is no fingerprint is refused in one sentence, with exit code 2."""
    file = await remembered(stage)
    document = json.loads(file.read_bytes())
    bad = stage.config.parent / "bad.json"
    for content in (b"", file.read_bytes()[:-9], json.dumps({**document, "database": "x"}).encode()):
        bad.write_bytes(content)
        sql = stage.config.parent / "rename_email.down.sql"
        sql.write_text(BACK)
        await stage.cli("watch", "rename_email", "--rollback", str(sql), "--before", str(bad), expect=2)
    await stage.watch("--before", str(file))
    stage.app.set(0.05)
    assert await stage.verdict() == "rolled_back"
    detail = json.loads(
        await stage.sql.fetchval(
            "SELECT detail::text FROM migration_monitor.event WHERE kind = 'rollback_effect'"
        )
    )
    assert (detail["verified"], detail["elsewhere"]) == ("before", [])
