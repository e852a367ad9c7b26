"""Which PromQL texts name series themselves: the form in which counters are compared."""

from __future__ import annotations

import pytest

from monitor.promql import is_series, name_of, not_series, series_in
from monitor.sources.promql_fallback import guard, hidden


@pytest.mark.parametrize(
    "text",
    [
        "errors_total",
        " errors_total ",
        "job:errors:total",
        '{__name__="errors_total"}',
        'errors_total{status=~"5..", handler!="/a}b"}',
        "errors_total{status='5xx'}",
        "errors_total{status=`5xx`}",
        r'errors_total{path="a \" b {"}',
        "(errors_total)",
        'errors_total{a="1"} or errors_total{a="2"}',
        "((a) or (b{}))",
        "errors_total # those of the shop\n",
    ],
)
def test_a_selector_or_several_name_series(text: str) -> None:
    """Strings and comments may hold anything."""
    assert is_series(text)


@pytest.mark.parametrize(
    "text",
    [
        "sum(errors_total)",
        "sum by (code) (errors_total)",
        "sum(errors_total) by (code)",
        "rate(errors_total[5m])",
        "errors_total[5m]",
        "errors_total offset 5m",
        "errors_total @ end()",
        "a + b",
        "a / b",
        "-a",
        "a > 0",
        "a and b",
        "a unless b",
        "a or sum(b)",
        "a or vector(0)",
        "a or",
        "or a",
        "(a",
        "a)",
        "",
        "1",
        "max_over_time(a[1h])",
        'label_replace(a, "b", "$1", "c", "(.*)")',
    ],
)
def test_what_is_computed_names_no_series(text: str) -> None:
    """Sums, rates, arithmetic, and what is of another moment."""
    assert not is_series(text)


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("sum(errors_total)", "write `errors_total`"),
        ('sum by (code) (e{a="b"})', 'write `e{a="b"}`'),
        ("sum(e) without (pod)", "write `e`"),
        ("sum(rate(e[5m]))", "name the counter with its labels, as errors: "),
    ],
)
def test_the_form_to_use_is_said(text: str, use: str) -> None:
    """What is inside of a plain sum, else an example."""
    told = not_series(text)
    assert told.startswith(f"`{text}` is computed from counters: ")
    assert use in told


def test_a_name_is_that_of_the_first_series() -> None:
    """Recording rules have colons in theirs."""
    assert name_of('(job:errors:sum{a="b"})') == "job:errors:sum"
    assert name_of('{__name__="x"}') == ""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('sum(rate(e_total{code=~"5.."}[5m])) or vector(0)', ["e_total"]),
        (
            "sum by (job) (a offset 5m) / on(job) group_left(b, c) sum without(d) (job:e:sum)",
            ["a", "job:e:sum"],
        ),
        ('1e3 * (sum(a_b2{x="5m or vector(0)"}) default 0) / sum(increase(c[5m:1m]))', ["a_b2", "c"]),
        ("topk(5, foo @ 1609746000) unless bar > bool 2", ["foo", "bar"]),
        ('{__name__="x"}', []),
    ],
)
def test_the_series_of_an_expression_are_found(text: str, names: list[str]) -> None:
    """Neither functions, aggregations and their labels, nor durations and texts."""
    assert [name for name, _ in series_in(text)] == names


@pytest.mark.parametrize("end", ["or vector(0)", "or on() vector(0)", "OR vector (0)", "default 0", "or 0"])
def test_a_constant_in_the_place_of_nothing_is_a_fallback(end: str) -> None:
    """In PromQL and in VictoriaMetrics' language; by the name alone, and by the label that is asked for."""
    query = f'sum(e_total{{code=~"5.."}}) {end}'
    assert [asked for asked, _ in hidden(query)] == ["count(e_total)", 'count(e_total{code!=""})']
    assert "count(e_total)" in guard(query)


@pytest.mark.parametrize(
    "query",
    ['sum(e_total{namespace="default"})', 'sum(e_total{a="or vector(0)"})', "sum(a) or sum(b)", "a > 0"],
)
def test_what_is_no_fallback_costs_no_further_question(query: str) -> None:
    """The words in a text, and another series in the place of one."""
    assert (list(hidden(query)), guard(query)) == ([], "")


def test_a_label_that_only_errors_have_is_not_missed() -> None:
    """`error_type!=""`: before the first error nothing has it."""
    assert [asked for asked, _ in hidden('sum(r{error_type!=""}) or vector(0)')] == ["count(r)"]
