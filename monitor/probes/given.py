"""A ratio that a source gives, with the requests that stand behind it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.samples import Micros, Reading
from monitor.probes.counters import REQUESTS, Meter, Page


def given_ratio(metric: str, ratio: float, meter: Meter, now: Micros, pages: Mapping[str, Page]) -> Reading:
    """The ratio with its counts since the last read; the pages hold the counters of all requests.

    The errors are what the ratio makes of them. Without a request there is nothing that a ratio could be of.
    """
    if not any(page.groups.get(REQUESTS) for page in pages.values()):
        return Reading(metric, reason="no_series")
    increase = meter.take(now, pages)
    if isinstance(increase, str):
        return Reading(metric, reason=increase)
    requests = increase.by.get(REQUESTS, 0.0)
    if meter.window(now).get(REQUESTS, 0.0) <= 0:
        return Reading(metric, reason="insufficient_traffic", quiet=True, errors=0.0, requests=0.0)
    return Reading(metric, ratio, errors=min(ratio, 1.0) * requests, requests=requests)
