"""What is told of statements: how they changed since the baseline, and never a value of theirs."""

from __future__ import annotations

import pytest
from asyncpg.introspection import INTRO_LOOKUP_TYPES, TYPE_BY_NAME
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.compared import MIN_CALLS, Reading, compare
from monitor.sources.literals import LONGEST, shown
from monitor.sources.noise import is_noise

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
    before = reading(HOUR, a=(10, 10), b=(10, 10), c=(10, 10), d=(10, 10), e=(9, 2))
    now = reading(2 * HOUR, a=(20, 40), b=(20, 120), c=(20, 15), d=(19, 9000), e=(50, 9000))
    assert ids(before, now)["slower"] == ["b", "a"]


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [(0.5, 1.499, False), (0.5, 1.5, True), (100, 124.9, False), (100, 125, True)],
)
def test_a_mean_is_slower_by_a_millisecond_and_a_quarter(was: float, now: float, told: bool) -> None:
    """What differs from day to day is no news: both are asked for."""
    before, after = reading(HOUR, a=(10, 10 * was)), reading(2 * HOUR, a=(20, 10 * was + 10 * now))
    assert (ids(before, after)["slower"] == ["a"]) is told


@pytest.mark.parametrize(
    ("calls", "extra", "told"),
    [(MIN_CALLS, 0.999, False), (MIN_CALLS, 1.0, True), (MIN_CALLS - 1, 100.0, False)],
)
def test_a_total_is_heavier_from_a_thousandth_of_a_processor_on(
    calls: float, extra: float, told: bool
) -> None:
    """And not for a job that ran once since."""
    before, after = reading(HOUR, 1.0, a=(10, 0)), reading(2 * HOUR, 1.0, a=(10 + calls, extra * HOUR))
    assert (ids(before, after)["heavier"] == ["a"]) is told


@pytest.mark.parametrize(("total", "told"), [(0.999, []), (1.0, ["a"])])
def test_a_new_statement_has_taken_a_millisecond(total: float, told: list[str]) -> None:
    """In all."""
    assert ids(reading(HOUR), reading(2 * HOUR, a=(1, total)))["new"] == told


@pytest.mark.parametrize(
    "text",
    [
        "/* migration-monitor: intent */ UPDATE w SET a = $1",
        "INSERT INTO migration_monitor.sample VALUES ($1)",
        INTRO_LOOKUP_TYPES, TYPE_BY_NAME,
        "SELECT\n  current_setting($1) AS cur,\n  set_config($2, $3, $4) AS new",
        "SELECT pg_catalog.set_config($1, $2, $3)", "/* a proxy */ begin", "COMMIT", "SET LOCAL a = $1",
    ],
)  # fmt: skip
def test_what_is_not_the_applications_is_known_by_its_text(text: str) -> None:
    """Ours, the driver's, the session's."""
    assert is_noise(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM contacts WHERE commit = $1", "UPDATE settings SET set_config = $1",
        "CREATE INDEX ON contacts (id)", "WITH RECURSIVE tree AS (SELECT $1) TABLE tree", "",
    ],
)  # fmt: skip
def test_what_may_be_the_applications_is_told(text: str) -> None:
    """Names are no commands."""
    assert not is_noise(text)


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
