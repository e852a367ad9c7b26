"""The series of well-known libraries, as they were found by running them. Tables: nothing is read here.

A library that counts in several ways, as its versions and options have it, has several; of those the one that
a page fits best is taken (`series.py`). A new library is one entry in one of the tables and its page in
tests/pages: what may be written under `preset`, and the tables in config/README.md, follow from that.
"""

from __future__ import annotations

from monitor.sources.presets.node import NODE
from monitor.sources.presets.proxies import PROXIES
from monitor.sources.presets.python import PYTHON
from monitor.sources.presets.runtimes import RUNTIMES
from monitor.sources.presets.shape import (
    FIVE,
    HTTP_DURATION,
    HTTP_REQUESTS,
    SHARED,
    STATUS,
    Counted,
    Preset,
    Timed,
    by_any_path,
    timed_by_any_path,
)

__all__ = ["AUTO", "CHOICES", "FIVE", "PRESETS", "SHARED", "STATUS", "Counted", "Preset", "Timed"]

_GENERIC = Preset(
    (*by_any_path(HTTP_REQUESTS), *by_any_path(f"{HTTP_DURATION}_count")), timed_by_any_path(HTTP_DURATION)
)

PRESETS: dict[str, Preset] = {**PROXIES, **PYTHON, **NODE, **RUNTIMES, "generic": _GENERIC}
"""In the order in which `auto` tries them: what is unmistakable first."""

AUTO = "auto"

CHOICES = (AUTO, "generic", *PYTHON, *reversed(NODE), *RUNTIMES, *PROXIES)
"""What may be written, in the order in which people are told: `auto` takes the one that the page fits."""
