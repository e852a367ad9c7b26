"""What an operator configures: read, checked whole, frozen.

`load` gives the settings of a file or raises ConfigError with every problem in it. Secrets are
hidden in every repr and error. Only `monitor.app` and the command line import this; every other
part takes plain values. Sources, channels, hooks and tools bring their own keys: this room stands above
theirs.
"""

from monitor.settings.checks import doubts
from monitor.settings.clashes import Clash
from monitor.settings.limits import PolicySettings, ThresholdKeys, Watch
from monitor.settings.model import (
    Alert,
    Database,
    MetricSource,
    Rollback,
    Server,
    Settings,
    Store,
    Target,
)
from monitor.settings.reading import Look, load, load_policy
from monitor.settings.whole import settings_with

__all__ = [
    "Alert",
    "Clash",
    "Database",
    "Look",
    "MetricSource",
    "PolicySettings",
    "Rollback",
    "Server",
    "Settings",
    "Store",
    "Target",
    "ThresholdKeys",
    "Watch",
    "doubts",
    "load",
    "load_policy",
    "settings_with",
]
