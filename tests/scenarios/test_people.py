"""What people ask for: observe, approve, pause, resume, cancel, rollback, and a daemon told to stop."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.scenarios.stage import Stage


@pytest.mark.slow
async def test_observe_only_says_what_would_have_happened(stage: Stage) -> None:
    """Once, and nothing is executed."""
    await stage.watch("--mode", "observe")
    stage.app.set(0.05)
    await stage.event("would_roll_back")
    await asyncio.sleep(1)
    assert (await stage.kinds()).count("would_roll_back") == 1
    assert await stage.effects() == 0


@pytest.mark.slow
async def test_approve_waits_for_a_person(stage: Stage) -> None:
    """Nothing happens before the word; then it is done in that person's name."""
    await stage.watch("--mode", "approve")
    await stage.cli("approve", "rename_email", expect=2)
    stage.app.set(0.05)
    await stage.event("approval_requested")
    assert await stage.effects() == 0
    await stage.cli("approve", "rename_email", "--reason", "the errors are ours")
    assert await stage.verdict() == "rolled_back"
    await stage.cli("wait", "rename_email", expect=10)


@pytest.mark.slow
async def test_a_paused_watch_does_not_roll_back_and_a_resumed_one_does(stage: Stage) -> None:
    """The hold begins anew with the resume."""
    await stage.watch()
    await stage.cli("pause", "rename_email", "--reason", "looking")
    stage.app.set(0.05)
    await asyncio.sleep(4.5)
    assert (await stage.row())["phase"] == "paused"
    assert await stage.effects() == 0
    await stage.cli("resume", "rename_email")
    assert await stage.verdict() == "rolled_back"


@pytest.mark.slow
async def test_cancel_ends_the_watch(stage: Stage) -> None:
    """Its exit code says so; afterwards nothing is executed."""
    await stage.watch()
    await stage.cli("cancel", "rename_email", "--reason", "wrong migration")
    assert await stage.verdict() == "cancelled"
    await stage.cli("wait", "rename_email", expect=13)
    stage.app.set(0.05)
    await asyncio.sleep(4)
    assert await stage.effects() == 0


@pytest.mark.slow
async def test_a_person_rolls_back_without_a_breach(stage: Stage) -> None:
    """In any mode."""
    await stage.watch("--mode", "observe")
    await stage.cli("rollback", "rename_email", "--reason", "customers call")
    assert await stage.verdict() == "rolled_back"
    assert await stage.columns() == ["id", "email"]


@pytest.mark.slow
async def test_registering_the_same_watch_again_is_the_same_watch(stage: Stage) -> None:
    """Another rollback under the same name is refused while it is open."""
    first, again = await stage.watch(), await stage.watch()
    assert first["id"] == again["id"]
    file = stage.config.parent / "other.sql"
    file.write_text("ALTER TABLE contacts DROP COLUMN email_address")
    await stage.cli("watch", "rename_email", "--rollback", str(file), expect=2)


@pytest.mark.slow
async def test_the_newer_watch_is_the_one_that_rolls_back(stage: Stage) -> None:
    """The older one is superseded and says so."""
    await stage.watch(migration="older")
    await stage.sql.execute("ALTER TABLE contacts ADD COLUMN extra text")
    await stage.watch(migration="newer", sql="ALTER TABLE contacts DROP COLUMN IF EXISTS extra")
    stage.app.set(0.05)
    assert await stage.verdict("newer") == "rolled_back"
    stage.app.set(0.0)
    assert (await stage.row("older"))["verdict"] is None
    assert await stage.columns() == ["id", "email_address"]


@pytest.mark.slow
async def test_a_daemon_told_to_stop_exits_with_0(stage: Stage) -> None:
    """Its watch goes on with the next one."""
    await stage.watch()
    assert await stage.daemon.kill(signal.SIGTERM) == 0
    await stage.daemon.start()
    stage.app.set(0.05)
    assert await stage.verdict() == "rolled_back"
