"""SQL's own words for what the grammar's tree calls otherwise: statements, subcommands, sorts of objects.

Plain text for refusals. What is not listed is called by its name in the tree, which is SQL's then.
"""

from __future__ import annotations

import re
from typing import Any

STATEMENTS = {
    "alter_collation_stmt": "ALTER COLLATION", "alter_default_privileges_stmt": "ALTER DEFAULT PRIVILEGES",
    "alter_domain_stmt": "ALTER DOMAIN", "alter_enum_stmt": "ALTER TYPE",
    "alter_event_trig_stmt": "ALTER EVENT TRIGGER", "alter_extension_stmt": "ALTER EXTENSION … UPDATE",
    "alter_extension_contents_stmt": "ALTER EXTENSION … ADD | DROP",
    "alter_fdw_stmt": "ALTER FOREIGN DATA WRAPPER", "alter_foreign_server_stmt": "ALTER SERVER",
    "alter_function_stmt": "ALTER FUNCTION", "alter_object_depends_stmt": "ALTER … DEPENDS ON EXTENSION",
    "alter_object_schema_stmt": "ALTER … SET SCHEMA", "alter_op_family_stmt": "ALTER OPERATOR FAMILY",
    "alter_operator_stmt": "ALTER OPERATOR", "alter_seq_stmt": "ALTER SEQUENCE",
    "alter_stats_stmt": "ALTER STATISTICS", "alter_subscription_stmt": "ALTER SUBSCRIPTION",
    "alter_tsconfiguration_stmt": "ALTER TEXT SEARCH CONFIGURATION",
    "alter_tsdictionary_stmt": "ALTER TEXT SEARCH DICTIONARY", "alter_type_stmt": "ALTER TYPE … SET (…)",
    "alter_user_mapping_stmt": "ALTER USER MAPPING", "check_point_stmt": "CHECKPOINT",
    "close_portal_stmt": "CLOSE", "composite_type_stmt": "CREATE TYPE … AS (…)",
    "create_am_stmt": "CREATE ACCESS METHOD", "create_cast_stmt": "CREATE CAST",
    "create_conversion_stmt": "CREATE CONVERSION", "create_domain_stmt": "CREATE DOMAIN",
    "create_enum_stmt": "CREATE TYPE … AS ENUM", "create_event_trig_stmt": "CREATE EVENT TRIGGER",
    "create_fdw_stmt": "CREATE FOREIGN DATA WRAPPER", "create_foreign_server_stmt": "CREATE SERVER",
    "create_foreign_table_stmt": "CREATE FOREIGN TABLE", "create_op_class_stmt": "CREATE OPERATOR CLASS",
    "create_op_family_stmt": "CREATE OPERATOR FAMILY", "create_plang_stmt": "CREATE LANGUAGE",
    "create_range_stmt": "CREATE TYPE … AS RANGE", "create_schema_stmt": "CREATE SCHEMA",
    "create_seq_stmt": "CREATE SEQUENCE", "create_stats_stmt": "CREATE STATISTICS",
    "create_transform_stmt": "CREATE TRANSFORM", "create_trig_stmt": "CREATE TRIGGER",
    "create_user_mapping_stmt": "CREATE USER MAPPING", "cluster_stmt": "CLUSTER",
    "declare_cursor_stmt": "DECLARE", "deallocate_stmt": "DEALLOCATE",
    "drop_user_mapping_stmt": "DROP USER MAPPING", "explain_stmt": "EXPLAIN", "fetch_stmt": "FETCH or MOVE",
    "import_foreign_schema_stmt": "IMPORT FOREIGN SCHEMA", "notify_stmt": "NOTIFY",
    "plassign_stmt": "an assignment of PL/pgSQL", "refresh_mat_view_stmt": "REFRESH MATERIALIZED VIEW",
    "replica_identity_stmt": "ALTER TABLE … REPLICA IDENTITY", "return_stmt": "RETURN",
    "rule_stmt": "CREATE RULE", "sec_label_stmt": "SECURITY LABEL", "unlisten_stmt": "UNLISTEN",
    "variable_show_stmt": "SHOW", "view_stmt": "CREATE VIEW",
}  # fmt: skip
"""Statements by their node."""

