"""Old and new values in sentences for people: one line, short, and nothing that may be a secret."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.schema import excerpts
from monitor.schema.objects import objects
from monitor.schema.whole import differences


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("text", "integer", "text → integer"),
        (None, 7, "none → 7"),
        (True, None, "yes → none"),
        ("", "x", "'' → x"),
        ("a\nb\x1b[31m", "c", "a b [31m → c"),
        (["a", "b"], ["b", "c"], "-a, +c"),
        (None, [], "none → {}"),
        (["a", "b"], ["b", "a"], "{a, b} → {b, a}"),
        ({"k": "x"}, {"k": "y"}, "-k: x, +k: y"),
        ("same start " * 9 + "one", "same start " * 9 + "two", "…art same start one → …art same start two"),
        ("x" * 200, "y" * 200, f"{'x' * 60}… → {'y' * 60}…"),
    ],
)
def test_a_change_is_one_short_line(was: Any, now: Any, said: str) -> None:
    """Cut where both begin to differ; of lists what went and what came."""
    assert excerpts.change(was, now) == said


def test_what_may_be_a_secret_shows_as_a_digest_that_tells_another_one() -> None:
    """Options of foreign objects, and settings that an application has made up."""
    rows = [["server s", "", "", {"foreign_options": ["password=hush", "host=h"]}],
            ["settings of role r", "", "", {"settings": ["app.token=hush", "work_mem=1MB"]}]]  # fmt: skip
    found = objects(rows)
    assert "hush" not in str(found)
    assert "work_mem=1MB" in found["settings of role r"]["settings"]
    rows[0][3] = {"foreign_options": ["password=other", "host=h"]}
    (difference,) = differences(found, objects(rows))
    assert str(difference).startswith("server s: foreign options has changed (-password=#")


def test_privileges_that_are_those_of_a_new_object_are_none() -> None:
    """In whatever order the server keeps them; and none at all is something else."""
    default = ["=X/a", "a=X/a"]
    rows = [
        ["function f()", "", "", {"privileges": ["a=X/a", "=X/a"], "default_privileges": default}],
        ["function g()", "", "", {"privileges": [], "default_privileges": default}],
    ]
    assert objects(rows) == {"function f()": {}, "function g()": {"privileges": []}}
