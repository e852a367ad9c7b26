"""Extensions, and schemas, which hold what others make."""

from __future__ import annotations

import json

from monitor.plan.forecast.schema_after import Destroyed, Forecast
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted
from monitor.sql.facts_parts import Facts, Tree, action, dropping
from monitor.sql.scripts import Action
from monitor.statements.fitting import Server
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.objects import created, dropped, entry_of, together

EXTENSION, SCHEMA = "extension", "schema"


AVAILABLE = """/* migration-monitor: may an extension be created */
SELECT e.installed_version IS NOT NULL AS there,
       v.superuser AND NOT (r.rolsuper OR (v.trusted AND pg_catalog.has_database_privilege(
         pg_catalog.current_database(), 'CREATE'))) AS forbidden,
       ARRAY(SELECT q::text FROM pg_catalog.unnest(v.requires) q
              WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension x
                                 WHERE x.extname OPERATOR(pg_catalog.=) q)) AS needs
  FROM pg_catalog.pg_available_extensions e
  JOIN pg_catalog.pg_available_extension_versions v ON v.name OPERATOR(pg_catalog.=) e.name
   AND v.version OPERATOR(pg_catalog.=) coalesce(nullif($2::text, ''), e.default_version)
  JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) current_user
 WHERE e.name OPERATOR(pg_catalog.=) $1"""

GRANTED = (
    "if the extension is trusted, GRANT CREATE ON DATABASE to it, else let a superuser create it by hand"
)


def read_create(body: Tree, _: Tree) -> list[Facts]:
    """`text`: the version that is asked for, or ""; `cascade`: with all that it needs."""
    options = {o["def_elem"]["defname"]: o["def_elem"].get("arg", {}) for o in body.get("options", ())}
    return [
        action(
            "create_extension", None, body["extname"], if_exists=bool(body.get("if_not_exists")),
            text=options.get("new_version", {}).get("string", {}).get("sval", ""),
            cascade="cascade" in options,
        )
    ]  # fmt: skip


def _name(item: Tree) -> str:
    return str(item["string"]["sval"])


def _schema(item: Tree) -> str:
    return quoted([_name(item)])


def drop_extension(f: Forecast, a: Action) -> None:
    """Its own tables go with it, rows and all; what uses what it brought stands in the way."""
    _, entry = entry_of(f, EXTENSION, a)
    if entry is not None and isinstance(entry.body, str):
        for label in json.loads(entry.body):
            f.destroyed.append(Destroyed(f.step, f.line, a.kind, label))
    dropped(EXTENSION)(f, a)


async def fits(q: Server, a: Action) -> str:
    await q.named()
    r = await q.connection.fetchrow(AVAILABLE, a.name, a.text or "")
    if r is None:
        version = f" {a.text}" if a.text else ""
        return f"the server has no extension {a.name}{version}: install its package there first"
    if r["there"]:
        return ""
    if r["forbidden"]:
        return f"the role of rollback_dsn may not create extension {a.name}: {GRANTED}"
    if r["needs"] and not a.cascade and q.same_names:
        return f"extension {a.name} needs {', '.join(r['needs'])}: create that first, or write CASCADE"
    return ""


CREATE_EXTENSION = Kind(
    "CREATE EXTENSION", Class.LOSSLESS,
    other=EXTENSION, makes=EXTENSION, traits=Trait.NOBODYS | Trait.MAKES_NAMES,
    read={"create_extension_stmt": read_create}, effect=created(EXTENSION), fits=fits,
)  # fmt: skip

DROP_EXTENSION = Kind(
    "DROP EXTENSION", Class.LOSSY, Loss.ACCEPT, other=EXTENSION,
    traits=Trait.DROPS | Trait.MAKES_NAMES | Trait.TAKES_MORE | Trait.TAKES_ANYTHING,
    read={"drop_stmt OBJECT_EXTENSION": dropping("drop_extension", _name)},
    effect=drop_extension, together=together(EXTENSION), trace=always,
)  # fmt: skip

DROP_SCHEMA = Kind(
    "DROP SCHEMA", Class.LOSSLESS, other=SCHEMA, traits=Trait.DROPS | Trait.MAKES_NAMES | Trait.TAKES_MORE,
    read={"drop_stmt OBJECT_SCHEMA": dropping("drop_schema", _schema)}, effect=dropped(SCHEMA),
    trace=always,
)  # fmt: skip
