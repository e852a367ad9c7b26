"""`run`: the daemon, in the foreground. SIGTERM ends it in time, an open group finished or undone."""

from __future__ import annotations

import typer

from monitor import app
from monitor.app.written import of_files, of_outlets
from monitor.cli.configured import finish, settings_of


def run(ctx: typer.Context) -> None:
    """Watches every target of the configuration until SIGTERM."""
    finish(app.run(settings_of(ctx, of_files, of_outlets)))
