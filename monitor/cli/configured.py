"""What a command that talks to databases begins with: settings, logs on stderr, one event loop."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

from monitor.cli import logs
from monitor.cli.context import chosen
from monitor.cli.exits import INTERRUPTED
from monitor.settings import Look, Settings, load
from monitor.settings.limit_checks import kind_of
from monitor.settings.limits import effective

Answer = TypeVar("Answer")


def settings_of(ctx: typer.Context, *also: Look[Settings]) -> Settings:
    """The configuration named before the command, which must hold before `also`. Raises ConfigError."""
    logs.to_stderr()
    return load(chosen(ctx).config, also=also)


def finish(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs it to its end; Ctrl-C ends it quietly."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def who() -> str:
    """Who asks, for the record of a control: `name@host`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"uid {os.getuid()}"
    return f"{name}@{socket.gethostname()}"


Kinds = dict[str, dict[str, str]]


def kinds_of(settings: Settings) -> Kinds:
    """By target and metric: whether its values are ratios, times or counts."""
    found: Kinds = {}
    for target in settings.targets:
        metrics = effective(settings.layers(target))
        found[target] = {name: str(kind_of(limits) or "count") for name, limits in metrics.items()}
    return found
