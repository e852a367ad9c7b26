"""The composition root: the only room where a class meets a configured value.

`run` is the daemon; the others serve the command line. Nothing is decided here.
"""

from monitor.app.commands import (
    check,
    control,
    fingerprint,
    refused,
    register,
    report,
    stored_watches,
    watches,
)
from monitor.app.rehearsals import rehearse
from monitor.app.restoring import restore
from monitor.app.running import run

__all__ = [
    "check",
    "control",
    "fingerprint",
    "refused",
    "register",
    "rehearse",
    "report",
    "restore",
    "run",
    "stored_watches",
    "watches",
]
