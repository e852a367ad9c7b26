"""What sources answer: JSON documents, a Prometheus server's answers, pages, and their headers.

A probe gives a reading, with a reason where it has no value; it never raises, and never counts what is no
number.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.errors import OperatorError, SourceError
from monitor.net import Response
from monitor.sources.endpoints import Pace, refuse_old
from monitor.sources.http_check import HttpCheckProbe, HttpCheckSpec
from monitor.sources.json_document import JsonProbe, JsonSpec, compiled
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from monitor.sources.promql import PromqlProbe, PromqlSpec
from monitor.sources.promql_rows import pages_of, rows_of, single
from monitor.sources.selectors import selector
from monitor.sources.strict import document, moment
from tests.fuzz.bounds import bounded, fuzzed, is_a_sentence
from tests.fuzz.canned import ADDRESS, NOW, Canned, checked, read_twice
from tests.fuzz.mutated import altered, as_json, json_values, mutated, texts
from tests.pages.known import LIBRARIES
from tests.pages.traffic import DATA

PACE = Pace()
STATS = {"http": {"errors": 3, "requests": 900, "at": NOW / 1e6, "list": [1, 2], "text": "x"}, "ratio": 0.01}
RATES = JsonSpec((ADDRESS,), errors="http.errors", requests="http.requests", timestamp="http.at")
VALUE = JsonSpec((ADDRESS,), value="ratio", unit="percent", requests="http.requests")
VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {"metric": {"__name__": "a_total", "instance": i, "status": s}, "value": [NOW / 1e6, "12"]}
            for i in ("one", "two") for s in ("200", "500")
        ],
    },
}  # fmt: skip
SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [NOW / 1e6, "0.25"]}}


@fuzzed
@given(st.one_of(altered(STATS).map(as_json), mutated([as_json(STATS)]), json_values().map(as_json)))
@example(b'{"http": {"errors": 1e400, "requests": 1}}')
@example(b'{"http": {"errors": ' + b"9" * 5000 + b', "requests": 1}}')
def test_a_json_document_gives_a_reading(body: bytes) -> None:
    """Whatever is where the numbers should be."""
    for spec in (RATES, VALUE):
        read_twice(JsonProbe("error_rate", spec, PACE, Canned(body)))


@fuzzed
@given(mutated([as_json(STATS)]))
def test_check_says_what_is_wrong_with_a_document(body: bytes) -> None:
    """In sentences of ours."""
    checked(JsonProbe("error_rate", RATES, PACE, Canned(body)))


EXPRESSIONS = (
    b"http.errors", b"http.list[?@ > `1`] | [0]", b"sum(http.list)", b"sort_by(http.list, &@)[-1]",
    b"to_number(http.text)", b"max(http.*)", b"http.list[::0]", b"join(',', http.list)", b"map(&@, http)",
    b"avg(http.list) && !ratio || `{\"a\": 1}`", b"{a: http.errors, b: @}.a", b"length(http)",
)  # fmt: skip


@fuzzed
@given(mutated(EXPRESSIONS, most=3), json_values())
def test_any_expression_gives_a_reading_of_any_document(expression: bytes, other: object) -> None:
    """Or is refused when it is configured."""
    text = expression.decode("latin-1")
    try:
        with bounded():
            compiled("errors", text)
    except OperatorError as e:
        assert is_a_sentence(str(e))
        return
    for found in (STATS, other):
        spec = JsonSpec((ADDRESS,), errors=text, requests="http.requests")
        read_twice(JsonProbe("error_rate", spec, PACE, Canned(as_json(found))))


@fuzzed
@given(st.one_of(json_values(), texts()))
@example("9999-12-31T23:59:59-23:59")
@example("0001-01-01T00:00+14:00")
def test_a_document_says_its_time_or_is_refused(found: object) -> None:
    """Epoch seconds or RFC 3339."""
    try:
        moment(found)
    except SourceError as e:
        assert is_a_sentence(str(e))


@fuzzed
@given(st.one_of(mutated([as_json(STATS), b'{"a":[1,2,{"b":null}]}']), st.binary(max_size=50)))
@example(b"[" * 100_000)
@example(b'{"a":1,"a":2}')
def test_a_document_is_read_or_refused(body: bytes) -> None:
    """Strict JSON."""
    try:
        with bounded():
            found = document(body)
    except SourceError as e:
        assert is_a_sentence(str(e))
        return
    assert document(json.dumps(found).encode()) == found


answers_of_prometheus = st.one_of(
    altered(VECTOR).map(as_json), altered(SCALAR).map(as_json), mutated([as_json(VECTOR)]),
    json_values().map(as_json),
)  # fmt: skip


@fuzzed
@given(answers_of_prometheus)
@example(as_json({"data": {"resultType": "scalar", "result": [10**400, "1"]}}))
@example(as_json({"data": {"resultType": "vector", "result": [{"metric": {}, "value": [1e308, "1"]}]}}))
def test_an_answer_of_prometheus_gives_a_reading(body: bytes) -> None:
    """A number, a ratio with its requests, or counters."""
    specs = (
        PromqlSpec((ADDRESS,), query="up", unit="ratio"),
        PromqlSpec((ADDRESS,), errors='a_total{status="500"}', requests="a_total"),
        PromqlSpec((ADDRESS,), query="rate(a_total[1m]) or vector(0)", unit="ratio", requests="a_total"),
    )
    for spec in specs:
        read_twice(PromqlProbe("error_rate", spec, PACE, Canned(body)))
        checked(PromqlProbe("error_rate", spec, PACE, Canned(body)))


@fuzzed
@given(answers_of_prometheus)
def test_rows_of_an_answer_are_rows_or_it_is_refused(body: bytes) -> None:
    """Its own sentence, nothing of the answer in it."""
    try:
        rows = rows_of(Response(200, {}, body, 0.0), "errors")
        pages_of({"errors": rows, "requests": rows})
        single(rows)
    except SourceError as e:
        assert is_a_sentence(str(e))


PAGES = {name: (DATA / name / "after.prom").read_bytes() for name in LIBRARIES}
SMALL = sorted(name for name, page in PAGES.items() if len(page) < 12_000)


@pytest.mark.parametrize("auto", [False, True], ids=["preset", "auto"])
@fuzzed
@given(st.data())
def test_a_page_of_a_library_that_is_damaged_gives_a_reading(auto: bool, data: st.DataObject) -> None:
    """Requests and errors, and durations, by its preset and by the one that is found."""
    name = data.draw(st.sampled_from(SMALL))
    body = data.draw(mutated([PAGES[name]]))
    preset = "auto" if auto else LIBRARIES[name].preset
    url = f"http://127.0.0.1:9{LIBRARIES[name].page}"
    specs = [PrometheusSpec((url,), preset=preset)]
    if LIBRARIES[name].bucket is not None:
        specs.append(PrometheusSpec((url,), preset=preset, quantile=0.95))
    for spec in specs:
        read_twice(PrometheusProbe("error_rate", spec, PACE, Canned(body)))
        checked(PrometheusProbe("error_rate", spec, PACE, Canned(body)))


SUMMARY = b'# TYPE a_seconds summary\na_seconds{quantile="0.5"} NaN\na_seconds{quantile="0.99"} 0.25\n'


@fuzzed
@given(mutated([SUMMARY]))
def test_a_gauge_of_a_damaged_page_gives_a_reading(body: bytes) -> None:
    """A summary's quantile may be NaN."""
    spec = PrometheusSpec((ADDRESS,), value='a_seconds{quantile="0.99"}', unit="s")
    read_twice(PrometheusProbe("latency", spec, PACE, Canned(body)))


