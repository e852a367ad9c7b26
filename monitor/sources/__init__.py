"""What reads a target: one file per kind of source, and the registry of kinds.

Each class takes plain values: (metric, spec, pace, net), the `sql` kind (metric, spec, session).
A new kind is one file and one line here.
"""

from monitor.sources.http_check import HttpCheckProbe
from monitor.sources.json_document import JsonProbe
from monitor.sources.prometheus import PrometheusProbe
from monitor.sources.promql import PromqlProbe
from monitor.sources.sql import SqlProbe

PROBES = {
    "json": JsonProbe,
    "prometheus": PrometheusProbe,
    "promql": PromqlProbe,
    "http_check": HttpCheckProbe,
    "sql": SqlProbe,
}
