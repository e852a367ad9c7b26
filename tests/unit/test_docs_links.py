"""Every relative link of the READMEs and of docs/ leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "deploy", "deploy/prometheus", "config", "grafana")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "tests/README.md",
    *(page for folder in FOLDERS for page in sorted((ROOT / folder).glob("*.md"))),
]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A text that was moved is still found."""
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        led = (page.parent / path).resolve() if path else page
        assert led.exists(), path
        assert not anchor or anchor in anchors(led), f"{path}#{anchor}"
