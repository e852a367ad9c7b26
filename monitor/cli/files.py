"""Files named on the command line, read only as far as they may be long."""

from __future__ import annotations

import sys
from pathlib import Path

from monitor.errors import OperatorError

PLAN_BYTES = (1 << 20) + 1
"""One more than a plan may have: what is longer is refused without being read whole."""


FINGERPRINT_BYTES = (16 << 20) + 1
"""The same of a fingerprint."""


def sql_of(name: str, what: str, most: int = PLAN_BYTES) -> bytes:
    """Its first `most` bytes; `-` is stdin. `what` names it in the error. Raises OperatorError."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except OSError as e:
        raise OperatorError(f"{what} {name} can't be read: {e.strerror}") from None
