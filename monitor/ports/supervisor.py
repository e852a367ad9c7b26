"""Who started the daemon and restarts it when it hangs: systemd."""

from __future__ import annotations

from typing import Protocol


class Supervisor(Protocol):
    """Takes lines as sd_notify(3) has them (`READY=1`); returns at once, whether they were handed over.

    `patience`: seconds without `WATCHDOG=1` until it kills; 0: never.
    """

    @property
    def patience(self) -> float: ...

    def tell(self, *news: str) -> bool: ...
