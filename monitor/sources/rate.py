"""A metric's reading from what its meter holds: an error rate.

Pure. Decides between a value, quiet and failed; does not know where the counters came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.samples import Micros, Reading
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page


def error_rate(
    metric: str, meter: Meter, now: Micros, pages: Mapping[str, Page], whole: bool = False
) -> Reading:
    """errors/requests over the meter's window, with the counts since the last read. `whole`: as `take`."""
    increase = meter.take(now, pages, whole)
    if missing := without(REQUESTS, metric, pages):
        return missing
    if isinstance(increase, str):
        return Reading(metric, reason=increase)
    requests, errors = increase.by.get(REQUESTS, 0.0), increase.by.get(ERRORS, 0.0)
    if errors > requests:
        meter.drop_last()
        return Reading(metric, reason="more_errors_than_requests")
    held = meter.window(now)
    total, failed = held.get(REQUESTS, 0.0), held.get(ERRORS, 0.0)
    if total <= 0:
        return Reading(metric, reason="insufficient_traffic", quiet=True, errors=errors, requests=requests)
    return Reading(metric, failed / total, errors=errors, requests=requests)


def without(group: str, metric: str, pages: Mapping[str, Page]) -> Reading | None:
    """What to say when no page has a series: quiet where the metric is declared, and nobody came yet."""
    if any(page.groups.get(group) for page in pages.values()):
        return None
    if pages and all(page.declared for page in pages.values()):
        return Reading(metric, reason="no_sample_yet", quiet=True)
    return Reading(metric, reason="no_series")
