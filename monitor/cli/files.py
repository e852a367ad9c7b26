"""SQL files named on the command line, read only as far as a plan may be long."""

from __future__ import annotations

import sys
from pathlib import Path

from monitor.errors import OperatorError

PLAN_BYTES = (1 << 20) + 1
"""One more than a plan may have: what is longer is refused without being read whole."""


def sql_of(name: str, what: str) -> bytes:
    """Its bytes; `-` is stdin. `what` names it in the error. Raises OperatorError."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(PLAN_BYTES)
        with Path(name).open("rb") as file:
            return file.read(PLAN_BYTES)
    except OSError as e:
        raise OperatorError(f"{what} {name} can't be read: {e.strerror}") from None
