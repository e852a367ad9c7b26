"""An address at which several processes answer in turn: for `check` and for the log.

What proves it is `trust`'s to say; this file reads several times, and says it to people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from monitor.net import Response
from monitor.ports import Finding, problem
from monitor.sources.endpoints import Endpoints, instance_key, of_instance
from monitor.sources.growth import Page
from monitor.sources.trust import several

log = structlog.get_logger(__name__)

TIMES = 8
"""Reads of a check, each on a new connection: of two processes at random one stays unseen once in 128."""

REMEDY = (
    "several processes answer at this address in turn, each with counters of its own, so no rate can be "
    "taken: add them up in the application, give each process an address of its own under `urls`, or "
    "let a Prometheus server scrape them and ask it by `promql`"
)


async def shared(endpoints: Endpoints, parse: Callable[[str, Response], Page]) -> list[Finding]:
    """A problem for each address that several reads in a row show to be shared."""
    rows = await endpoints.in_a_row(parse, TIMES)
    return [of_instance(number, problem(REMEDY)) for number, pages in enumerate(rows, 1) if several(pages)]


class Shared:
    """Logs when an address proves to be shared, and when it no longer is."""

    def __init__(self, metric: str, urls: Sequence[str]) -> None:
        self._metric = metric
        self._numbers = {instance_key(url): number for number, url in enumerate(urls, 1)}
        self._told: frozenset[str] = frozenset()

    def note(self, keys: frozenset[str]) -> None:
        """Instances are numbered in the order of the configuration, as `check` does."""
        for key in sorted(keys - self._told, key=lambda k: self._numbers.get(k, 0)):
            log.warning("probe.several_processes", metric=self._metric, instance=self._numbers.get(key, 0))
        for key in sorted(self._told - keys, key=lambda k: self._numbers.get(k, 0)):
            log.info("probe.one_process", metric=self._metric, instance=self._numbers.get(key, 0))
        self._told = keys
