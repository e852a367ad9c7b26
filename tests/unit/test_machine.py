"""A program that tests need can't be missing unseen, and the places that install them know them all."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.browser import setup
from tests.machine import BEYOND_CI, CHROMIUM, PACKAGES, browser, has, left_out

ROOT = Path(__file__).parents[2]

RUN = (ROOT / ".ci/run").read_text(encoding="utf-8")


def job(name: str) -> Any:
    """Of the workflow."""
    return YAML(typ="safe", pure=True).load(ROOT / ".github/workflows/ci.yml")["jobs"][name]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing on it; the only folder of its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("MONITOR_CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def program(path: Path, script: str) -> None:
    """Put a shell script there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_program_fails_the_run_under_ci_and_leaves_its_tests_out_elsewhere(
    name: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, which names it and its package."""
    assert has(name) is False
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=rf"^{name} is not on .* {PACKAGES[name]}\.$"):
        has(name)


def test_the_run_says_in_one_line_what_it_left_out_and_what_to_install(bare: Path) -> None:
    """Loudly where it is all that a person sees."""
    said = left_out() or ""
    assert "ALL TESTS OF THE PAGE" in said
    assert all(name in said for name in [*PACKAGES, *PACKAGES.values()])
    assert "\n" not in said
    for name in PACKAGES:
        program(bare / name, "exit 0")
    assert left_out() is None


@pytest.mark.parametrize(
    "where", ["chromium", "google-chrome", "playwright/chromium_headless_shell-9/linux/headless_shell"]
)
def test_a_browser_is_found_on_the_path_and_in_playwrights_folder(bare: Path, where: str) -> None:
    program(bare / where, "exit 0")
    assert browser() == str(bare / where)


def test_a_browser_that_does_not_run_is_none_until_it_does(bare: Path) -> None:
    """A wrapper without its program, or missing libraries."""
    program(bare / "chromium", "exit 127")
    assert browser() is None
    program(bare / "google-chrome", "exit 0")
    assert browser() == str(bare / "google-chrome")
    program(bare / "chromium", "exit 0")
    assert browser() == str(bare / "chromium")


def test_a_browser_that_nothing_can_drive_is_of_no_use(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's own Node.js may lack a library."""
    program(bare / "chromium", "exit 0")
    assert has("chromium") is True
    program(bare / "python", "exit 127")
    monkeypatch.setattr(sys, "executable", str(bare / "python"))
    assert has("chromium") is False


def test_only_the_browser_that_was_named_is_used(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt MONITOR_CHROMIUM is not replaced by another."""
    program(bare / "chromium", "exit 0")
    monkeypatch.setenv("MONITOR_CHROMIUM", str(bare / "other"))
    assert browser() is None
    program(bare / "other", "exit 0")
    assert browser() == str(bare / "other")


def test_the_distributions_package_is_installed_where_playwrights_download_is_not_to_be_had(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said which browser is used."""
    monkeypatch.setattr(setup, "WAYS", (lambda: False, setup.package))
    monkeypatch.setattr(setup, "as_root", list)
    program(bare / "ready-made", "exit 0")
    program(bare / "apt-get", f'[ "$2" = update ] || /bin/cp {bare}/ready-made {bare}/chromium')
    assert setup.main() == 0
    assert browser() == str(bare / "chromium")
    assert f"use {bare}/chromium" in capsys.readouterr().err


def test_without_any_browser_the_setup_says_what_is_left_out(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither download nor package: the tests run without, and what to do about it is said."""
    monkeypatch.setattr(setup, "WAYS", (lambda: False, setup.package))
    monkeypatch.setattr(setup, "as_root", lambda: None)
    assert setup.main() == 0
    assert "neither root nor sudo" in (said := capsys.readouterr().err)
    assert said.rstrip().endswith("or name one by MONITOR_CHROMIUM.")


def test_every_run_of_all_tests_sets_the_browser_up_first() -> None:
    """Whoever types `make test` on a new machine has the page tested, too."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {name for name in ("test", "chaos", "slow") if f"\n{name}: browser " in makefile} == {
        "test",
        "chaos",
        "slow",
    }


@pytest.mark.parametrize("name", BEYOND_CI)
def test_what_ci_does_not_install_may_be_missing_there(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its tests are left out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    assert has(name) is False


def test_every_program_is_one_of_the_two_kinds() -> None:
    """Whoever asks for a new one has to say which."""
    asked = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for call in re.findall(r"\bhas\(((?:\"[^\"]+\"(?:, )?)+)\)", path.read_text(encoding="utf-8"))
        for name in re.findall(r'"([^"]+)"', call)
    }
    assert asked | {CHROMIUM} == PACKAGES.keys() | BEYOND_CI.keys()


@pytest.mark.parametrize("name", PACKAGES)
def test_ci_installs_it_or_looks_for_it(name: str) -> None:
    """.ci/run by its table; the workflow by apt-get, or the runner's image has it, which a step asks."""
    package = PACKAGES[name]
    installed = {one for names in re.findall(r'\[[\w-]+\]="([^"]+)"', RUN) for one in names.split()}
    assert package in installed
    steps = job("test")["steps"]
    apt = {
        found
        for step in steps
        for found in re.findall(r"[\w-]+", step.get("run", ""))
        if "apt-get" in step["run"]
    }
    there = {
        line.split()[0] for step in steps for line in step.get("run", "").splitlines() if "version" in line
    }
    chrome = '"$MONITOR_CHROMIUM"' if name == CHROMIUM else name
    assert package in apt or chrome in there


def test_the_workflow_looks_for_what_only_its_image_has() -> None:
    """The manifests are built by a kubectl that no package of Debian 12 has."""
    assert "kubectl version --client" in str(job("test")["steps"])
