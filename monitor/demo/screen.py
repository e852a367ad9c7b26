"""What people see: what happened, line by line, and below it, on a terminal, how things stand.

Without a terminal the standing is a line every few seconds. This file measures and decides nothing.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

EVERY_SECONDS = 2.5
"""Between two lines of standing where there is no terminal."""

BAR = 30
MARGIN = 17
"""Columns of time and name in front of what is said."""
NARROW = 20
"""With less room than this for the words, breaking lines would help nobody."""
COLOURS = {"shop": "cyan", "deploy": "magenta", "daemon": "bold", "slack": "yellow", "demo": "dim"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand; ratios are 0-1, None is "not known"."""

    customers: float | None = None  # share of failed requests, as customers meet it
    per_second: float = 0
    measured: float | None = None  # the error rate as the daemon measures it
    age: float | None = None  # of the rollback rule's streak, in seconds; None without one
    hold: float = 0
    phase: str = ""  # of the watch; "" without one


class Screen:
    """A context: while it is open, the standing is shown."""

    def __init__(self, console: Console | None = None, seconds: Callable[[], float] = time.monotonic) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.standing = Standing()
        self._seconds = seconds
        self._start = self._last = seconds()
        self._live = Live(
            get_renderable=self._render, console=self.console, refresh_per_second=5, transient=True
        )

    def __enter__(self) -> Screen:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._live.stop()

    def say(self, who: str, text: str, style: str = "") -> None:
        """One thing that happened."""
        self._print(who, [text], style)

    def quote(self, who: str, lines: Sequence[str]) -> None:
        """What somebody wrote, as it is, with a bar at its side."""
        self._print(who, [f"│ {line}" for line in lines], "")

    def show(self, standing: Standing) -> None:
        """How things stand now."""
        self.standing = standing
        if not self.console.is_terminal and self._seconds() - self._last >= EVERY_SECONDS:
            self.say("", "; ".join(facts(standing)))

    def _print(self, who: str, lines: Sequence[str], style: str) -> None:
        self._last = self._seconds()
        text = Text()
        lines = [part for line in lines for part in self._parts(line)]
        for n, line in enumerate(lines):
            stamp = f"{self._last - self._start:5.1f} s" if not n else ""
            text.append(f"{stamp:7}  ", "dim")
            text.append(f"{who if not n else '':7} ", COLOURS.get(who, "dim"))
            text.append(line + ("\n" if n < len(lines) - 1 else ""), style)
        self.console.print(text)

    def _parts(self, line: str) -> list[str]:
        """`line` in as many as the terminal needs, broken between words, the bar at its side kept.

        Not where there is no terminal: a log is searched line by line.
        """
        room = self.console.width - MARGIN
        if not self.console.is_terminal or len(line) <= room or room < NARROW:
            return [line]
        words = line.lstrip("│ ")
        margin = line[: len(line) - len(words)]
        within = textwrap.TextWrapper(
            room,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return within.wrap(words)

    def _render(self) -> RenderableType:
        now = self.standing
        table = Table.grid(padding=(0, 2))
        table.add_row("requests", f"{now.per_second:.0f}/s", "")
        table.add_row("customers meet", percent(now.customers), _bar(now.customers, 1))
        table.add_row("daemon measures", percent(now.measured), _bar(now.measured, 1))
        if now.age is not None:
            table.add_row(
                "above 1 %", f"{now.age:.1f} s of {now.hold:.0f} s", _bar(now.age, now.hold, "magenta")
            )
        if now.phase:
            table.add_row("watch", now.phase.replace("_", " "), "")
        return Group(Text(), table)


def facts(now: Standing) -> list[str]:
    """The standing in words."""
    said = [f"customers meet {percent(now.customers)} errors at {now.per_second:.0f} requests/s"]
    if now.measured is not None:
        said.append(f"the daemon measures {percent(now.measured)}")
    if now.age is not None:
        said.append(f"above 1 % for {now.age:.1f} s of {now.hold:.0f} s")
    return said


def percent(ratio: float | None) -> str:
    """A ratio for people; "?" when it is not known."""
    return "?" if ratio is None else f"{ratio * 100:.1f} %"


def _bar(value: float | None, whole: float, colour: str = "red") -> Text:
    filled = 0 if value is None or whole <= 0 else round(min(value / whole, 1) * BAR)
    return Text.assemble(("█" * filled, colour), ("░" * (BAR - filled), "dim"))
