"""`init`: writes the annotated configuration, and beside it the schema by which an editor completes it."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import chosen, say
from monitor.errors import OperatorError
from monitor.settings.reference import schema_text
from monitor.sources.presets import PRESETS

EDITORS = "# yaml-language-server: $schema=schema.json\n"
ERRORS = '        prometheus: {urls: ["http://127.0.0.1:8000/metrics"], preset: fastapi}\n'
TIMES = '        json: {url: "http://127.0.0.1:8000/stats", value: response_time_ms, unit: ms}\n'
"""Lines of the annotated configuration; a test holds them against it."""


def init(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="where; default: what --config names")] = None,
    preset: Annotated[str | None, typer.Option(help="the library of the application's metrics page")] = None,
) -> None:
    """Writes a commented configuration; never over an existing file."""
    path = file or chosen(ctx).config
    text = files("monitor").joinpath("settings", "monitor.yaml").read_text(encoding="utf-8")
    text = fitted(text, preset) if preset is not None else text
    schema = path.with_suffix(".schema.json")
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(parents=True)
        with path.open("x", encoding="utf-8") as new:
            new.write(text.replace(EDITORS, f"# yaml-language-server: $schema={schema.name}\n"))
        with contextlib.suppress(FileExistsError), schema.open("x", encoding="utf-8") as new:
            new.write(schema_text())
    except FileExistsError:
        raise OperatorError(f"{path} exists already: name another file, or move it away") from None
    except OSError as e:
        raise OperatorError(f"{path} can't be written: {e.strerror}") from None
    say(f"wrote {path}: fill in `targets`, then run `migration-monitor --config {path} check`")


def fitted(text: str, preset: str) -> str:
    """The configuration with both metrics of the application read by a preset. Raises OperatorError."""
    known = ("auto", *PRESETS)
    if preset not in known:
        raise OperatorError(f"{preset!r} is not a preset: write one of {', '.join(known)}")
    page = '{urls: ["http://127.0.0.1:8000/metrics"], preset: ' + preset
    times = f"        prometheus: {page}, quantile: 0.95}}  # or mean: true, where there are no buckets\n"
    if preset in PRESETS and not PRESETS[preset].timed:
        times = '        http_check: {url: "http://127.0.0.1:8000/", measure: time}\n'
    return text.replace(ERRORS, f"        prometheus: {page}}}\n").replace(TIMES, times)
