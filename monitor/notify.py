"""Tells systemd how the daemon is, as sd_notify(3) has it: lines in one datagram to $NOTIFY_SOCKET.

The rule of this room: it never waits and never raises; a supervisor that can't be told is logged once.
What there is to tell is decided in `monitor.daemon.watchdog`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger()

SOCKET = "NOTIFY_SOCKET"
WATCHDOG = "WATCHDOG_USEC"
WATCHDOG_PID = "WATCHDOG_PID"


class Systemd:
    """A notify socket: a path, or with a leading `@` a name of the abstract namespace.

    `patience`: seconds without `WATCHDOG=1` after which we are killed; 0: never.
    """

    def __init__(self, address: str, patience: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.patience = patience
        self._failing = False

    def tell(self, *news: str) -> bool:
        """Whether the lines were handed over; what was not is up to the caller to repeat."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto("\n".join(news).encode(), self._address)
        except OSError as e:
            if not self._failing:
                log.warning("supervisor.unreachable", reason=e.strerror)
            self._failing = True
            return False
        self._failing = False
        return True


def from_environment(environment: Mapping[str, str] = os.environ) -> Systemd | None:
    """Whoever started us, if it wants to be told."""
    address = environment.get(SOCKET, "")
    if address[:1] not in {"/", "@"}:
        if address:
            log.warning("supervisor.unreachable", reason="NOTIFY_SOCKET is neither a path nor abstract")
        return None
    return Systemd(address, _patience(environment))


def _patience(environment: Mapping[str, str]) -> float:
    """Of a watchdog that is meant for this process."""
    meant = environment.get(WATCHDOG_PID, "") in {"", str(os.getpid())}
    given = environment.get(WATCHDOG, "")
    return int(given) / 1_000_000 if meant and given.isascii() and given.isdigit() else 0.0
