"""Which PromQL texts name series themselves: the form in which counters are compared."""

from __future__ import annotations

import pytest

from monitor.promql import is_series, name_of, not_series


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
