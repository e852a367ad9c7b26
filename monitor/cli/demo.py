"""`demo`: the whole story in about a minute."""

from __future__ import annotations

import typer

from monitor.demo.main import run


def demo() -> None:
    """Embedded PostgreSQL, an application under load, a bad migration: broken and rolled back, live."""
    raise typer.Exit(run())
