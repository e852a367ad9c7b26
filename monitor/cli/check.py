"""`check`: the configuration and everything a rollback needs; every problem in one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from monitor import app
from monitor.app.written import of_files, of_outlets
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import say, say_json
from monitor.cli.exits import DONE, USAGE
from monitor.errors import ConfigError
from monitor.ports import Finding


def check(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Validates the configuration, then asks every database and every endpoint."""
    try:
        settings = settings_of(ctx, of_files, of_outlets)
    except ConfigError as e:
        if not as_json:
            raise
        findings: Sequence[Finding] = [
            Finding(f"{e.file}:{p.line}" if p.line else e.file, f"{p.where}: {p.what}".lstrip(": "))
            for p in e.problems
        ]
    else:
        findings = finish(app.check(settings))
    _show(findings, as_json=as_json)
    raise typer.Exit(USAGE if any(found.problem for found in findings) else DONE)


def _show(findings: Sequence[Finding], *, as_json: bool) -> None:
    problems = sum(found.problem for found in findings)
    if as_json:
        shown = [{"where": f.where, "text": f.text, "problem": f.problem} for f in findings]
        say_json({"ok": problems == 0, "findings": shown})
        return
    for found in sorted(findings, key=lambda f: not f.problem):
        say(f"{'problem' if found.problem else 'note'}: {found.where}: {found.text}")
    say("All checks passed" if problems == 0 else f"{problems} problem{'' if problems == 1 else 's'} to fix")
