"""Files that others read while they are written: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from monitor.errors import OperatorError


def write_whole(path: Path, data: bytes) -> None:
    """What was there before stays until the new file is complete. Raises OperatorError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(path)
    except OSError as e:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OperatorError(f"{path} can't be written: {e.strerror}") from None
