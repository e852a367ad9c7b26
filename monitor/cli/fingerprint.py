"""`fingerprint`: the schema as it is now, as a file to hand to `watch --before` after the migration."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor import app
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import warn
from monitor.files import write_whole


def fingerprint(
    ctx: typer.Context,
    target: Annotated[str | None, typer.Option(help="which one, when several are configured")] = None,
    out: Annotated[Path | None, typer.Option(help="where to; default: stdout", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="to stdout, which is the default")] = False,
) -> None:
    """Takes the schema's fingerprint: before the migration, for `watch --before`."""
    name, data = finish(app.fingerprint(settings_of(ctx), target))
    if out is None or as_json:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    if out is not None:
        write_whole(out, data)
        document = json.loads(data)
        warn(f"{name}: {len(document['objects'])} objects, sha256 {document['sha256'][:12]}, in {out}")
