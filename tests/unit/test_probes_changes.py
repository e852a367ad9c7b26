"""What is told of statements: how they changed since the baseline, and never a value of theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.compared import Reading, compare
from monitor.probes.literals import LONGEST, shown

HOUR = 3600.0


def reading(at: float, reset_at: float = 0.0, **counters: tuple[float, float]) -> Reading:
    return Reading(at, reset_at, 0, counters)


def ids(before: Reading, now: Reading) -> dict[str, list[str]]:
    return {name: [c.id for c in found] for name, found in compare(before, now).items()}


def test_the_mean_is_of_the_calls_since_the_baseline() -> None:
    """Ten calls of 1 ms before, then ten of 11 ms: not the mean of all twenty."""
    found = compare(reading(HOUR, a=(10, 10)), reading(2 * HOUR, a=(20, 120)))
    assert [(c.mean_before_ms, c.mean_ms, c.calls) for c in found["slower"]] == [(1, 11, 10)]


def test_the_statement_whose_mean_rose_most_comes_first() -> None:
    """By milliseconds; what became faster or has too few calls is not there."""
    before = reading(HOUR, a=(10, 10), b=(10, 10), c=(10, 10), d=(10, 10), e=(2, 2))
    now = reading(2 * HOUR, a=(20, 40), b=(20, 120), c=(20, 15), d=(14, 9000), e=(50, 9000))
    assert ids(before, now)["slower"] == ["b", "a"]


def test_total_time_is_compared_by_pace_where_it_is_known_since_when_is_counted() -> None:
    """The same mean, called ten times as often."""
    before, now = reading(HOUR, 1.0, a=(3600, 3600)), reading(2 * HOUR, 1.0, a=(39_600, 39_600))
    (found,) = compare(before, now)["heavier"]
    assert found.extra_ms_per_second == pytest.approx(9, abs=0.01)
    assert found.ms_per_second_before == pytest.approx(1, abs=0.01)
    assert found.view("")["ms_per_second"] == pytest.approx(10, abs=0.01)
    assert compare(reading(HOUR, a=(3600, 3600)), now)["slower"] == []


def test_new_and_gone_statements() -> None:
    """Gone is what would have run twenty times at its former pace, and has not."""
    before = reading(HOUR, 1.0, steady=(3600, 10), rare=(3, 3), lives=(3600, 10))
    now = reading(2 * HOUR, 1.0, steady=(3600, 10), rare=(3, 3), lives=(7200, 20), fresh=(5, 50))
    found = ids(before, now)
    assert (found["new"], found["gone"]) == (["fresh"], ["steady"])


def test_a_reset_counts_from_zero_and_the_former_mean_still_says_how_it_was() -> None:
    """The counters are smaller than the baseline's."""
    found = compare(reading(HOUR, 1.0, a=(1000, 1000)), reading(2 * HOUR, HOUR + 1, a=(10, 50)))
    assert [(c.mean_before_ms, c.mean_ms) for c in found["slower"]] == [(1, 5)]
    assert found["gone"] == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT * FROM contacts WHERE email = $1", "SELECT * FROM contacts WHERE email = $1"),
        ("/* user=ana@example.com */ SELECT 1 -- 4711", "SELECT ?"),
        ("select 'ana''s', E'x', $t$ secret $t$, 1.5e3", "select ?, ?, ?, ?"),
        ("TABLE \"Odd 'name\"", "TABLE \"Odd 'name\""),
        ("CREATE ROLE ana PASSWORD 'canary'", "CREATE …"),
        ("\n  ALTER ROLE ana PASSWORD 'canary'", "ALTER …"),
        ("SELECT 'it\\'s canary' , 1", "SELECT …"),
        ("SELECT 'canary", "SELECT …"),
        ("SELECT /* canary", "SELECT …"),
        ("INSERT INTO t2 VALUES ($1),\n\t($2)", "INSERT INTO t2 VALUES ($1), ($2)"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_statement_is_shown_without_values_and_comments(statement: str, told: str) -> None:
    """Utility statements, and what can't be read for certain, are told by their command alone."""
    assert shown(statement) == told


@given(st.text(max_size=60), st.sampled_from(["'{}'", "$q${}$q$", "/* {} */", "'{}", "1 /* {}"]))
def test_what_stands_in_quotes_or_comments_is_never_shown(noise: str, form: str) -> None:
    """Whatever surrounds it: the canary is in nobody's sight, and the text is one bounded line."""
    clean = noise.replace("'", "").replace("$", "").replace("*/", "").replace("\\", "").replace("/*", "")
    said = shown("SELECT a FROM b WHERE c = " + form.format(f"{clean}canary5ecret{clean}"))
    assert "canary" not in said
    assert len(said) <= LONGEST
    assert said.isprintable()
