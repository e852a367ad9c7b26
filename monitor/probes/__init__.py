"""What reads a target: one file per kind of source, and the registry of kinds.

Each class takes plain values: (metric, spec, pace, net), the `sql` kind (metric, spec, session).
A new kind is one file and one line here.
"""

from monitor.probes.http_check import HttpCheckProbe
from monitor.probes.json_document import JsonProbe
from monitor.probes.prometheus import PrometheusProbe
from monitor.probes.promql import PromqlProbe
from monitor.probes.sql import SqlProbe

PROBES = {
    "json": JsonProbe,
    "prometheus": PrometheusProbe,
    "promql": PromqlProbe,
    "http_check": HttpCheckProbe,
    "sql": SqlProbe,
}
