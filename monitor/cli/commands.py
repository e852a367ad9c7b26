"""The table of commands. A command's module is imported when it is called: each pays for what it uses."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitor.cli.context import CONFIG_VARIABLE, DEFAULT, Chosen

PROGRAM = "migration-monitor"


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command's function is, and what it does in one line."""

    module: str
    function: str
    does: str


COMMANDS: dict[str, Command] = {
    "demo": Command("demo", "demo", "a bad migration on a real PostgreSQL: broken and rolled back, live"),
    "init": Command("init", "init", "writes a commented configuration"),
    "check": Command("check", "check", "validates the configuration and everything a rollback needs"),
    "watch": Command("watch", "watch", "registers a watch; prints its id and plan"),
    "run": Command("run", "run", "the daemon, in the foreground"),
    "status": Command("status", "status", "shows each watch: its state, what it waits for, what is left"),
    "wait": Command("wait", "wait", "blocks until the verdict; the exit code reports it"),
    "pause": Command("controls", "pause", "suspends decisions; sampling goes on"),
    "resume": Command("controls", "resume", "ends a pause, with fresh streaks"),
    "cancel": Command("controls", "cancel", "ends the watch without a rollback"),
    "approve": Command("controls", "approve", "lets a requested rollback run"),
    "rollback": Command("controls", "rollback", "rolls back now; needs no breach"),
    "rehearse": Command("rehearse", "rehearse", "runs the rollback on a clone of the schema"),
    "restore": Command(
        "restore", "restore", "restores the data a rollback kept, once the migration is re-applied"
    ),
    "fingerprint": Command(
        "fingerprint", "fingerprint", "takes the schema's fingerprint, for `watch --before`"
    ),
    "report": Command("report", "report", "the history of a watch as one self-contained HTML file"),
    "replay": Command("replay", "run", "runs the decision core over recorded samples"),
    "backtest": Command("backtest", "backtest", "what this policy would have done on your own history"),
}


class Commands(TyperGroup):
    """The commands of the table, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the framework's signature
        command = COMMANDS.get(cmd_name)
        if command is None or command.module == "replay":  # replay never comes this way, see entry
            return None
        module = importlib.import_module(f"monitor.cli.{command.module}")
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        one.command(cmd_name, help=command.does)(getattr(module, command.function))
        return typer.main.get_command(one)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the framework's signature
        """From the table: help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.does) for name, command in COMMANDS.items()])


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False,
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        metadata = importlib.import_module("importlib.metadata")  # costs as much as a small command
        typer.echo(f"{PROGRAM} {metadata.version(PROGRAM)}")
        raise typer.Exit


@app.callback()
def root(
    config: Annotated[
        Path | None,
        typer.Option(help=f"the configuration (default: {DEFAULT})", envvar=CONFIG_VARIABLE),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Watches PostgreSQL and the application after a migration, and rolls it back when errors stay high."""
    del config  # `context.split` has taken it out; here it is for --help
    del version  # its callback has spoken


def run(config: Chosen, arguments: Sequence[str]) -> int:
    """Runs the command in `arguments`, without its `--config`; SystemExit carries its exit code."""
    typer.main.get_command(app)(args=list(arguments), prog_name=PROGRAM, obj=config)
    return 0
