"""Hooks of a rollback against real processes and a real receiver."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Oracle

from monitor.app.outlets import post_by
from monitor.hooks.command import Command, environment
from monitor.hooks.in_order import HooksInOrder, PlacedHook
from monitor.hooks.webhook import Webhook
from monitor.net import Net
from monitor.ports.hooks import Call, Moment
from monitor.signing import signatures, signing_key
from tests.alerts import receiver

CALL = Call(Moment.BEFORE, "w-1", "shop", "add_email", "error_rate.rollback", "error_rate.rollback/17")
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def _python(code: str, timeout: float = 20.0) -> Command:
    return Command([sys.executable, "-c", code], timeout)


async def test_a_command_is_told_what_it_is_about_and_nothing_secret(tmp_path: Path) -> None:
    """By its environment, which holds none of ours but what it needs to run."""
    out = tmp_path / "told"
    code = f"import os; open({str(out)!r}, 'w').write(repr(sorted(os.environ.items())))"
    assert await _python(code).run(CALL, "w-1/x/0") == ""
    told = out.read_text()
    for word in ("('MIGRATION', 'add_email')", "('TARGET', 'shop')", "('WATCH_ID', 'w-1')"):
        assert word in told
    assert "('REASON', 'error_rate.rollback')" in told
    assert environment(CALL, "k", {"SHOP_DSN": "canary", "PATH": "/bin"}).get("SHOP_DSN") is None


async def test_a_command_that_fails_says_its_exit_code_and_not_its_output() -> None:
    """However much it prints."""
    why = await _python("import sys; print('canary-5ecret' * 1_000_000); sys.exit('canary-5ecret')").run(
        CALL, "k"
    )
    assert why == "it ended with exit code 1"
    assert "could not be started" in await Command(["/nonexistent/deploy"], 1).run(CALL, "k")
    assert "'/nonexistent/deploy'" in Command(["/nonexistent/deploy"], 1).fault()
    assert Command([sys.executable], 1).fault() == ""


FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
open(sys.argv[1] + ('/child' if child == 0 else '/parent'), 'w').write(str(os.getpid()))
time.sleep(60)
"""


@pytest.mark.parametrize("how", ["deadline", "cancelled"])
async def test_at_its_deadline_or_when_the_daemon_stops_the_whole_group_is_ended(
    tmp_path: Path, how: str
) -> None:
    """The child that ignores SIGTERM too."""
    command = Command([sys.executable, "-c", FAMILY, str(tmp_path)], 1.5 if how == "deadline" else 60)
    running = asyncio.create_task(command.run(CALL, "k"))
    async with asyncio.timeout(30):
        while len(list(tmp_path.iterdir())) < 2 or not all(f.read_text() for f in tmp_path.iterdir()):
            await asyncio.sleep(0.02)
        if how == "deadline":
            assert "did not end within 1.5 s" in await running
        else:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        for file in tmp_path.iterdir():
            while _lives(int(file.read_text())):
                await asyncio.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")


async def test_a_webhook_is_signed_and_a_repeat_is_recognised() -> None:
    """By the specification's own library; the same decision has the same id, its end another."""
    net = Net()
    sign = partial(signatures, [signing_key(SECRET)])
    async with receiver((200, {}), (200, {}), (200, {}), (503, {})) as deploy:
        hook = Webhook(partial(post_by, net), sign, deploy.url(), 5.0)
        after = replace(CALL, moment=Moment.AFTER, outcome="rolled_back")
        said = [await hook.run(call, f"{call.key}/0") for call in (CALL, CALL, after, after)]
    await net.aclose()
    assert said == ["", "", "", "status 503 instead of 2xx"]
    ids = [r.headers["webhook-id"] for r in deploy.got]
    assert ids[0] == ids[1] != ids[2]
    told = Oracle(SECRET).verify(deploy.got[2].body, dict(deploy.got[2].headers))
    assert (told["type"], told["data"]["outcome"]) == ("rollback.after", "rolled_back")


async def test_a_failure_that_stops_ends_the_row_and_one_that_warns_does_not() -> None:
    """In the order of the configuration, those of the moment only."""
    good, bad = _python(""), _python("raise SystemExit(3)")
    row = HooksInOrder(
        [
            PlacedHook("before_rollback[0].command", Moment.BEFORE, bad, False),
            PlacedHook("after_rollback[0].command", Moment.AFTER, bad, False),
            PlacedHook("before_rollback[1].command", Moment.BEFORE, bad, True),
            PlacedHook("before_rollback[2].command", Moment.BEFORE, good, True),
        ]
    )
    results = await row.run(CALL)
    assert [(p.name, p.ok, p.stops) for p in results] == [
        ("before_rollback[0].command", False, False), ("before_rollback[1].command", False, True),
    ]  # fmt: skip
