"""Where metrics come from: one file for each kind of source, and what all kinds read with.

Rule of the room: whatever a remote peer does is a reading without a value and with a reason. A new source is
one file, its keys beside its probe, and one line in SOURCES: the configuration, its JSON Schema, its table of
keys and its problems follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.sources.configuration import SourceKeys
from monitor.sources.http_check import HttpCheckSource
from monitor.sources.json_document import JsonSource
from monitor.sources.prometheus import PrometheusSource
from monitor.sources.promql import PromqlSource
from monitor.sources.sql import SqlSource

SOURCES: Mapping[str, type[SourceKeys]] = {
    "json": JsonSource,
    "prometheus": PrometheusSource,
    "promql": PromqlSource,
    "http_check": HttpCheckSource,
    "sql": SqlSource,
}
"""Kinds under `metrics`, in the order in which they are named to people."""
