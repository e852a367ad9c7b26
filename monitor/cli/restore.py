"""`restore`: puts what a rollback kept back into what was applied again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from monitor import app
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import say, say_json
from monitor.present import terminal as words
from monitor.salvage.filling import Restored
from monitor.salvage.giving_back import Wish


def restore(
    ctx: typer.Context,
    migration: Annotated[str, typer.Argument(help="its name or a watch's id", metavar="MIGRATION")],
    target: Annotated[str | None, typer.Option(help="when the name is watched on several")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="counts, and changes nothing")] = False,
    create: Annotated[
        bool, typer.Option("--create", help="makes table or column again if it is not there")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="also where a newer value was written since")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """In one transaction; what is there already stays, so that it may be run again."""
    view, found = finish(app.restore(settings_of(ctx), migration, target, Wish(create, overwrite, dry_run)))
    if as_json:
        shown = {"migration": view["migration"], "target": view["target"], "dry_run": dry_run}
        say_json({**shown, "restored": [asdict(r) for r in found]})
        return
    say(f"{words.name(view)}: {'would be put back' if dry_run else 'put back'}")
    for restored in found:
        say(f"  {line(restored)}")


def line(r: Restored) -> str:
    """`public.contacts.email: 98 of 100 restored, 2 have newer values`."""
    parts = [f"{r.restored:,} of {r.rows:,} restored"]
    left = (
        (r.same, "there already"), (r.kept, "have newer values"), (r.missing, "of rows that are gone"),
        (r.doubtful, "of a parent whose key another row has now"),
        (r.clashing, "with a unique value that another row has now"),
    )  # fmt: skip
    for count, text in left:
        if count:
            parts.append(f"{count:,} {text}")
    by = f", joined by {', '.join(r.joined_by)}" if r.joined_by else ""
    return f"{r.name}{' (made again)' if r.created else ''}: {', '.join(parts)}{by}"
