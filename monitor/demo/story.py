"""The acts: all is well, a deploy, the application breaks, the daemon acts, all is well again.

The deploy does what a careful deploy script does: take the traffic away, apply the migration,
register the watch, let the traffic back. This file starts nothing by itself that outlives it.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.demo.load import Load
from monitor.demo.screen import Screen, Standing, percent
from monitor.demo.stage import BACK, FORWARD, MIGRATION, Stage, columns, execute
from monitor.demo.wire import Client

GOOD_SECONDS = 5.0
"""Of traffic before the deploy, so that what "normal" looks like has been seen."""

READY_SECONDS = 30.0
COMMAND_SECONDS = 30.0
RECOVERY_SECONDS = 20.0
LOOK_SECONDS = 0.25
RECOVERED_BELOW = 0.001
"""0.1 %, the documented normal error rate."""

TAIL = 15


class DemoFailed(Exception):
    """Something did not happen; the text says what, and shows the end of a log."""


@dataclass(slots=True)
class Story:
    """One performance."""

    stage: Stage
    screen: Screen
    load: Load
    daemon: subprocess.Popen[bytes]
    _api: Client = field(init=False)

    def __post_init__(self) -> None:
        self._api = Client(self.stage.daemon_port)

    async def play(self) -> None:
        """All acts. Raises DemoFailed unless the schema is back and the application works again."""
        try:
            await self._all_is_well()
            await self._deploy()
            await self._until_verdict()
            await self._until_recovered()
            await self._schema_is_back()
        finally:
            await self._api.aclose()

    async def _all_is_well(self) -> None:
        await self._until_ready()
        self.screen.say(
            "daemon", f"ready, watching the target `shop`: http://127.0.0.1:{self.stage.daemon_port}/"
        )
        end = time.monotonic() + GOOD_SECONDS
        while time.monotonic() < end:
            await self._look()
        now = self.screen.standing
        self.screen.say(
            "shop", f"{now.per_second:.0f} requests/s, {percent(now.customers)} errors: all is well", "green"
        )

    async def _until_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            self._daemon_lives()
            try:
                status, _ = await self._api.request("GET", "/readyz")
            except OSError:
                status = 0
            if status == 200:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise DemoFailed(f"the daemon was not ready after {READY_SECONDS:.0f} s\n{self._log()}")

    async def _deploy(self) -> None:
        self.load.pause()
        await self.load.idle()
        self.screen.say("deploy", "traffic away; applying the migration:")
        self.screen.quote("", [FORWARD])
        await execute(self.stage.server.dsn("shop", "shop_owner"), FORWARD)
        self.screen.say(
            "deploy", f"migration-monitor watch {MIGRATION} --rollback {self.stage.rollback_file.name}"
        )
        output = await self._command("watch", MIGRATION, "--rollback", str(self.stage.rollback_file))
        self.screen.quote("", output.splitlines())
        self.load.resume()
        self.screen.say(
            "deploy", "traffic back; the application still reads `email`: it is broken now", "red"
        )

    async def _command(self, *arguments: str) -> str:
        command = await asyncio.create_subprocess_exec(
            *self.stage.monitor(*arguments), env=dict(self.stage.environment()),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                output = (await command.communicate())[0].decode(errors="replace")
        except TimeoutError as e:
            text = f"`migration-monitor {arguments[0]}` was not done after {COMMAND_SECONDS:.0f} s"
            raise DemoFailed(text) from e
        finally:
            if command.returncode is None:
                command.kill()
                await command.wait()
        if command.returncode:
            raise DemoFailed(f"`migration-monitor {arguments[0]}` ended with {command.returncode}:\n{output}")
        return output

    async def _until_verdict(self) -> None:
        said: set[str] = set()
        while True:
            watch = await self._look()
            streak = rollback_streak(watch)
            if streak is not None and "streak" not in said:
                said.add("streak")
                self.screen.say("daemon", "error rate above 1 %: the streak begins", "red")
            verdict = watch.get("verdict")
            if verdict == "rolled_back":
                self.screen.say("daemon", "rolled back:", "green")
                self.screen.quote("", [BACK])
                return
            if verdict is not None or watch.get("phase") == "awaiting_approval":
                raise DemoFailed(
                    f"the watch says {verdict or 'awaiting_approval'}: {watch.get('reason')}\n{self._log()}"
                )

    async def _until_recovered(self) -> None:
        end = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < end:
            await self._look()
            rate = self.load.error_rate()
            if rate is not None and rate < RECOVERED_BELOW and self.load.per_second() > 1:
                self.screen.say(
                    "shop",
                    f"{self.load.per_second():.0f} requests/s, {percent(rate)} errors: recovered",
                    "green",
                )
                return
        raise DemoFailed(f"the error rate is still {percent(self.load.error_rate())}\n{self._log()}")

    async def _schema_is_back(self) -> None:
        now = await columns(self.stage.server)
        if now != ["id", "name", "email"]:
            raise DemoFailed(f"the table contacts has the columns {', '.join(now)}\n{self._log()}")
        self.screen.say("demo", f"the table contacts has the columns {', '.join(now)} again", "green")

    async def _look(self) -> Mapping[str, Any]:
        """The watch as the daemon's API shows it, {} without one; the screen is told."""
        await asyncio.sleep(LOOK_SECONDS)
        self._daemon_lives()
        try:
            watches = await self._api.get_json("/api/v1/watches")
        except OSError:
            return {}  # asked again at once; the daemon's end is noticed above
        watch = latest(watches)
        self.screen.show(standing_of(watch, self.load, time.time()))
        return watch

    def _daemon_lives(self) -> None:
        if (code := self.daemon.poll()) is not None:
            raise DemoFailed(f"the daemon ended with {code}\n{self._log()}")

    def _log(self) -> str:
        lines = self.stage.daemon_log.read_text(errors="replace").splitlines()
        return "\n".join(["the end of its log:", *lines[-TAIL:]])


def latest(watches: Any) -> Mapping[str, Any]:
    """The watch of our migration in an answer of the API."""
    listed = watches.get("watches", []) if isinstance(watches, dict) else watches
    return next((w for w in listed if w.get("migration") == MIGRATION), {})


def rollback_streak(watch: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The streak that leads to the rollback, if there is one."""
    streaks = watch.get("streaks") or []
    return next((s for s in streaks if s.get("rule") == "error_rate.rollback"), None)


def standing_of(watch: Mapping[str, Any], load: Load, now: float) -> Standing:
    """What to show of a watch and of the load at `now` (epoch seconds)."""
    measured = (watch.get("metrics") or {}).get("error_rate") or {}
    streak = rollback_streak(watch)
    return Standing(
        customers=load.error_rate(),
        per_second=load.per_second(),
        measured=measured.get("value"),
        age=None if streak is None else max(0.0, now - streak["since"]),
        hold=0 if streak is None else streak["hold_seconds"],
        phase=watch.get("verdict") or watch.get("phase") or "",
    )
