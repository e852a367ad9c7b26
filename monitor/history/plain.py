"""No tool: `NAME.sql` with `NAME.down.sql` or `NAME.rollback.sql` beside it. There are no books."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import matching
from monitor.history.tool import Place, Script, Tool

_FILE = re.compile(r"(?P<name>.+)\.(?:down|rollback)\.sql")


def _scripts(place: Place) -> Sequence[Script]:
    if place.directory is None:
        return ()
    found = matching(place.directory, _FILE)
    return [Script(m["name"], (m["name"], f"{m['name']}.sql"), path, (m["name"],)) for path, m in found]


PLAIN = Tool(
    "plain",
    reads="`NAME.down.sql` or `NAME.rollback.sql`",
    marks="there is no table",
    proven="needs no tool",
    scripts=_scripts,
)
