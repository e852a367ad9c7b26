"""Writes the dashboards beside it: `uv run python -m grafana.build`. What it writes is checked in."""

from __future__ import annotations

import json
from pathlib import Path

from grafana.fleet import fleet
from grafana.watch import watch

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[Path, str]:
    """Every file with the text it has to have."""
    built = {"fleet": fleet(), "watch": watch()}
    return {FOLDER / f"{name}.json": json.dumps(found, indent=2) + "\n" for name, found in built.items()}


def main() -> None:
    """Overwrites what is there."""
    FOLDER.mkdir(exist_ok=True)
    for path, text in dashboards().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
