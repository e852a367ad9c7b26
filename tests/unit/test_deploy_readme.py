"""The operations page speaks of what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXT = (DEPLOY / "README.md").read_text()


def anchors(text: str) -> set[str]:
    """As a repository's page makes them of headings."""
    return {
        re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)
    }


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_a_link_leads_somewhere(link: str) -> None:
    """To a file of the repository, or to a section of the page."""
    file, _, section = link.partition("#")
    assert (DEPLOY / file).exists()
    assert not section or section in anchors((DEPLOY / file).read_text() if file else TEXT)


@pytest.mark.parametrize("path", sorted(p.name for p in DEPLOY.iterdir() if p.name != "README.md"))
def test_everything_beside_it_is_spoken_of(path: str) -> None:
    """A file that nobody is told of is not used."""
    assert path in TEXT


@pytest.mark.parametrize("folder", ["base", "overlays/production", "overlays/pair", "release"])
def test_every_folder_of_the_manifests_is_explained(folder: str) -> None:
    """In its table."""
    assert f"| `{folder}` |" in TEXT
    assert (DEPLOY / "kubernetes" / folder / "kustomization.yaml").exists()
