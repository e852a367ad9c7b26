"""A program that tests need can't be missing unseen, and the places that install them know them all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.machine import BEYOND_CI, CHROMIUM, PACKAGES, has

ROOT = Path(__file__).parents[2]

RUN = (ROOT / ".ci/run").read_text(encoding="utf-8")


def job(name: str) -> Any:
    """Of the workflow."""
    return YAML(typ="safe", pure=True).load(ROOT / ".github/workflows/ci.yml")["jobs"][name]


@pytest.mark.parametrize("program", PACKAGES)
def test_a_missing_program_fails_the_run_under_ci_and_leaves_its_tests_out_elsewhere(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence, which names it and its package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    assert has(program) is (Path(program).is_absolute() and Path(program).exists())
    monkeypatch.setenv("CI", "true")
    if not Path(program).is_absolute():
        with pytest.raises(pytest.fail.Exception, match=rf"^{program} is not on .* {PACKAGES[program]}\.$"):
            has(program)


@pytest.mark.parametrize("program", BEYOND_CI)
def test_what_ci_does_not_install_may_be_missing_there(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its tests are left out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    assert has(program) is False


def test_every_program_is_one_of_the_two_kinds() -> None:
    """Whoever asks for a new one has to say which."""
    asked = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for call in re.findall(r"\bhas\(((?:\"[^\"]+\"(?:, )?)+)\)", path.read_text(encoding="utf-8"))
        for name in re.findall(r'"([^"]+)"', call)
    }
    assert asked | {CHROMIUM} == PACKAGES.keys() | BEYOND_CI.keys()


@pytest.mark.parametrize("program", PACKAGES)
def test_ci_installs_it_or_looks_for_it(program: str) -> None:
    """.ci/run by its table; the workflow by apt-get, or the runner's image has it, which a step asks."""
    package = PACKAGES[program]
    installed = {name for names in re.findall(r'\[[\w-]+\]="([^"]+)"', RUN) for name in names.split()}
    assert package in installed
    steps = job("test")["steps"]
    apt = {
        name
        for step in steps
        for name in re.findall(r"[\w-]+", step.get("run", ""))
        if "apt-get" in step["run"]
    }
    there = {
        line.split()[0] for step in steps for line in step.get("run", "").splitlines() if "version" in line
    }
    chrome = '"$MONITOR_CHROMIUM"' if program == CHROMIUM else program
    assert package in apt or chrome in there


def test_the_workflow_looks_for_what_only_its_image_has() -> None:
    """The manifests are built by a kubectl that no package of Debian 12 has."""
    assert "kubectl version --client" in str(job("test")["steps"])
