"""`init`: writes the annotated configuration."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import chosen, say
from monitor.errors import OperatorError

EDITORS = b"# yaml-language-server: $schema=schema.json\n#\n"
"""Names the schema beside it, which is in `config/` of the repository only."""


def init(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="where; default: what --config names")] = None,
) -> None:
    """Writes a commented configuration; never over an existing file."""
    path = file or chosen(ctx).config
    text = files("monitor").joinpath("settings", "monitor.yaml").read_bytes().removeprefix(EDITORS)
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(parents=True)
        with path.open("xb") as new:
            new.write(text)
    except FileExistsError:
        raise OperatorError(f"{path} exists already: name another file, or move it away") from None
    except OSError as e:
        raise OperatorError(f"{path} can't be written: {e.strerror}") from None
    say(f"wrote {path}: fill in `targets`, then run `migration-monitor --config {path} check`")
