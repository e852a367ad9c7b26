"""Files are written whole, and only files are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.errors import OperatorError
from monitor.files import write_whole


def test_a_link_stays_a_link_to_what_is_written(tmp_path: Path) -> None:
    """Reports are often kept behind one."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"old")
    link.symlink_to(there)
    write_whole(link, b"new")
    assert (link.is_symlink(), there.read_bytes(), sorted(tmp_path.iterdir())) == (
        True,
        b"new",
        [link, there],
    )


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    """A pipe, or a device: it would be gone for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OperatorError, match="is not a file: name one"):
        write_whole(pipe, b"x")
    assert pipe.is_fifo()


def test_a_folder_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    """Nor is what was written beside it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OperatorError, match="can't be written"):
        write_whole(folder, b"x")
    assert list(tmp_path.iterdir()) == [folder]
