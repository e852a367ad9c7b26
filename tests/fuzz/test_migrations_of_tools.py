"""Files of migration tools, and SQL: a section is an exact slice of its file, or the file is refused."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import MonitorError, PlanRefused
from monitor.history import TOOLS
from monitor.history.alembic import revisions, standing_on
from monitor.history.source import history_of
from monitor.history.ups import up_part
from monitor.history.wrapper import without_transactions
from monitor.sql import scripts
from tests.fuzz.bounds import EXAMPLES, bounded, fuzzed
from tests.fuzz.mutated import mutated, texts

FILES = (
    b"-- migrate:up\nCREATE TABLE a (b int);\n-- migrate:down\nDROP TABLE a;\n",
    b"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n"
    b"-- +goose Down\nDROP TABLE a;\n",
    b"-- +migrate Up\nSELECT 1;\n-- +migrate Down notransaction\nDROP TABLE a;\n",
    b"SELECT 1;\n---- create above / drop below ----\nDROP TABLE a; -- {{x}}\n",
    b"-- Up Migration\nSELECT 1;\n-- Down Migration\nDROP TABLE a;\n",
    b'--liquibase formatted sql\n--changeset "a b":1 endDelimiter:;\nSELECT 1;\n--rollback DROP TABLE a;\n'
    b"--changeset c:2\n/* liquibase rollback\nDROP TABLE b;\n*/\n",
    b"%syntax-version=1.0.0\n%project=shop\n\nadd_a 2024-01-31T12:00:00Z A <a@b> # x\n"
    b"b [add_a] 2024-01-31T12:00:00Z\n",
    b"BEGIN;\n\nUPDATE alembic_version SET version_num='a1' WHERE alembic_version.version_num = 'b2';\n"
    b"\nCOMMIT;\n",
    b"revision: str = 'b2'\ndown_revision = ('a1', 'a0')\ndepends_on = None\n",
    b"DO $x$\nBEGIN;\nCOMMIT;\n$x$;\n",
)
NAMES = (
    "20240131120000_add.sql", "V1.2__add.sql", "U1_2__add.sql", "0001_add.down.sql", "0001_add.up.sql",
    "sqitch.plan", "003_add.sql", "b2_add.py", "a.rollback.sql", "0" * 300 + "1_x.sql",
    "\N{ARABIC-INDIC DIGIT THREE}_a.sql", "V..__.sql",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("migrations")


@pytest.mark.parametrize("tool", sorted(TOOLS))
@settings(fuzzed, max_examples=EXAMPLES or 15)
@given(
    st.dictionaries(st.sampled_from(NAMES), mutated(FILES), max_size=3),
    st.one_of(st.sampled_from(["0001", "b2", "1.2", "add", "shop:add_a", "x.sql::1::a b"]), texts(12)),
    st.one_of(st.none(), mutated(FILES)),
)
def test_a_folder_has_the_down_sql_or_is_refused(
    folder: Path, tool: str, files: dict[str, bytes], migration: str, given_sql: bytes | None
) -> None:
    """By every tool, whatever is in its files; what is found is a slice of one of them."""
    for name, data in files.items():
        if len(name.encode()) < 256:
            (folder / name).write_bytes(data)
    try:
        with warnings.catch_warnings(), bounded():
            warnings.simplefilter("ignore")  # of the revision's own Python
            history = history_of(TOOLS[tool], str(folder), None, None, {})
            history.faults()
            found = history.down(migration, given_sql)
    except MonitorError as e:
        assert str(e)
        return
    finally:
        for path in folder.iterdir():
            path.unlink()
    whole = [*files.values(), *([] if given_sql is None else [given_sql])]
    sizes = {len(data) for data in whole}
    assert any(found.sql in data for data in whole) or len(found.sql) in sizes or tool == "liquibase"
    assert found.lines


@fuzzed
@given(mutated([FILES[8]], most=4))
@example(b"revision = 'a'\ndown_revision = 5\n")
@example(b"revision = 'a'\ndown_revision = (1, None)\n")
@example(b"revision = 'a'\ndepends_on = {'x': []}\n")
@example(b"revision = 'a'\ndown_revision = {[]: 1}\n")
@example(b"revision = 'a'\ndown_revision = " + b"-" * 20_000 + b"1\n")
@example(b"revision = 'a'\ndown_revision = " + b"(" * 150 + b"1" + b")" * 150)
@example(b"revision = 'a'\ndown_revision = " + b"9" * 5000)
def test_a_revision_of_python_is_read_without_running_it(folder: Path, source: bytes) -> None:
    """What is no name of a revision is none."""
    file = folder / "a.py"
    file.write_bytes(source)
    with warnings.catch_warnings(), bounded():
        warnings.simplefilter("ignore")
        found = revisions(folder)
        above = standing_on(folder, [("b2", "a1"), ("", "a")])
    file.unlink()
    assert all(isinstance(name, str) for key, below in found.items() for name in (key, *below))
    assert all(isinstance(name, str) for names in above.values() for name in names)


@fuzzed
@given(mutated(FILES))
def test_taking_transactions_out_moves_no_byte(data: bytes) -> None:
    """What is left out becomes spaces; doing it twice changes nothing."""
    with bounded():
        found = without_transactions(data)
    assert len(found) == len(data)
    assert all(new in (old, 32) for new, old in zip(found, data, strict=True))
    assert without_transactions(found) == found
    assert data.startswith(up_part(data))


SCRIPTS = (
    b"ALTER TABLE contacts DROP COLUMN new_column;\nDROP INDEX CONCURRENTLY a_idx;\n",
    b"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$; SELECT f();",
    b"ALTER TABLE a RENAME COLUMN email_address TO email; UPDATE a SET b = 'x;y' WHERE c ~ E'\\'' -- ;\n",
    b"DO $x$ BEGIN PERFORM 1; END $x$; COPY a FROM STDIN;\n1\n\\.\n",
)


@settings(fuzzed, max_examples=EXAMPLES // 10 or 8)
@given(st.one_of(mutated(SCRIPTS, most=3), st.binary(max_size=30)))
@example(b"SELECT " + b"(" * 30_000)
@example(b"SELECT 1;" * 300)
@example(b"SELECT '\xf0\x9f\x98\x80' ; SELECT \xe2\x80\xa8 2")
def test_a_script_is_split_into_its_own_bytes_or_refused(sql: bytes) -> None:
    """By PostgreSQL's grammar, in a process of its own; as it is stored it comes back."""
    try:
        text, statements = asyncio.run(scripts.read(sql))
    except PlanRefused as e:
        assert e.problems
        assert all(problem.what for problem in e.problems)
        return
    assert text.encode() == sql
    for s in statements:
        assert s.text in text
        assert scripts.from_json(scripts.to_json(s)) == s
    assert scripts.is_intact(text, scripts.sha256_of(text), statements)
