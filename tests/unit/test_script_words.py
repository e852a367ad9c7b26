"""Every refusal of a kind of statement speaks SQL's words and names a way out."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from monitor.errors import PlanRefused
from monitor.sql import scripts, vocabulary
from monitor.sql.refusals import BY_NODE
from monitor.statements.reading import READERS

READ = {place.partition(" ")[0] for place in READERS}

TREE = import_module("postgast.pg_query_pb2")

REFUSED: list[tuple[str, str]] = [
    ("ALTER COLLATION c REFRESH VERSION", "ALTER COLLATION"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", "ALTER DEFAULT PRIVILEGES"),
    ("ALTER DOMAIN d SET DEFAULT 1", "ALTER DOMAIN … SET | DROP DEFAULT"),
    ("ALTER DOMAIN d DROP NOT NULL", "ALTER DOMAIN … DROP NOT NULL"),
    ("ALTER DOMAIN d SET NOT NULL", "ALTER DOMAIN … SET NOT NULL"),
    ("ALTER DOMAIN d ADD CHECK (VALUE > 0)", "ALTER DOMAIN … ADD CONSTRAINT"),
    ("ALTER DOMAIN d DROP CONSTRAINT k", "ALTER DOMAIN … DROP CONSTRAINT"),
    ("ALTER DOMAIN d VALIDATE CONSTRAINT k", "ALTER DOMAIN … VALIDATE CONSTRAINT"),
    ("ALTER DOMAIN d OWNER TO r", "ALTER DOMAIN … OWNER TO"),
    ("ALTER DOMAIN d SET SCHEMA s", "ALTER DOMAIN … SET SCHEMA"),
    ("ALTER DOMAIN d RENAME CONSTRAINT k TO l", "ALTER CONSTRAINT of a DOMAIN … RENAME"),
    ("ALTER TYPE m ADD VALUE 'x'", "ALTER TYPE … ADD VALUE"),
    ("ALTER TYPE p ALTER ATTRIBUTE a TYPE int", "ALTER TYPE … ALTER ATTRIBUTE … TYPE"),
    ("ALTER TYPE t SET (storage = plain)", "ALTER TYPE … SET (…)"),
    ("ALTER TYPE t SET SCHEMA s", "ALTER TYPE … SET SCHEMA"),
    ("ALTER EVENT TRIGGER e DISABLE", "ALTER EVENT TRIGGER"),
    ("ALTER EXTENSION e UPDATE", "ALTER EXTENSION … UPDATE"),
    ("ALTER EXTENSION e ADD TABLE t", "ALTER EXTENSION … ADD | DROP"),
    ("ALTER FOREIGN DATA WRAPPER w OPTIONS (a 'b')", "ALTER FOREIGN DATA WRAPPER"),
    ("ALTER SERVER s OPTIONS (a 'b')", "ALTER SERVER"),
    ("ALTER FUNCTION f() DEPENDS ON EXTENSION e", "ALTER … DEPENDS ON EXTENSION"),
    ("ALTER FUNCTION f() SET SCHEMA s", "ALTER FUNCTION … SET SCHEMA"),
    ("ALTER MATERIALIZED VIEW m SET SCHEMA s", "ALTER MATERIALIZED VIEW … SET SCHEMA"),
    ("ALTER MATERIALIZED VIEW m CLUSTER ON i", "ALTER MATERIALIZED VIEW … CLUSTER ON"),
    ("ALTER OPERATOR === (int, int) SET (restrict = none)", "ALTER OPERATOR … SET (…)"),
    ("ALTER OPERATOR === (int, int) OWNER TO r", "ALTER OPERATOR … OWNER TO"),
    ("ALTER OPERATOR FAMILY f USING btree DROP OPERATOR 1 (int, int)", "ALTER OPERATOR FAMILY"),
    ("ALTER OPERATOR CLASS c USING btree RENAME TO d", "ALTER OPERATOR CLASS … RENAME"),
    ("ALTER STATISTICS s SET STATISTICS 5", "ALTER STATISTICS"),
    ("ALTER SUBSCRIPTION s DISABLE", "ALTER SUBSCRIPTION"),
    ("ALTER TEXT SEARCH CONFIGURATION c DROP MAPPING FOR word", "ALTER TEXT SEARCH CONFIGURATION"),
    ("ALTER TEXT SEARCH DICTIONARY d (a = b)", "ALTER TEXT SEARCH DICTIONARY"),
    ("ALTER TEXT SEARCH PARSER p RENAME TO q", "ALTER TEXT SEARCH PARSER … RENAME"),
    ("ALTER USER MAPPING FOR r SERVER s OPTIONS (a 'b')", "ALTER USER MAPPING"),
    ("ALTER SCHEMA s RENAME TO t", "ALTER SCHEMA … RENAME"),
    ("ALTER SCHEMA s OWNER TO r", "ALTER SCHEMA … OWNER TO"),
    ("ALTER RULE x ON t RENAME TO y", "ALTER RULE … RENAME"),
    ("ALTER LARGE OBJECT 1 OWNER TO r", "ALTER LARGE OBJECT … OWNER TO"),
    ("ALTER VIEW v ALTER COLUMN a SET DEFAULT 1", "ALTER VIEW … ALTER COLUMN … SET | DROP DEFAULT"),
    ("ALTER INDEX i ATTACH PARTITION j", "ALTER INDEX … ATTACH PARTITION"),
    ("ALTER INDEX i SET TABLESPACE s", "ALTER INDEX … SET TABLESPACE"),
    ("ALTER SEQUENCE s SET UNLOGGED", "ALTER SEQUENCE … SET UNLOGGED"),
    ("ALTER SEQUENCE s SET SCHEMA t", "ALTER SEQUENCE … SET SCHEMA"),
    ("ALTER FOREIGN TABLE t OPTIONS (a 'b')", "ALTER FOREIGN TABLE … OPTIONS (…)"),
    ("ALTER TABLE t SET SCHEMA s", "ALTER TABLE … SET SCHEMA"),
    ("ALTER TABLE t SET UNLOGGED", "ALTER TABLE … SET UNLOGGED"),
    ("ALTER TABLE t SET LOGGED", "ALTER TABLE … SET LOGGED"),
    ("ALTER TABLE t SET ACCESS METHOD heap", "ALTER TABLE … SET ACCESS METHOD"),
    ("ALTER TABLE t SET TABLESPACE s", "ALTER TABLE … SET TABLESPACE"),
    ("ALTER TABLE t SET WITHOUT CLUSTER", "ALTER TABLE … SET WITHOUT CLUSTER"),
    ("ALTER TABLE t CLUSTER ON i", "ALTER TABLE … CLUSTER ON"),
    ("ALTER TABLE t INHERIT p", "ALTER TABLE … INHERIT"),
    ("ALTER TABLE t NO INHERIT p", "ALTER TABLE … NO INHERIT"),
    ("ALTER TABLE t OF p", "ALTER TABLE … OF"),
    ("ALTER TABLE t NOT OF", "ALTER TABLE … NOT OF"),
    ("ALTER TABLE t ATTACH PARTITION p DEFAULT", "ALTER TABLE … ATTACH PARTITION"),
    ("ALTER TABLE t DETACH PARTITION p", "ALTER TABLE … DETACH PARTITION"),
    ("ALTER TABLE t DETACH PARTITION p FINALIZE", "ALTER TABLE … DETACH PARTITION … FINALIZE"),
    ("ALTER TABLE t ENABLE TRIGGER ALL", "ALTER TABLE … ENABLE TRIGGER ALL"),
    ("ALTER TABLE t DISABLE TRIGGER USER", "ALTER TABLE … DISABLE TRIGGER USER"),
    ("ALTER TABLE t ENABLE ALWAYS TRIGGER x", "ALTER TABLE … ENABLE ALWAYS TRIGGER"),
    ("ALTER TABLE t DISABLE RULE x", "ALTER TABLE … DISABLE RULE"),
    ("ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE", "ALTER TABLE … ALTER CONSTRAINT"),
    ("ALTER TABLE t ALTER a SET STORAGE main", "ALTER TABLE … ALTER COLUMN … SET STORAGE"),
    ("ALTER TABLE t ALTER a SET COMPRESSION lz4", "ALTER TABLE … ALTER COLUMN … SET COMPRESSION"),
    ("ALTER TABLE t ALTER a SET EXPRESSION AS (b)", "ALTER TABLE … ALTER COLUMN … SET EXPRESSION"),
    ("ALTER TABLE t ALTER a DROP EXPRESSION", "ALTER TABLE … ALTER COLUMN … DROP EXPRESSION"),
    ("ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY", "ADD GENERATED … AS IDENTITY"),
    ("ALTER TABLE t ALTER a RESTART", "ALTER TABLE … ALTER COLUMN … SET GENERATED | RESTART"),
    ("ALTER TABLE t ALTER a DROP IDENTITY", "ALTER TABLE … ALTER COLUMN … DROP IDENTITY"),
    ("CREATE ACCESS METHOD a TYPE INDEX HANDLER h", "CREATE ACCESS METHOD"),
    ("CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "CREATE AGGREGATE"),
    ("CREATE CAST (int AS text) WITHOUT FUNCTION", "CREATE CAST"),
    ("CREATE COLLATION c (locale = 'C')", "CREATE COLLATION"),
    ("CREATE CONVERSION c FOR 'a' TO 'b' FROM f", "CREATE CONVERSION"),
    ("CREATE DOMAIN d AS int", "CREATE DOMAIN"),
    ("CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()", "CREATE EVENT TRIGGER"),
    ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"),
    ("CREATE FOREIGN TABLE t (a int) SERVER s", "CREATE FOREIGN TABLE"),
    ("CREATE LANGUAGE l HANDLER h", "CREATE LANGUAGE"),
    ("CREATE OPERATOR === (function = f, leftarg = int, rightarg = int)", "CREATE OPERATOR"),
    ("CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <", "CREATE OPERATOR CLASS"),
    ("CREATE OPERATOR FAMILY f USING btree", "CREATE OPERATOR FAMILY"),
    ("CREATE RULE r AS ON INSERT TO t DO NOTHING", "CREATE RULE"),
    ("CREATE SCHEMA s", "CREATE SCHEMA"),
    ("CREATE SERVER s FOREIGN DATA WRAPPER w", "CREATE SERVER"),
    ("CREATE STATISTICS s ON a, b FROM t", "CREATE STATISTICS"),
    ("CREATE TABLE t AS SELECT 1", "CREATE TABLE … AS"),
    ("CREATE TEXT SEARCH CONFIGURATION c (parser = p)", "CREATE TEXT SEARCH CONFIGURATION"),
    ("CREATE TEXT SEARCH DICTIONARY d (template = t)", "CREATE TEXT SEARCH DICTIONARY"),
    ("CREATE TRANSFORM FOR int LANGUAGE l (FROM SQL WITH FUNCTION f(internal))", "CREATE TRANSFORM"),
    ("CREATE TYPE p AS (a int)", "CREATE TYPE … AS (…)"),
    ("CREATE TYPE r AS RANGE (subtype = int)", "CREATE TYPE … AS RANGE"),
    ("CREATE TYPE t (input = f, output = g)", "CREATE TYPE"),
    ("CREATE USER MAPPING FOR r SERVER s", "CREATE USER MAPPING"),
    ("DROP ACCESS METHOD a", "DROP ACCESS METHOD"),
    ("DROP CAST (int AS text)", "DROP CAST"),
    ("DROP COLLATION c", "DROP COLLATION"),
    ("DROP CONVERSION c", "DROP CONVERSION"),
    ("DROP EVENT TRIGGER e", "DROP EVENT TRIGGER"),
    ("DROP FOREIGN DATA WRAPPER w", "DROP FOREIGN DATA WRAPPER"),
    ("DROP FOREIGN TABLE t", "DROP FOREIGN TABLE"),
    ("DROP LANGUAGE l", "DROP LANGUAGE"),
    ("DROP OPERATOR CLASS c USING btree", "DROP OPERATOR CLASS"),
    ("DROP OPERATOR FAMILY f USING btree", "DROP OPERATOR FAMILY"),
    ("DROP RULE r ON t", "DROP RULE"),
    ("DROP SERVER s", "DROP SERVER"),
    ("DROP SUBSCRIPTION s", "DROP SUBSCRIPTION"),
    ("DROP TEXT SEARCH CONFIGURATION c", "DROP TEXT SEARCH CONFIGURATION"),
    ("DROP TEXT SEARCH TEMPLATE c", "DROP TEXT SEARCH TEMPLATE"),
    ("DROP TRANSFORM FOR int LANGUAGE l", "DROP TRANSFORM"),
    ("DROP USER MAPPING FOR r SERVER s", "DROP USER MAPPING"),
    ("IMPORT FOREIGN SCHEMA s FROM SERVER a INTO b", "IMPORT FOREIGN SCHEMA"),
    ("SECURITY LABEL ON TABLE t IS 'x'", "SECURITY LABEL"),
    ("COMMENT ON ROLE r IS 'x'", "COMMENT ON ROLE"),
    ("GRANT CREATE ON TABLESPACE s TO r", "GRANT and REVOKE on a TABLESPACE"),
    ("GRANT SET ON PARAMETER p TO r", "GRANT and REVOKE on a PARAMETER"),
    ("NOTIFY c", "NOTIFY"),
    ("UNLISTEN c", "UNLISTEN"),
    ("LISTEN c", "LISTEN"),
    ("CHECKPOINT", "CHECKPOINT"),
    ("CLUSTER t", "CLUSTER"),
    ("EXPLAIN SELECT 1", "EXPLAIN"),
    ("SHOW work_mem", "SHOW"),
    ("DECLARE c CURSOR FOR SELECT 1", "DECLARE"),
    ("FETCH 1 FROM c", "FETCH or MOVE"),
    ("CLOSE c", "CLOSE"),
    ("DEALLOCATE p", "DEALLOCATE"),
    ("PREPARE p AS SELECT 1", "PREPARE"),
    ("EXECUTE p", "EXECUTE"),
    ("LOAD 'l'", "LOAD"),
    ("DISCARD ALL", "DISCARD"),
    ("COPY t TO '/tmp/x'", "COPY"),
    ("ALTER SYSTEM SET a = 1", "ALTER SYSTEM"),
    ("VACUUM (SKIP_LOCKED) t", "VACUUM with SKIP_LOCKED"),
    ("REINDEX (CONCURRENTLY, TABLESPACE b) INDEX a", "REINDEX with TABLESPACE"),
]


async def test_a_refused_kind_is_called_as_sql_calls_it() -> None:
    """By the words that its author wrote, and with a way out behind the colon."""
    script = ";\n".join(sql for sql, _ in REFUSED)
    with pytest.raises(PlanRefused) as refused:
        await scripts.read(script.encode())
    problems = refused.value.problems
    assert [p.line for p in problems] == list(range(1, len(REFUSED) + 1))
    for (sql, said), problem in zip(REFUSED, problems, strict=True):
        assert said in problem.what, sql
        assert not any(word in problem.what for word in ("_stmt", "OBJECT_", "AT_")), sql
        assert re.search(r": .*(leave|write|do it|use|rename|name|make)", problem.what), problem.what


def _statements() -> list[str]:
    fields = TREE.Node.DESCRIPTOR.fields
    return [
        f.name
        for f in fields
        if f.name.endswith("_stmt") and f.name not in {"raw_stmt", "set_operation_stmt"}
    ]


@pytest.mark.parametrize("node", _statements())
def test_every_statement_of_the_grammar_is_known_refused_or_has_words(node: str) -> None:
    """One that comes with a new grammar has to be given its words here, or be taken."""
    assert node in vocabulary.STATEMENTS or node in READ or node in BY_NODE or node in OF_THEIR_OWN


OF_THEIR_OWN = {
    "define_stmt", "variable_set_stmt", "copy_stmt", "create_subscription_stmt", "drop_subscription_stmt",
    "alter_table_move_all_stmt", "transaction_stmt", "constraints_set_stmt",
}  # fmt: skip
"""Statements whose words depend on more, or that are refused by a sentence of their own."""


@pytest.mark.parametrize("subtype", [k for k in TREE.AlterTableType.keys() if k.startswith("AT_")])  # noqa: SIM118
def test_every_subcommand_of_alter_table_is_known_or_has_words(subtype: str) -> None:
    """The grammar's own names, such as `SetUnLogged`, are not SQL's."""
    assert subtype in vocabulary.SUBCOMMANDS or f"alter_table_stmt {subtype}" in READERS


@pytest.mark.parametrize("what", [k for k in TREE.ObjectType.keys() if k != "OBJECT_TYPE_UNDEFINED"])  # noqa: SIM118
def test_every_sort_of_object_is_called_in_whole_words(what: str) -> None:
    """Not `MATVIEW`, `STATISTIC EXT` or `TSDICTIONARY`."""
    said = vocabulary.sort(what)
    parts: list[Any] = said.split()
    assert not {"MATVIEW", "EXT", "FDW", "REL", "ACL", "AMOP", "AMPROC", "OPCLASS", "OPFAMILY"} & set(parts)
    assert not any(p.startswith("TS") for p in parts)