@fuzzed
@given(texts(), texts(), st.integers(100, 599))
@example("Mon, 20 Nov 99999999999999999999 10:00:00 +0000", "0", 200)
@example("Mon, 20 Nov 1995 19:12:08 -9999999", "٣", 200)
def test_headers_of_an_answer_make_it_stale_at_most(date: str, age: str, status: int) -> None:
    """Date and Age are the peer's texts."""
    try:
        refuse_old(Response(200, {"date": date, "age": age}, b"", 0.0), NOW, PACE.max_gap)
    except SourceError as e:
        assert (e.reason, is_a_sentence(str(e))) == ("stale", True)
    for measure in ("errors", "time"):
        net = Canned(b"", status, {"date": date, "age": age})
        read_twice(HttpCheckProbe("error_rate", HttpCheckSpec((ADDRESS,), measure), PACE, net))


SELECTORS = (b'http_requests_total{status=~"5..",path!="/x"}', b"*_total", b"a:b{x='\\'',}", b'{x="a"}')


@fuzzed
@given(mutated(SELECTORS))
@example(b'a{b=~"(((((x+)+)+)+)+"}')
@example(b'a{b=~"' + b"(" * 2000 + b'"}')
@example(b'a{b=~"x{1,99999999999}"}')
def test_a_selector_is_read_or_refused(text: bytes) -> None:
    """As it stands in a configuration."""
    try:
        with bounded():
            found = selector(text.decode("utf-8", "replace"))
    except OperatorError as e:
        assert str(e)
        return
    found.holds("a", {"b": "x" * 20})