OBJECTS = {
    "OBJECT_ACCESS_METHOD": "ACCESS METHOD", "OBJECT_AMOP": "OPERATOR", "OBJECT_AMPROC": "FUNCTION",
    "OBJECT_ATTRIBUTE": "ATTRIBUTE", "OBJECT_DEFACL": "DEFAULT PRIVILEGES", "OBJECT_DEFAULT": "DEFAULT",
    "OBJECT_DOMCONSTRAINT": "CONSTRAINT of a DOMAIN", "OBJECT_FDW": "FOREIGN DATA WRAPPER",
    "OBJECT_FOREIGN_SERVER": "SERVER", "OBJECT_LARGEOBJECT": "LARGE OBJECT",
    "OBJECT_MATVIEW": "MATERIALIZED VIEW", "OBJECT_OPCLASS": "OPERATOR CLASS",
    "OBJECT_OPFAMILY": "OPERATOR FAMILY", "OBJECT_PARAMETER_ACL": "PARAMETER",
    "OBJECT_PUBLICATION_NAMESPACE": "PUBLICATION", "OBJECT_PUBLICATION_REL": "PUBLICATION",
    "OBJECT_STATISTIC_EXT": "STATISTICS", "OBJECT_TABCONSTRAINT": "CONSTRAINT",
    "OBJECT_TSCONFIGURATION": "TEXT SEARCH CONFIGURATION", "OBJECT_TSDICTIONARY": "TEXT SEARCH DICTIONARY",
    "OBJECT_TSPARSER": "TEXT SEARCH PARSER", "OBJECT_TSTEMPLATE": "TEXT SEARCH TEMPLATE",
}  # fmt: skip
"""Sorts of objects that SQL calls otherwise than the grammar."""

SUBCOMMANDS = {
    "AT_AddColumnToView": "ADD COLUMN", "AT_CookedColumnDefault": "ALTER COLUMN … SET DEFAULT",
    "AT_ColumnDefault": "ALTER COLUMN … SET | DROP DEFAULT",
    "AT_SetStatistics": "ALTER COLUMN … SET STATISTICS", "AT_SetExpression": "ALTER COLUMN … SET EXPRESSION",
    "AT_DropExpression": "ALTER COLUMN … DROP EXPRESSION", "AT_SetStorage": "ALTER COLUMN … SET STORAGE",
    "AT_SetCompression": "ALTER COLUMN … SET COMPRESSION", "AT_SetOptions": "ALTER COLUMN … SET (…)",
    "AT_ResetOptions": "ALTER COLUMN … RESET (…)", "AT_AddIndex": "ADD INDEX", "AT_ReAddIndex": "ADD INDEX",
    "AT_ReAddConstraint": "ADD CONSTRAINT", "AT_ReAddDomainConstraint": "ADD CONSTRAINT",
    "AT_AddIndexConstraint": "ADD CONSTRAINT … USING INDEX", "AT_ReAddComment": "COMMENT",
    "AT_ReAddStatistics": "ADD STATISTICS", "AT_AlterConstraint": "ALTER CONSTRAINT",
    "AT_ValidateConstraint": "VALIDATE CONSTRAINT", "AT_AlterColumnType": "ALTER COLUMN … TYPE",
    "AT_AlterColumnGenericOptions": "ALTER COLUMN … OPTIONS", "AT_ChangeOwner": "OWNER TO",
    "AT_ClusterOn": "CLUSTER ON", "AT_DropCluster": "SET WITHOUT CLUSTER", "AT_SetLogged": "SET LOGGED",
    "AT_SetUnLogged": "SET UNLOGGED", "AT_DropOids": "SET WITHOUT OIDS",
    "AT_SetAccessMethod": "SET ACCESS METHOD", "AT_SetTableSpace": "SET TABLESPACE",
    "AT_SetRelOptions": "SET (…)", "AT_ResetRelOptions": "RESET (…)", "AT_ReplaceRelOptions": "SET (…)",
    "AT_EnableTrig": "ENABLE TRIGGER", "AT_EnableAlwaysTrig": "ENABLE ALWAYS TRIGGER",
    "AT_EnableReplicaTrig": "ENABLE REPLICA TRIGGER", "AT_DisableTrig": "DISABLE TRIGGER",
    "AT_EnableTrigAll": "ENABLE TRIGGER ALL", "AT_DisableTrigAll": "DISABLE TRIGGER ALL",
    "AT_EnableTrigUser": "ENABLE TRIGGER USER", "AT_DisableTrigUser": "DISABLE TRIGGER USER",
    "AT_EnableRule": "ENABLE RULE", "AT_EnableAlwaysRule": "ENABLE ALWAYS RULE",
    "AT_EnableReplicaRule": "ENABLE REPLICA RULE", "AT_DisableRule": "DISABLE RULE",
    "AT_AddInherit": "INHERIT", "AT_DropInherit": "NO INHERIT", "AT_AddOf": "OF", "AT_DropOf": "NOT OF",
    "AT_ReplicaIdentity": "REPLICA IDENTITY", "AT_EnableRowSecurity": "ENABLE ROW LEVEL SECURITY",
    "AT_DisableRowSecurity": "DISABLE ROW LEVEL SECURITY", "AT_ForceRowSecurity": "FORCE ROW LEVEL SECURITY",
    "AT_NoForceRowSecurity": "NO FORCE ROW LEVEL SECURITY", "AT_GenericOptions": "OPTIONS (…)",
    "AT_AttachPartition": "ATTACH PARTITION", "AT_DetachPartition": "DETACH PARTITION",
    "AT_DetachPartitionFinalize": "DETACH PARTITION … FINALIZE",
    "AT_AddIdentity": "ALTER COLUMN … ADD GENERATED … AS IDENTITY",
    "AT_SetIdentity": "ALTER COLUMN … SET GENERATED | RESTART",
    "AT_DropIdentity": "ALTER COLUMN … DROP IDENTITY", "AT_AddColumn": "ADD COLUMN",
    "AT_DropColumn": "DROP COLUMN", "AT_DropNotNull": "ALTER COLUMN … DROP NOT NULL",
    "AT_SetNotNull": "ALTER COLUMN … SET NOT NULL", "AT_CheckNotNull": "ALTER COLUMN … SET NOT NULL",
    "AT_AddConstraint": "ADD CONSTRAINT", "AT_DropConstraint": "DROP CONSTRAINT",
}  # fmt: skip
"""Subcommands of ALTER TABLE and its like."""

