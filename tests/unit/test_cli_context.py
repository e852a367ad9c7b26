"""The configuration named before the command: one reader for every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.context import CONFIG_VARIABLE, DEFAULT, Chosen, split
from monitor.errors import OperatorError


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("given", "config", "rest"),
    [
        ([], DEFAULT, []),
        (["status"], DEFAULT, ["status"]),
        (["--config", "a", "status"], Path("a"), ["status"]),
        (["--config=a", "status"], Path("a"), ["status"]),
        (["--config", "a", "--config=b", "status"], Path("b"), ["status"]),
        (["--config", "status"], Path("status"), []),
        (["--config", "--version"], Path("--version"), []),
        (["--version", "--config", "a"], Path("a"), ["--version"]),
        (["--help", "--config=a"], Path("a"), ["--help"]),
        (["status", "--config", "a"], DEFAULT, ["status", "--config", "a"]),
        (["--", "--config", "a"], DEFAULT, ["--", "--config", "a"]),
        (["--configs", "a"], DEFAULT, ["--configs", "a"]),
        (["--config"], DEFAULT, ["--config"]),
        (["--config", "a", "--config"], Path("a"), ["--config"]),
    ],
)
def test_it_is_what_stands_before_the_command(given: list[str], config: Path, rest: list[str]) -> None:
    """The last of several; what else stands there stays, what follows the command is the command's."""
    assert split(given) == (Chosen(config, config != DEFAULT), rest)


@pytest.mark.parametrize("given", [["--config", "", "status"], ["--config=", "replay", "-"]])
def test_one_that_names_no_file_is_refused(given: list[str]) -> None:
    """An empty variable of a shell must not become the default."""
    with pytest.raises(OperatorError, match="--config is empty: give a path"):
        split(given)


def test_the_environment_names_it_where_the_command_line_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named either way it counts as named, even if it is the default's name; empty it names none."""
    monkeypatch.setenv(CONFIG_VARIABLE, "env.yaml")
    assert split(["status"]) == (Chosen(Path("env.yaml"), True), ["status"])
    assert split(["--config", "a", "status"]) == (Chosen(Path("a"), True), ["status"])
    monkeypatch.setenv(CONFIG_VARIABLE, str(DEFAULT))
    assert split([]) == (Chosen(DEFAULT, True), [])
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    assert split([]) == (Chosen(DEFAULT, False), [])
