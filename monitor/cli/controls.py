"""A person's controls: `pause`, `resume`, `cancel`, `approve`, `rollback`.

Each is committed on the watch's row; the daemon acts on it within a second. What comes too late is
refused, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from monitor import app
from monitor.cli.configured import finish, settings_of, who
from monitor.cli.context import say, say_json
from monitor.ports import Control
from monitor.present import terminal as words

DONE = {
    Control.PAUSE: "paused",
    Control.RESUME: "resumed",
    Control.CANCEL: "cancelled",
    Control.APPROVE: "approved: it starts as soon as the daemon reads this",
    Control.ROLLBACK: "rollback requested: it starts as soon as the daemon reads this",
}


def _command(control: Control) -> Callable[..., None]:
    def command(
        ctx: typer.Context,
        migration: Annotated[str, typer.Argument(help="its name or a watch's id", metavar="MIGRATION")],
        target: Annotated[str | None, typer.Option(help="when the name is watched on several")] = None,
        reason: Annotated[str, typer.Option(help="for the record", metavar="TEXT")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="the watch as one JSON document")] = False,
    ) -> None:
        view = finish(app.control(settings_of(ctx), migration, target, control, reason, who()))
        if as_json:
            say_json(view)
        else:
            say(f"{words.name(view)}: {DONE[control]}")

    return command


pause = _command(Control.PAUSE)
resume = _command(Control.RESUME)
cancel = _command(Control.CANCEL)
approve = _command(Control.APPROVE)
rollback = _command(Control.ROLLBACK)
