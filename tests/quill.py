"""A made-up migration tool, as its file would be: its own keys, its files, its table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from monitor.history.files import numbered
from monitor.history.rows import Rows, deleted
from monitor.history.sections import after, lines_of
from monitor.history.tool import Place, Script, Section, Tool, ToolKeys, Unusable
from monitor.options import Text
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<version>\d+)(?P<name>.*)\.quill")


class QuillKeys(ToolKeys):
    """Several feathers may write into one table."""

    feather: Text = Field("goose", description="of quill: whose rows are ours")


def _scripts(place: Place) -> Sequence[Script]:
    return numbered(place.directory, _FILE) if place.directory is not None else ()


def _down(data: bytes, _: Script) -> Section:
    """What stands behind the line that takes it back. Raises Unusable."""
    for number, _start, end, text in lines_of(data):
        if text == "~~~":
            return after(data, number + 1, end)
    raise Unusable("no line ~~~ parts the way back from the way there")


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    feather = str(place.own["feather"]).replace("'", "''")
    rows = Rows("r.page = $1::text", ("r.page",), "r.page", live=f"r.feather = '{feather}'")
    return deleted("quill", place, rows, key)


QUILL = Tool(
    "quill",
    reads="the file's end after `~~~`",
    marks="its row is deleted",
    proven="invented",
    table="quill_pages",
    scripts=_scripts,
    down=_down,
    books=_books,
    keys=QuillKeys,
)
