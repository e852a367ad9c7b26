"""What every command is given: which configuration, and how it was named."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import OperatorError

if TYPE_CHECKING:
    import typer

CONFIG_VARIABLE = "MIGRATION_MONITOR_CONFIG"
DEFAULT = Path("config/monitor.yaml")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The configuration file; `named`: by --config or the environment, not by default."""

    config: Path
    named: bool


def split(arguments: Sequence[str]) -> tuple[Chosen, list[str]]:
    """The configuration named before the command, and everything else. Raises OperatorError.

    The only reader of `--config`: of several the last counts, before that of the environment. One without
    its argument stays where it is, for the command line's own complaint.
    """
    named, rest, at = os.environ.get(CONFIG_VARIABLE) or None, list(arguments), 0
    while at < len(rest) and rest[at].startswith("--") and rest[at] != "--":
        option, equals, value = rest[at].partition("=")
        if option != "--config":
            at += 1
            continue
        if not equals and at + 1 == len(rest):
            break
        named = value if equals else rest[at + 1]
        del rest[at : at + (1 if equals else 2)]
        if named == "":
            raise OperatorError("--config is empty: give a path, or omit the option")
    return Chosen(Path(named) if named else DEFAULT, named is not None), rest


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