ATTRIBUTES = {
    "AT_AddColumn": "ADD ATTRIBUTE", "AT_DropColumn": "DROP ATTRIBUTE",
    "AT_AlterColumnType": "ALTER ATTRIBUTE … TYPE",
}  # fmt: skip
"""The same of a composite type."""

DOMAINS = {
    "T": "SET | DROP DEFAULT", "N": "DROP NOT NULL", "O": "SET NOT NULL", "C": "ADD CONSTRAINT",
    "X": "DROP CONSTRAINT", "V": "VALIDATE CONSTRAINT",
}  # fmt: skip
"""Subcommands of ALTER DOMAIN."""


def statement(node: str, body: dict[str, Any]) -> str:
    """`REFRESH MATERIALIZED VIEW`; of what says itself what it is about, that too."""
    if node == "define_stmt":
        return f"CREATE {sort(body['kind'])}"
    if node == "alter_domain_stmt":
        return f"ALTER DOMAIN … {DOMAINS.get(body.get('subtype', ''), '')}".rstrip(" …")
    if node == "alter_operator_stmt":
        return "ALTER OPERATOR … SET (…)"
    return STATEMENTS.get(node) or node.removesuffix("_stmt").replace("_", " ").upper()


def sort(object_type: str) -> str:
    """Of an object, as SQL calls it."""
    return OBJECTS.get(object_type) or object_type.removeprefix("OBJECT_").replace("_", " ")


def subcommand(object_type: str, subtype: str) -> str:
    """`ALTER TABLE … SET UNLOGGED`."""
    words = ATTRIBUTES if object_type == "OBJECT_TYPE" else SUBCOMMANDS
    return f"ALTER {sort(object_type)} … {words.get(subtype) or _camel(subtype)}"


def unknown(words: str) -> str:
    """The refusal of a kind that nobody has looked into, with the way out."""
    return (
        f"{words} is not a known kind of statement: leave it out and do it by hand, or write it in a DO "
        "block, which --allow-opaque takes"
    )


def _camel(subtype: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", subtype.removeprefix("AT_")).upper()
