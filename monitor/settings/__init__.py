"""What an operator configures: read, checked whole, frozen.

`load` gives the settings of a file or raises ConfigError with every problem in it. Secrets are
hidden in every repr and error. Only `monitor.app` and the command line import this; every other
part takes plain values.
"""

from monitor.settings.checks import doubts
from monitor.settings.clashes import Clash
from monitor.settings.limits import PolicySettings, ThresholdKeys, Watch
from monitor.settings.model import (
    Alert,
    AnyChannel,
    Database,
    LogChannel,
    PagerDutyChannel,
    Rollback,
    Server,
    Settings,
    SlackChannel,
    Store,
    Target,
    WebhookChannel,
)
from monitor.settings.reading import Look, load, load_policy
from monitor.settings.sources import (
    AnySource,
    HttpCheckSource,
    JsonSource,
    MetricSource,
    PrometheusSource,
    PromqlSource,
    SqlSource,
)

__all__ = [
    "Alert",
    "AnyChannel",
    "AnySource",
    "Clash",
    "Database",
    "HttpCheckSource",
    "JsonSource",
    "LogChannel",
    "Look",
    "MetricSource",
    "PagerDutyChannel",
    "PolicySettings",
    "PrometheusSource",
    "PromqlSource",
    "Rollback",
    "Server",
    "Settings",
    "SlackChannel",
    "SqlSource",
    "Store",
    "Target",
    "ThresholdKeys",
    "Watch",
    "WebhookChannel",
    "doubts",
    "load",
    "load_policy",
]
