"""Pages are searched while they come in, whatever pieces they come in."""

from __future__ import annotations

import pytest

from monitor.errors import SourceError
from monitor.sources.exposition import MAX_KEPT, MAX_LINE, Found, Sieve, declared, lines
from monitor.sources.selectors import selector

PAGE = b"""# HELP http_requests_total Requests
# TYPE http_requests_total counter
http_requests_total_created 1
http_requests_total{path="/a \\"b\\" {c}",status="5xx",} 3 # {trace_id="x"} 1 1.0
xhttp_requests_total 9
http_requests_total{status="2xx"} 7 1700000000
shop_prom_ex_requests_total{status="200"} 4\r
prom_ex_requests_totals 8
process_start_time_seconds 1.5e9
# EOF
"""
NAMES = ("http_requests_total", "*_prom_ex_requests_total", "process_start_time_seconds")


def kept(page: bytes, size: int, names: tuple[str, ...] = NAMES) -> bytes:
    """What a sieve keeps of a page that comes in pieces of this size."""
    sieve = Sieve(names)
    for at in range(0, len(page), size):
        sieve.take(page[at : at + size])
    return sieve.body()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_pieces_do_not_matter(size: int) -> None:
    """A line may be cut anywhere, and the page may end without a line break."""
    for page in (PAGE, PAGE.removesuffix(b"# EOF\n").rstrip()):
        found = lines(kept(page, size))
        assert [(line.name, line.value, line.timestamp) for line in found] == [
            ("http_requests_total", 3.0, None),
            ("http_requests_total", 7.0, 1.7e9),
            ("shop_prom_ex_requests_total", 4.0, None),
            ("process_start_time_seconds", 1.5e9, None),
        ]
        assert found[0].labels == {"path": '/a "b" {c}', "status": "5xx"}
        assert declared(kept(page, size)) == {"http_requests_total"}


@pytest.mark.parametrize(
    ("name", "declaration"),
    [
        ("http_requests_total", "http_requests"),
        ("h_seconds_bucket", "h_seconds"),
        ("h_seconds_count", "h_seconds"),
        ("*_requests_total", "shop_requests_total"),
    ],
)
def test_what_is_declared_is_known_without_a_sample(name: str, declaration: str) -> None:
    """OpenMetrics declares a counter without `_total`, everybody a histogram without `_bucket`."""
    for what in ("TYPE", "HELP"):
        page = kept(f"# {what} {declaration} counter\n".encode(), 5, (name,))
        assert Found((), declared(page)).declares([selector(name)])
    assert not Found((), declared(kept(b"# TYPE other counter\n", 5, (name,)))).declares([selector(name)])


def test_a_page_may_be_long_and_what_is_kept_may_not() -> None:
    """The limit is on the lines of the wanted names, and on what is read at all."""
    other = b"other_total 1\n" * 1000
    sieve = Sieve(("mine",), most=100 * len(other))
    for _ in range(100):
        sieve.take(other)
    with pytest.raises(SourceError, match=r"over 1 MiB: raise `max_page`"):
        sieve.take(b"x")
    line = b'mine{a="%s"} 1\n' % (b"x" * 1000)
    sieve = Sieve(("mine",))
    for _ in range(MAX_KEPT // len(line)):
        sieve.take(line)
    with pytest.raises(SourceError, match="these metrics are over 1 MiB of the page"):
        sieve.take(line)


def test_a_line_without_an_end_is_refused() -> None:
    """It would be kept whole, looking for its end."""
    sieve = Sieve(("mine",))
    sieve.take(b"x" * (MAX_LINE - 1))
    with pytest.raises(SourceError, match="a line of the page is over"):
        sieve.take(b"x")


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_byte_order_mark_is_refused(size: int) -> None:
    """The first line would be lost."""
    with pytest.raises(SourceError, match="byte order mark"):
        kept(b"\xef\xbb\xbfhttp_requests_total 1\n", size)
