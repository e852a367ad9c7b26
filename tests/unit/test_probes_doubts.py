"""Requests and errors that can't be told apart, and requests that are counted twice."""

from __future__ import annotations

import pytest

from monitor.errors import SourceError
from monitor.sources.doubts import refuse
from monitor.sources.exposition import Found, Sieve, lines
from monitor.sources.series import Rate, counted_on, rates_of, selectors_of


def page(text: str, rate: Rate) -> Found:
    sieve = Sieve({s.name for s in rate.selectors})
    sieve.take(text.encode())
    return Found(tuple(lines(sieve.body())))


def refused(text: str, requests: str | tuple[str, ...], errors: str | tuple[str, ...]) -> str:
    """The reason; "" when the page is read."""
    rate = Rate(selectors_of(requests), selectors_of(errors))
    try:
        refuse(rate, page(text, rate))
    except SourceError as e:
        return e.reason
    return ""


CODE = 'r{code="200"} 90\nr{code="500"} 10\n'


@pytest.mark.parametrize(
    ("text", "requests", "errors", "reason"),
    [
        (CODE, "r", 'r{code=~"5.."}', ""),
        (CODE, "r", 'r{status=~"5.."}', "no_error_label"),
        (CODE, "r", 'r{status!="200"}', "no_error_label"),
        (CODE, "r", 'r{status!~"2..",code=~"5.."}', ""),
        (CODE, "r", 'r{status=~"5..",code="500"}', "no_error_label"),
        (CODE, 'r{path!="/m"}', 'r{path!="/m",code=~"5.."}', ""),
        (CODE, 'r{path!="/m"}', 'r{path!="/m",status!="200"}', "no_error_label"),
        (CODE, "r", ('r{status=~"5.."}', 'r{code=~"5.."}'), ""),
        (CODE, "r", 'r{error!=""}', ""),
        (CODE, "r", 'r{error=~".+"}', ""),
        ("r 9\n", "r", 'r{code=~"5.."}', "no_error_label"),
        ("r 9\n", "r", "failures", ""),
        ("r 9\n", "r", 'failures{code="5xx"}', ""),
        ("r 9\nfailures 1\n", ("r", "failures"), "failures", ""),
        ('r{code="200"} 9\nx 1\n', ("r", "x"), ('r{code=~"5.."}', "x"), ""),
        ("", "r", 'r{code=~"5.."}', ""),
    ],
)
def test_requests_without_the_label_of_the_errors_are_no_data(
    text: str, requests: str | tuple[str, ...], errors: str | tuple[str, ...], reason: str
) -> None:
    """Neither 0 %, where it never holds, nor 100 %, where it always does."""
    assert refused(text, requests, errors) == reason


GROUPED = 'r{status="2xx"} 90\nr{status="5xx"} 10\n'


@pytest.mark.parametrize(
    ("text", "errors", "reason"),
    [
        (CODE, 'r{code="5xx"}', "no_error_value"),
        (CODE, 'r{code=~"5xx|4xx"}', "no_error_value"),
        (CODE, 'r{code=~"5xx|503"}', ""),
        (CODE, 'r{code="503"}', ""),
        (CODE, 'r{code!="5xx"}', ""),
        (CODE, 'r{code="50001"}', ""),  # the application's own: it may still come
        (CODE + 'r{code="0"} 1\n', 'r{code="5xx"}', "no_error_value"),
        (CODE + 'r{code="broken"} 1\n', 'r{code="5xx"}', ""),
        (GROUPED, 'r{status="500"}', "no_error_value"),
        (GROUPED, 'r{status=~"50[0-9]"}', "no_error_value"),
        (GROUPED, 'r{status="5XX"}', "no_error_value"),
        (GROUPED, 'r{status=~"5.."}', ""),
        (GROUPED.upper().replace("R{STATUS", "r{status"), 'r{status="5xx"}', "no_error_value"),
        (GROUPED + 'r{status="500"} 1\n', 'r{status="500"}', ""),
        (GROUPED, ('r{status="500"}', "failures"), "no_error_value"),
        ('r{shard="2xx"} 1\n', 'r{shard="500"}', ""),
    ],
)
def test_errors_that_are_asked_for_in_another_form_are_no_data(
    text: str, errors: str | tuple[str, ...], reason: str
) -> None:
    """`status="500"` on a page of 2xx and 5xx would be 0 % in the middle of an outage."""
    assert refused(text, "r", errors) == reason


TOTAL = 'r{code="2xx"} 90\nr{code="5xx"} %d\nr{code="total"} 100\n'


@pytest.mark.parametrize(
    ("text", "requests", "errors", "reason"),
    [
        (TOTAL % 10, "r", 'r{code="5xx"}', "counted_twice"),
        (TOTAL % 10, 'r{code!="total"}', 'r{code="5xx"}', ""),
        (TOTAL % 10, 'r{code="total"}', 'r{code="5xx"}', ""),
        (TOTAL % 90, "r", 'r{code="5xx"}', ""),
        ('r{host="a",code="5xx"} 40\nr{host="*",code="5xx"} 40\n', "r", 'r{code="5xx"}', "counted_twice"),
        ('r{path="/a",code="200"} 40\nr{path="*",code="200"} 7\n', "r", 'r{code="500"}', ""),
        ('r{path="/a",code="200"} 3\nr{path="*",code="200"} 3\n', "r", 'r{code="500"}', ""),
        ('t 100\nx{c="2"} 90\nx{c="5"} 10\n', ("t", "x"), 'x{c="5"}', "counted_twice"),
        ('t 100\nx{c="2"} 90\nx{c="5"} 10\n', "t", 'x{c="5"}', ""),
        ('r{c="200"} 70\nx{c="5"} 30\ny{c="500"} 30\n', "r", ('x{c="5"}', 'y{c="500"}'), "counted_twice"),
        (
            'r{reporter="source",c="2"} 1\nr{reporter="destination",c="2"} 5\n',
            "r",
            'r{c="5"}',
            "counted_twice",
        ),
        ('r{reporter="destination",c="2"} 5\n', "r", 'r{c="5"}', ""),
    ],
)
def test_requests_that_are_told_twice_are_no_data(
    text: str, requests: str | tuple[str, ...], errors: str | tuple[str, ...], reason: str
) -> None:
    """Half of the truth, or twice of it; what is alike by chance is read."""
    assert refused(text, requests, errors) == reason


@pytest.mark.parametrize(
    ("preset", "text", "label", "whose"),
    [
        ("generic", 'http_requests_total{code="200"} 1\n', "code", "generic"),
        ("generic", 'http_requests_total{status="200",code="a"} 1\n', "status", "generic"),
        ("auto", 'http_requests_total{status="2xx",handler="/"} 1\n', "status", "fastapi"),
        ("auto", 'http_requests_total{http_status="200"} 1\n', "http_status", "generic"),
        ("auto", 'starlette_requests_total{status_code="200",path="/"} 1\n', "status_code", "starlette"),
        ("auto", 'http_request_duration_seconds_count{code="200",path="/"} 1\n', "code", "express"),
    ],
)
def test_labels_and_presets_are_tried_until_one_fits(preset: str, text: str, label: str, whose: str) -> None:
    """The page itself says how its status is called, and `auto` which library it is of."""
    ways = rates_of(preset, None, None, "http://app/metrics")
    sieve = Sieve({s.name for way in ways for s in way.selectors})
    sieve.take(text.encode())
    found = counted_on(ways, lines(sieve.body()))
    assert (found.status, found.preset) == (label, whose)
