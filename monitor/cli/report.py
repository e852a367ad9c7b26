"""`report`: what happened to a watch, as one HTML file, or as one JSON document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor import app
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import say_json, warn
from monitor.errors import OperatorError
from monitor.files import write_whole
from monitor.report import page

STDOUT = Path("-")

ON_A_TERMINAL = (
    "the report is a page of HTML, which a terminal can't show: write it to a file by --out FILE.html, or "
    "take --json"
)


def report(
    ctx: typer.Context,
    migration: Annotated[str, typer.Argument(help="its name or a watch's id", metavar="MIGRATION")],
    out: Annotated[
        Path | None,
        typer.Option(help="the HTML file; - or default: stdout, if no terminal", metavar="FILE.html"),
    ] = None,
    target: Annotated[str | None, typer.Option(help="when the name is watched on several")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """What happened: verdict, evidence, charts, timeline, alerts and plan, from the store alone."""
    if out is None and not as_json and sys.stdout.isatty():
        raise OperatorError(ON_A_TERMINAL)
    document = finish(app.report(settings_of(ctx), migration, target))
    if as_json:
        say_json(document)
    if out not in {None, STDOUT}:
        write_whole(out, page(document).encode())
        warn(f"the report is in {out}")
    elif not as_json:
        sys.stdout.write(page(document))
        sys.stdout.flush()
