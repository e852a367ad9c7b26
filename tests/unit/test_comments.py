"""Texts full of comments are read in one way only: a reader that tries them all would never end."""

from __future__ import annotations

from monitor.sql.redaction import tag_of
from monitor.sql.scripts import slice_of

MANY = "/* a **/ /**/ -- b\n" * 500


def test_a_strangers_comments_do_not_hold_the_loop() -> None:
    """Neither before a command nor before what is none."""
    assert tag_of(f"{MANY}SELECT 1") == "SELECT"
    assert tag_of(f"{MANY}(SELECT 1)") == ""
    assert tag_of("/*" * 500 + "(SELECT 1)") == ""
    assert tag_of("-- a") == ""


def test_a_statement_begins_behind_its_comments() -> None:
    """However many there are."""
    head = MANY.encode()
    assert slice_of(head + b"DROP INDEX a;", 0, 0) == (len(head), len(head) + len(b"DROP INDEX a"))
