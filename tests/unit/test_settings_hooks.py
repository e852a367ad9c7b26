"""Hooks and the policy on blockers: what is accepted, and what is refused with place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.core.samples import SECOND
from monitor.settings import load
from tests.unit.test_settings_problems import ENV, GOOD, only


def test_hooks_and_blockers_are_read_with_their_defaults(tmp_path: Path) -> None:
    """A hook before a rollback blocks unless it says otherwise; nobody is hit by default."""
    (tmp_path / "monitor.yaml").write_text(
        GOOD
        + '    before_rollback: [{command: ["deploy", "--previous"]}]\n'
        + '    after_rollback: [{webhook: {url: "https://x/y", secret: "whsec_YQ=="}, timeout: 5s}]\n'
    )
    settings = load(tmp_path / "monitor.yaml", ENV)
    (before,), (after,) = settings.targets["shop"].before_rollback, settings.targets["shop"].after_rollback
    assert (before.written(), before.on_failure) == ({"command": ("deploy", "--previous")}, "block")
    assert before.timeout == 30 * SECOND
    assert (after.kind, after.timeout) == ("webhook", 5 * SECOND)
    blockers = settings.rollback.blockers
    assert (blockers.policy, blockers.at_most, blockers.older_than) == ("report", 3, 30 * SECOND)


@pytest.mark.parametrize(
    ("added", "where", "says"),
    [
        ("    before_rollback: [{timeout: 5s}]", "targets.shop.before_rollback[0]", "exactly one of webhook"),
        (
            '    after_rollback: [{command: [x], webhook: {url: "http://x", secret: s}}]',
            "targets.shop.after_rollback[0]", "exactly one of webhook",
        ),
        ("    before_rollback: [{command: []}]", "targets.shop.before_rollback[0].command", ""),
        (
            '    before_rollback: [{webhook: {url: "ftp://x", secret: s}}]',
            "targets.shop.before_rollback[0].webhook.url", "is not an address",
        ),
        ("rollback: {blockers: {policy: terminate}}", "rollback.blockers.policy", "hits nobody"),
        ("rollback: {blockers: {policy: kill}}", "rollback.blockers.policy", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, added: str, where: str, says: str) -> None:
    """One sentence each."""
    place, line, what = only(tmp_path, GOOD + added)
    assert (place, line) == (where, 7)
    assert says in what
