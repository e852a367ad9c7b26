"""The known kinds of statement: what each may destroy, as one literal table.

docs/statements.md renders `KINDS`; a statement that is no row here is refused. This file does not parse.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Class(StrEnum):
    """What undoing again would need, gravest last."""

    LOSSLESS = "lossless"  # nothing is destroyed that the migration's own text could not bring back
    LOSSY = "lossy"  # rows or values may be gone
    OPAQUE = "opaque"  # nobody can say what it does: needs --allow-opaque


class Loss(StrEnum):
    """How data is protected from a kind."""

    NONE = ""
    SALVAGE = "salvage"  # can be copied away first, or accepted
    ACCEPT = "accept"  # only --data-loss accept with the name


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table: the statement as people write it, its class, what protects the data."""

    statement: str
    klass: Class
    loss: Loss = Loss.NONE
    scans: bool = False  # reads or rewrites the whole table under the lock
    transactional: bool = True  # False: PostgreSQL runs it outside a transaction only


KINDS: dict[str, Kind] = {
    "rename_column": Kind("ALTER TABLE … RENAME COLUMN", Class.LOSSLESS),
    "rename_relation": Kind("ALTER TABLE | VIEW | INDEX | SEQUENCE … RENAME TO", Class.LOSSLESS),
    "rename_constraint": Kind("ALTER TABLE … RENAME CONSTRAINT", Class.LOSSLESS),
    "add_column": Kind("ALTER TABLE … ADD COLUMN", Class.LOSSLESS, scans=True),
    "add_constraint": Kind("ALTER TABLE … ADD CONSTRAINT", Class.LOSSLESS, scans=True),
    "validate_constraint": Kind("ALTER TABLE … VALIDATE CONSTRAINT", Class.LOSSLESS, scans=True),
    "drop_constraint": Kind("ALTER TABLE … DROP CONSTRAINT", Class.LOSSLESS),
    "set_constraints": Kind("SET CONSTRAINTS", Class.LOSSLESS),
    "set_default": Kind("ALTER TABLE … ALTER COLUMN … SET DEFAULT", Class.LOSSLESS),
    "drop_default": Kind("ALTER TABLE … ALTER COLUMN … DROP DEFAULT", Class.LOSSLESS),
    "set_not_null": Kind("ALTER TABLE … ALTER COLUMN … SET NOT NULL", Class.LOSSLESS, scans=True),
    "drop_not_null": Kind("ALTER TABLE … ALTER COLUMN … DROP NOT NULL", Class.LOSSLESS),
    "enable_trigger": Kind("ALTER TABLE … ENABLE TRIGGER name", Class.LOSSLESS),
    "disable_trigger": Kind("ALTER TABLE … DISABLE TRIGGER name", Class.LOSSLESS),
    "set_statistics": Kind("ALTER TABLE | INDEX … ALTER COLUMN … SET STATISTICS", Class.LOSSLESS),
    "set_column_options": Kind("ALTER TABLE … ALTER COLUMN … SET | RESET (…)", Class.LOSSLESS),
    "set_options": Kind("ALTER TABLE | INDEX | VIEW … SET | RESET (…)", Class.LOSSLESS),
    "row_security": Kind(
        "ALTER TABLE … ENABLE | DISABLE | FORCE | NO FORCE ROW LEVEL SECURITY", Class.LOSSLESS
    ),
    "replica_identity": Kind("ALTER TABLE … REPLICA IDENTITY", Class.LOSSLESS),
    "alter_sequence": Kind("ALTER SEQUENCE", Class.LOSSLESS),
    "rename_type": Kind("ALTER TYPE | DOMAIN … RENAME TO", Class.LOSSLESS),
    "rename_value": Kind("ALTER TYPE … RENAME VALUE", Class.LOSSLESS),
    "add_attribute": Kind("ALTER TYPE … ADD ATTRIBUTE", Class.LOSSLESS),
    "rename_attribute": Kind("ALTER TYPE … RENAME ATTRIBUTE", Class.LOSSLESS),
    "alter_function": Kind("ALTER FUNCTION | PROCEDURE", Class.LOSSLESS),
    "rename_function": Kind("ALTER FUNCTION | PROCEDURE | AGGREGATE … RENAME TO", Class.LOSSLESS),
    "alter_policy": Kind("ALTER POLICY", Class.LOSSLESS),
    "rename_part": Kind("ALTER POLICY | TRIGGER … RENAME TO", Class.LOSSLESS),
    "alter_publication": Kind("ALTER PUBLICATION", Class.LOSSLESS),
    "rename_publication": Kind("ALTER PUBLICATION … RENAME TO", Class.LOSSLESS),
    "lock_table": Kind("LOCK TABLE", Class.LOSSLESS),
    "create_table": Kind("CREATE TABLE", Class.LOSSLESS),
    "create_index": Kind("CREATE INDEX", Class.LOSSLESS, scans=True),
    "create_index_concurrently": Kind("CREATE INDEX CONCURRENTLY name", Class.LOSSLESS, transactional=False),
    "create_view": Kind("CREATE [OR REPLACE] VIEW", Class.LOSSLESS),
    "create_materialized_view": Kind("CREATE MATERIALIZED VIEW", Class.LOSSLESS, scans=True),
    "refresh_materialized_view": Kind("REFRESH MATERIALIZED VIEW", Class.LOSSLESS, scans=True),
    "create_sequence": Kind("CREATE SEQUENCE", Class.LOSSLESS),
    "create_trigger": Kind("CREATE [OR REPLACE] TRIGGER", Class.LOSSLESS),
    "create_function": Kind("CREATE [OR REPLACE] FUNCTION | PROCEDURE", Class.LOSSLESS),
    "create_type": Kind("CREATE TYPE … AS ENUM", Class.LOSSLESS),
    "create_policy": Kind("CREATE POLICY", Class.LOSSLESS),
    "create_publication": Kind("CREATE PUBLICATION", Class.LOSSLESS),
    "create_extension": Kind("CREATE EXTENSION", Class.LOSSLESS),
    "drop_index": Kind("DROP INDEX", Class.LOSSLESS),
    "drop_index_concurrently": Kind("DROP INDEX CONCURRENTLY", Class.LOSSLESS, transactional=False),
    "reindex_index": Kind("REINDEX INDEX CONCURRENTLY", Class.LOSSLESS, transactional=False),
    "reindex_table": Kind("REINDEX TABLE CONCURRENTLY", Class.LOSSLESS, transactional=False),
    "detach_partition": Kind(
        "ALTER TABLE … DETACH PARTITION … CONCURRENTLY", Class.LOSSLESS, transactional=False
    ),
    "vacuum": Kind("VACUUM table", Class.LOSSLESS, transactional=False),
    "analyze": Kind("ANALYZE table", Class.LOSSLESS, scans=True),
    "drop_view": Kind("DROP VIEW", Class.LOSSLESS),
    "drop_materialized_view": Kind("DROP MATERIALIZED VIEW", Class.LOSSLESS),
    "drop_trigger": Kind("DROP TRIGGER", Class.LOSSLESS),
    "drop_policy": Kind("DROP POLICY", Class.LOSSLESS),
    "drop_publication": Kind("DROP PUBLICATION", Class.LOSSLESS),
    "drop_statistics": Kind("DROP STATISTICS", Class.LOSSLESS),
    "drop_function": Kind("DROP FUNCTION | PROCEDURE | AGGREGATE", Class.LOSSLESS),
    "drop_operator": Kind("DROP OPERATOR", Class.LOSSLESS),
    "drop_type": Kind("DROP TYPE | DOMAIN", Class.LOSSLESS),
    "drop_schema": Kind("DROP SCHEMA", Class.LOSSLESS),
    "comment": Kind("COMMENT ON", Class.LOSSLESS),
    "grant": Kind("GRANT | REVOKE on objects", Class.LOSSLESS),
    "change_owner": Kind("ALTER TABLE | VIEW | SEQUENCE | FUNCTION | TYPE … OWNER TO", Class.LOSSLESS),
    "set_schema": Kind("ALTER TABLE … SET SCHEMA migration_monitor_quarantine", Class.LOSSLESS),
    "drop_column": Kind("ALTER TABLE … DROP COLUMN", Class.LOSSY, Loss.SALVAGE),
    "drop_table": Kind("DROP TABLE", Class.LOSSY, Loss.SALVAGE),
    "alter_type": Kind("ALTER TABLE … ALTER COLUMN … TYPE", Class.LOSSY, Loss.ACCEPT, scans=True),
    "drop_sequence": Kind("DROP SEQUENCE", Class.LOSSY, Loss.ACCEPT),
    "restart_sequence": Kind("ALTER SEQUENCE … RESTART", Class.LOSSY, Loss.ACCEPT),
    "drop_attribute": Kind("ALTER TYPE … DROP ATTRIBUTE", Class.LOSSY, Loss.ACCEPT),
    "drop_extension": Kind("DROP EXTENSION", Class.LOSSY, Loss.ACCEPT),
    "insert": Kind("INSERT", Class.LOSSY),
    "upsert": Kind("INSERT … ON CONFLICT DO UPDATE", Class.LOSSY, Loss.ACCEPT),
    "update": Kind("UPDATE", Class.LOSSY, Loss.ACCEPT),
    "delete": Kind("DELETE", Class.LOSSY, Loss.ACCEPT),
    "merge": Kind("MERGE", Class.LOSSY, Loss.ACCEPT),
    "truncate": Kind("TRUNCATE", Class.LOSSY, Loss.ACCEPT),
    "select": Kind("SELECT", Class.OPAQUE),
    "do": Kind("DO", Class.OPAQUE),
    "call": Kind("CALL", Class.OPAQUE),
}

DATA_ONLY = frozenset({"insert", "upsert", "update", "delete", "merge", "truncate"})
"""Kinds that leave no trace in the schema: whether they were done by hand can't be seen there."""

UPKEEP = frozenset(
    (
        "vacuum",
        "analyze",
        "reindex_index",
        "reindex_table",
        "refresh_materialized_view",
        "lock_table",
        "set_constraints",
    )
)
"""Kinds that change neither the schema nor a value of a table: done again they do no harm."""

NO_TRACE = DATA_ONLY | {"select", "do", "call", "restart_sequence"}
"""Kinds whose effect the fingerprint does not show."""

VAGUE = frozenset(
    (
        "grant", "change_owner", "alter_type", "set_default", "set_column_options", "alter_sequence",
        "alter_function", "alter_policy", "alter_publication",
    )
)  # fmt: skip
"""Kinds whose effect shows, but can't be foretold: any change could be taken for it."""
