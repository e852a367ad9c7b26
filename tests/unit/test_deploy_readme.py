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


def test_a_container_is_run_to_stay_and_can_read_its_secrets() -> None:
    """In the background, started again, with secrets of the user that the image has."""
    (command,) = re.findall(r"^docker run ((?:.*\\\n)*.*)", TEXT, re.M)
    for option in ("-d", "--name migration-monitor", "--restart unless-stopped", "--read-only"):
        assert f"{option} " in command
    dockerfile = (DEPLOY / "container" / "Dockerfile").read_text()
    (user,) = re.findall(r"^USER (\S+)$", dockerfile, re.M)
    assert f"chown -R {user} secrets" in TEXT
    for variable, mounted in (("MIGRATION_MONITOR_CONFIG", "etc"), ("CREDENTIALS_DIRECTORY", "secrets")):
        (place,) = re.findall(rf"{variable}=(\S+)", dockerfile)
        assert re.search(rf'-v "\$PWD/{mounted}:{place.removesuffix("/monitor.yaml")}:ro"', command)


def test_commands_on_kubernetes_name_what_is_there() -> None:
    """The Deployment, its container, the Service and its port, in the namespace of all of them."""
    base = DEPLOY / "kubernetes" / "base"
    deployment, service = ((base / f"{name}.yaml").read_text() for name in ("deployment", "service"))
    for text in (deployment, service):
        assert "\n  name: migration-monitor\n  namespace: migration-monitor\n" in text
    assert set(re.findall(r"(?:deployment|service)/(\S+?)[` ]", TEXT)) == {"migration-monitor"}
    assert set(re.findall(r"kubectl -n (\S+)", TEXT)) == {"migration-monitor"}
    for container in re.findall(r"(?:--container=| -c )(\S+)", TEXT):
        assert f"- name: {container}\n" in deployment
    assert "port: 9878" in service
    assert "port-forward service/migration-monitor 9878:9878" in TEXT
