"""Files that others read while they are written: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from monitor.errors import OperatorError


def write_whole(path: Path, data: bytes) -> None:
    """What was there before stays until the new file is complete. Raises OperatorError.

    A link stays a link to what it leads to; a device or a pipe is not replaced by a file.
    """
    beside = None
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise OperatorError(f"{path} is not a file: name one, or leave it out to write to stdout")
        path = path.resolve() if path.is_symlink() else path
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with beside.open("xb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(path)
    except OSError as e:
        with contextlib.suppress(OSError):
            if beside is not None:
                beside.unlink()
        raise OperatorError(f"{path} can't be written: {e.strerror}") from None
