"""The reader of exposition pages beside prometheus_client's parsers: the same samples of the same page.

Where the two differ on purpose (`DIFFERENCES` says why), ours is the stricter: a page that is odd is no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from monitor.errors import SourceError
from monitor.sources.exposition import Line, Sieve, lines
from tests.fuzz.bounds import bounded, fuzzed
from tests.fuzz.mutated import mutated
from tests.pages.traffic import DATA

PAGES = sorted(DATA.glob("*/after.prom"))
NAMED = {f"{page.parent.name}/{page.name}": page for page in PAGES}
DOCUMENTS = [page.read_bytes() for page in PAGES if page.stat().st_size < 20_000]

Key = tuple[str, tuple[tuple[str, str], ...]]
Sample = tuple[str, float | None]
"""The value as text, so that NaN is like NaN, and the timestamp in seconds."""

DIFFERENCES = {
    b'a_total{x="1"} 1\na_total{x="1"} 2\n': "a series twice: a sum would have both",
    b"a_total 1_000\n": "Python's digits are no number of the format",
    b"\xef\xbb\xbfa_total 1\n": "a byte order mark: the first line would be lost",
    b'a_total{x="1",x="2"} 1\n': "a label twice",
    b"a_total \n": "no value",
    b'a_total{x="1} 1\n': "a label without an end",
    b"a_total one\n": "no number",
}
"""What is refused whole, of which theirs (in one version or another) makes something."""


def theirs(page: bytes) -> dict[Key, Sample]:
    """By the parser for the page's format. The plain one gives every counter's name a `_total`."""
    text = page.decode()
    parser: Callable[[str], Iterable[Metric]] = openmetrics if text.rstrip().endswith("# EOF") else plain
    found = parser(text)
    written = {name.decode() for name in _first_words(page)}
    return {
        (_as_written(s.name, written), tuple(sorted(s.labels.items()))): (
            _shown(s.value), None if s.timestamp is None else float(s.timestamp),
        )
        for family in found for s in family.samples
    }  # fmt: skip


def _as_written(name: str, written: set[str]) -> str:
    return name if name in written else name.removesuffix("_total")


def _shown(value: float) -> str:
    return repr(value + 0.0)  # -0 is 0


def ours(page: bytes, names: Iterable[str], piece: int = 1 << 16) -> list[Line]:
    """What is kept of a page that comes in pieces, parsed."""
    sieve = Sieve(names)
    for at in range(0, len(page), piece):
        sieve.take(page[at : at + piece])
    return lines(sieve.body())


def as_theirs(found: Iterable[Line], milliseconds: bool) -> dict[Key, Sample]:
    """A timestamp as it is written is in milliseconds, or in seconds as OpenMetrics has it."""
    by = 1000 if milliseconds else 1
    return {
        (line.name, tuple(sorted(line.labels.items()))): (
            _shown(line.value), None if line.timestamp is None else line.timestamp / by,
        )
        for line in found
    }  # fmt: skip


@pytest.mark.parametrize("page", NAMED.values(), ids=NAMED)
def test_a_real_page_has_the_same_samples(page: Path) -> None:
    """All of them at once, and of each name what theirs has of it."""
    data = page.read_bytes()
    expected = theirs(data)
    in_milliseconds = not data.rstrip().endswith(b"# EOF")
    names = sorted({name for name, _ in expected})
    assert as_theirs(ours(data, names, 1000), in_milliseconds) == expected
    for name in names[:: max(1, len(names) // 5)]:
        mine = {key: sample for key, sample in expected.items() if key[0] == name}
        assert as_theirs(ours(data, [name]), in_milliseconds) == mine


NAMES = ("a_total", "b_bucket", "c:d", "_e")
LABELS = ("le", "status", "_x", "x1")
LINE_ENDS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Of Python: theirs ends a line at each, the format only at a newline."""
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=LINE_ENDS), max_size=8)
NUMBERS = st.one_of(
    st.floats().map(repr), st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["+Inf", "-Inf", "NaN", "1e3", "1.5E-7", "0.0", "-0", ".5", "5."]),
)  # fmt: skip


@st.composite
def samples(draw: st.DrawFn) -> str:
    """One well-formed line, written in one of the ways in which it may be."""
    labels = draw(st.dictionaries(st.sampled_from(LABELS), VALUES, max_size=3))
    blank = draw(st.sampled_from(["", "", " "]))
    inside = f",{blank}".join(f'{key}{blank}={blank}"{_escaped(value)}"' for key, value in labels.items())
    comma = draw(st.sampled_from(["", ","])) if labels else ""
    braces = f"{{{blank}{inside}{comma}{blank}}}" if labels else draw(st.sampled_from(["", "{}"]))
    stamp = draw(st.one_of(st.just(""), st.integers(0, 2 * 10**12).map(lambda ms: f" {ms}")))
    return f"{draw(st.sampled_from(NAMES))}{braces} {draw(NUMBERS)}{stamp}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@fuzzed
@given(st.lists(samples(), max_size=6), st.integers(1, 30))
@example(['a_total{le="\\\\n"} 1'], 3)
@example(['a_total{le="} 2 # {x=\\"1\\"} 1"} 1 5'], 1)
def test_a_generated_page_has_the_same_samples(written: list[str], piece: int) -> None:
    """Whatever its labels hold, and in whatever pieces it comes."""
    page = "".join(f"{line}\n" for line in written).encode()
    expected = theirs(page)
    found = _or_refused(page, NAMES, piece)
    if found is None:
        assert len(expected) < len(written)  # a series is there twice
    else:
        assert as_theirs(found, milliseconds=True) == expected


@fuzzed
@given(mutated(DOCUMENTS), st.sampled_from([1, 7, 4096]))
@example(b"a_total 1 \n", 1)
def test_a_damaged_page_is_read_as_theirs_or_refused(page: bytes, piece: int) -> None:
    """No sample that theirs has not, and no other error; a page of any bytes comes to an end."""
    names = sorted({name.decode() for name in _first_words(page)})[:20] or ["a_total"]
    with bounded():
        found = _or_refused(page, names, piece)
    if found is None:
        return
    assert {line.name for line in found} <= set(names)
    try:
        expected = theirs(page)
    except Exception:
        return  # theirs gives the whole page up for a line that ours was not asked about
    stamped = not page.rstrip().endswith(b"# EOF")
    mine = as_theirs(found, stamped)
    assert {key: mine[key] for key in mine.keys() & expected.keys()} == {
        key: expected[key] for key in mine.keys() & expected.keys()
    }


def _first_words(page: bytes) -> Iterator[bytes]:
    for line in page.split(b"\n"):
        word = line.split(b"{")[0].split(b" ")[0]
        if word and word.replace(b"_", b"").replace(b":", b"").isalnum() and word.isascii():
            yield word


def _or_refused(page: bytes, names: Iterable[str], piece: int) -> list[Line] | None:
    try:
        return ours(page, names, piece)
    except SourceError as e:
        assert e.reason
        assert str(e).isprintable()
        return None


@pytest.mark.parametrize(("page", "why"), DIFFERENCES.items(), ids=list(DIFFERENCES.values()))
def test_what_is_odd_is_refused(page: bytes, why: str) -> None:
    """Theirs reads some of these, or gives up otherwise in each version."""
    with pytest.raises(SourceError):
        ours(page, ["a_total"])
