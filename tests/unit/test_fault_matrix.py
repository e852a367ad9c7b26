"""Every fault of the matrix has a test in tests/chaos, every promise has tests, and the page links them."""

from __future__ import annotations

import re

from tests.promises import BEGIN, END, FAULTS, PAGE, PROMISES, proofs, rewritten

FOUND = proofs()


def test_every_fault_has_a_test_in_chaos() -> None:
    """Forty faults, by their numbers."""
    tested = {n for p in FOUND if p.in_chaos for n in p.faults}
    assert [n for n in FAULTS if n not in tested] == []


def test_every_promise_has_a_test() -> None:
    """Twenty promises, each by a test of its own or through a fault."""
    assert [n for n in PROMISES if not any(p.proves(n) for p in FOUND)] == []


def test_no_marker_names_a_number_that_does_not_exist() -> None:
    """1 to 40, and 1 to 20."""
    assert {n for p in FOUND for n in p.faults} <= FAULTS.keys()
    assert {n for p in FOUND for n in p.promises} <= PROMISES.keys()
    assert {n for _, promises in FAULTS.values() for n in promises} <= PROMISES.keys()


def test_the_pages_promises_link_their_tests() -> None:
    """Stale? `uv run python -m tests.promises` rewrites it."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == rewritten(page, FOUND)
    section = page.split(BEGIN)[1].split(END)[0]
    links = re.findall(r"\]\(([^)]+)\)", section)
    assert links
    assert [link for link in links if not (PAGE.parent / link).is_file()] == []
