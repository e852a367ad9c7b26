"""A ratio that a source gives, with the requests that stand behind it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.samples import Micros, Reading
from monitor.sources.counters import REQUESTS, Meter, Page
from monitor.sources.rate import without


def given_ratio(
    metric: str, ratio: float, meter: Meter, now: Micros, pages: Mapping[str, Page], whole: bool = False
) -> Reading:
    """The ratio with its counts since the last read; the pages hold the counters of all requests.

    `whole`: as `take`. The errors are what the ratio makes of the requests; without one it is no evidence.
    """
    increase = meter.take(now, pages, whole)
    if missing := without(REQUESTS, metric, pages):
        return missing
    if isinstance(increase, str):
        return Reading(metric, reason=increase)
    requests = increase.by.get(REQUESTS, 0.0)
    return Reading(metric, ratio, errors=min(ratio, 1.0) * requests, requests=requests)
