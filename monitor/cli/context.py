"""What every command is given: which configuration, and how it was named."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

CONFIG_VARIABLE = "MIGRATION_MONITOR_CONFIG"
DEFAULT = Path("config/monitor.yaml")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The configuration file; `named`: by --config or the environment, not by default."""

    config: Path
    named: bool


def chosen(ctx: typer.Context) -> Chosen:
    """What stands before the command."""
    found = ctx.find_object(Chosen)
    return found if found is not None else Chosen(DEFAULT, False)


def say(text: str) -> None:
    """To stdout: what was asked for."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """To stderr: what a person should know beside it."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def say_json(value: object) -> None:
    """The one document of `--json`."""
    json.dump(value, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()
