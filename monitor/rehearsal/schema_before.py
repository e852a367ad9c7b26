"""The schema before the migration as its rehearsal saw it, for a watch that is registered without one.

It is used only if the schema now is what the rehearsed migration made of the clone: then nothing else came
in between. A clone that had the migration already is the plan's own opinion, and never serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor import pg
from monitor.ports import Json, Rehearsal
from monitor.rehearsal.shape import shape_of, without_owners
from monitor.schema import whole
from monitor.schema.fingerprint_file import Document, Place
from monitor.schema.whole import Objects

KNOWN = "the schema before the migration is known from its rehearsal"


def to_json(server_major: int, system: str, database: str, objects: Objects) -> Json:
    """As kept with the rehearsal."""
    place = {"server_major": server_major, "system_identifier": system, "database": database}
    return {"place": place, "objects": objects}


async def document_of(rehearsal: Rehearsal | None, dsn: str) -> tuple[Document | None, str]:
    """What may be held against, and a sentence for people; (None, "") without such a rehearsal.

    `dsn`: the target. Raises DatabaseError.
    """
    if rehearsal is None or rehearsal.before is None or rehearsal.after is None:
        return None, ""
    connection = await pg.connect(dsn, name="register")
    try:
        now = await shape_of(connection)
    finally:
        await pg.close(connection)
    after: Mapping[str, Any] = rehearsal.after
    if found := whole.differences(dict(after), without_owners(now)):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return None, (
            "the schema from before its rehearsal is not used, because what is there now is not what the "
            f"rehearsed migration made: {found[0]}{more}"
        )
    before: Mapping[str, Any] = rehearsal.before
    return Document(Place(**before["place"]), before["objects"]), KNOWN
