"""What was read, in words for people: counts, times and the bucket that a quantile lies in."""

from __future__ import annotations

from math import inf

from monitor.sources.histogram import Quantile

SINCE = "since its counters began"


def counts_told(errors: float, requests: float, when: str) -> str:
    """`50 errors in 1,010 requests in 5 s (5.0 %)`."""
    share = 100 * errors / requests
    percent = f"{share:.1f}" if share >= 1 or share == 0 else f"{share:.2g}"
    return f"{_many(errors, 'error')} in {_many(requests, 'request')} {when} ({percent} %)"


def quantile_told(q: float, value: float, found: Quantile) -> str:
    """`p95 120 ms (bucket 100–250 ms)`."""
    name = f"p{q * 100:g}"
    if found.high == inf:
        return f"{name} over {found.low:g} ms (above the largest bucket)"
    return f"{name} {value:.4g} ms (bucket {found.low:g}–{found.high:g} ms)"


def _many(count: float, what: str) -> str:
    shown = f"{count:,.0f}" if count == int(count) else f"{count:,.4g}"
    return f"{shown} {what}" if count == 1 else f"{shown} {what}s"
