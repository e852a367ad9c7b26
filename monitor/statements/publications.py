"""Publications: what is sent to subscribers."""

from __future__ import annotations

from monitor.plan.forecast.schema_after import Forecast
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, dropping
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.objects import altered, created, dropped, entry_of, renaming

PUBLICATION = "publication"


def read_create(body: Tree, _: Tree) -> list[Facts]:
    return [action("create_publication", None, body["pubname"])]


def read_alter(body: Tree, _: Tree) -> list[Facts]:
    return [action("alter_publication", None, body["pubname"])]


def read_owner(body: Tree, _: Tree) -> list[Facts]:
    return [action("alter_publication", None, _name(body["object"]))]


def read_rename(body: Tree, _: Tree) -> list[Facts]:
    return [action("rename_publication", None, _name(body["object"]), new_name=body["newname"])]


def _name(item: Tree) -> str:
    return str(item["string"]["sval"])


def drop_publication(f: Forecast, a: Action) -> None:
    key, entry = entry_of(f, PUBLICATION, a)
    if entry is not None:
        f.notice(f"subscriptions to {key} get nothing any more")
    dropped(PUBLICATION)(f, a)


ALTER_PUBLICATION = Kind(
    "ALTER PUBLICATION", Class.LOSSLESS, other=PUBLICATION,
    read={"alter_publication_stmt": read_alter, "alter_owner_stmt OBJECT_PUBLICATION": read_owner},
    effect=altered(PUBLICATION),
)  # fmt: skip

RENAME_PUBLICATION = Kind(
    "ALTER PUBLICATION … RENAME TO", Class.LOSSLESS, other=PUBLICATION, makes=PUBLICATION, renames=True,
    read={"rename_stmt OBJECT_PUBLICATION": read_rename}, effect=renaming(PUBLICATION), trace=always,
)  # fmt: skip

CREATE_PUBLICATION = Kind(
    "CREATE PUBLICATION", Class.LOSSLESS, other=PUBLICATION, makes=PUBLICATION, traits=Trait.NOBODYS,
    read={"create_publication_stmt": read_create}, effect=created(PUBLICATION),
)  # fmt: skip

DROP_PUBLICATION = Kind(
    "DROP PUBLICATION", Class.LOSSLESS, other=PUBLICATION, traits=Trait.DROPS,
    read={"drop_stmt OBJECT_PUBLICATION": dropping("drop_publication", _name)}, effect=drop_publication,
    trace=always,
)  # fmt: skip
