"""Where the down SQL is in the files of each tool, and what is refused with its file and line."""

# ruff: noqa: E501 - a row of a table is one line

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import OperatorError, PlanRefused
from monitor.history import TOOLS, dbmate, goose, node_pg_migrate, sql_migrate, tern, wrapper
from monitor.history.source import NoHistory, history_of
from monitor.history.tool import Script, Unusable
from monitor.settings import reference

ANY = Script("1", ("1",), Path("x.sql"))
DOWN = "DROP TABLE a;\n"


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def refusal(directory: Path, tool: str, migration: str, files: dict[str, str]) -> str:
    write(directory, files)
    with pytest.raises(OperatorError) as e:
        history_of(TOOLS[tool], str(directory), None, None, {}).down(migration, None)
    return str(e.value).replace(f"{directory}/", "").replace(str(directory), "DIR")


GOOD: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("plain", "add", {"add.sql": "", "add.down.sql": DOWN}, DOWN.encode(), 1),
    ("plain", "add.sql", {"add.sql": "", "add.rollback.sql": DOWN}, DOWN.encode(), 1),
    ("golang-migrate", "2", {"000001_a.up.sql": "", "2_b.up.sql": "", "2_b.down.sql": DOWN}, DOWN.encode(), 1),
    ("golang-migrate", "b", {"2_b.up.sql": "", "2_b.down.sql": DOWN}, DOWN.encode(), 1),
    ("dbmate", "20260101_a", {"20260101_a.sql": f"-- migrate:up\nx;\n-- migrate:down transaction:false\n{DOWN}"},
     DOWN.encode(), 4),
    ("dbmate", "20260101", {"20260101_a.sql": f"-- note\n\n--migrate:up\r\nx;\r\n--   migrate:down\r\n{DOWN}"},
     DOWN.encode(), 6),
    ("goose", "7", {"00007_a.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\nx;\n-- +goose down\n{DOWN}"},
     DOWN.encode(), 5),
    ("sql-migrate", "1_a", {"1_a.sql": f"-- +migrate Up\nx;\n-- +migrate Down\n{DOWN}-- +migrate Up\ny;\n"},
     DOWN.encode(), 4),
    ("tern", "3", {"003_a.sql": f"x;\n---- create above / drop below ----\n{DOWN}"}, DOWN.encode(), 3),
    ("sqlx", "a", {"20260101_a.up.sql": "", "20260101_a.down.sql": f"-- no-transaction\n{DOWN}"},
     f"-- no-transaction\n{DOWN}".encode(), 1),
    ("node-pg-migrate", "1_a", {"1_a.sql": f"-- Up Migration\nx;\n  --- down migration\n{DOWN}"},
     DOWN.encode(), 4),
    ("node-pg-migrate", "1_a", {"1_a.sql": f"-- Down Migration\n{DOWN}-- Up Migration\nx;\n"}, DOWN.encode(), 2),
    ("sqitch", "users/add", {
        "sqitch.plan": "%project=p\n\nusers/add [a b] 2026-01-01T00:00:00Z A <a@b> # n\n",
        "revert/users/add.sql": f"-- Revert p:users/add\n\nBEGIN;\n{DOWN}COMMIT;\n"},
     f"-- Revert p:users/add\n\nBEGIN;\n{DOWN}COMMIT;\n".encode(), 1),
    ("flyway", "V1.2", {"V1_2__a.sql": "", "U1_2__a.sql": DOWN}, DOWN.encode(), 1),
    ("liquibase", "2", {"c.sql": "--liquibase formatted sql\n--changeset ann:1\nx;\n--rollback one;\n"
                        "--changeset \"ann b\":2 splitStatements:false\nx;\n-- ROLLBACK DROP TABLE a\n-- note\n"
                        "--rollback CASCADE;\n"}, b"DROP TABLE a\nCASCADE;", 7),
    ("liquibase", "c", {"c.sql": "-- liquibase formatted sql\n--changeset ann:1\nx;\n/* liquibase rollback\n"
                        "DROP TABLE a;\n*/\n"}, b"DROP TABLE a;", 5),
    ("diesel", "20260102030405", {"2026-01-02-030405_a/down.sql": DOWN}, DOWN.encode(), 1),
    ("prisma", "20260101_a", {"20260101_a/down.sql": DOWN, "migration_lock.toml": ""}, DOWN.encode(), 1),
    ("yoyo", "0001", {"0001.a.sql": "", "0001.a.rollback.sql": DOWN}, DOWN.encode(), 1),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "migration", "files", "sql", "line"), GOOD)
def test_the_down_sql_is_the_bytes_of_the_file(
    tmp_path: Path, tool: str, migration: str, files: dict[str, str], sql: bytes, line: int
) -> None:
    """Nothing is added, and lines are those of the file."""
    write(tmp_path, files)
    down = history_of(TOOLS[tool], str(tmp_path), None, None, {}).down(migration, None)
    assert (down.sql, down.line_of(1)) == (sql, line)


UP = "-- migrate:up\nx;\n"
GOOSE_UP = "-- +goose Up\nx;\n"

BAD: list[tuple[str, str, dict[str, str], str]] = [
    ("plain", "x", {"add.down.sql": DOWN}, "no migration 'x' in DIR: it has 1, the last are add.down.sql"),
    ("plain", "add", {"add.down.sql": DOWN, "add.rollback.sql": DOWN},
     "'add' is the name of 2 migrations: give one of add.down.sql, add.rollback.sql"),
    ("golang-migrate", "1", {"1_a.up.sql": ""}, "1_a.down.sql: there is no such file: this migration has no down SQL"),
    ("dbmate", "1", {"1_a.sql": UP}, "1_a.sql: there is no migrate:down section: the migration is irreversible"),
    ("dbmate", "1", {"1_a.sql": f"{UP}-- migrate:down\n\n"},
     "line 3: 1_a.sql: the down section is empty: there is nothing to execute"),
    ("dbmate", "1", {"1_a.sql": f"-- migrate:down\n{DOWN}{UP}"},
     "line 1: 1_a.sql: migrate:down stands before migrate:up"),
    ("dbmate", "1", {"1_a.sql": f"{UP}-- migrate:down\n{DOWN}{UP}"},
     "line 5: 1_a.sql: a second migrate:up section: give the rollback by --rollback"),
    ("goose", "1", {"1_a.sql": GOOSE_UP}, "1_a.sql: there is no +goose Down section: the migration is irreversible"),
    ("goose", "1", {"1_a.sql": f"{GOOSE_UP} -- +goose Down\n{DOWN}"},
     "line 3: 1_a.sql: a +goose annotation must begin its line"),
    ("goose", "1", {"1_a.sql": f"{GOOSE_UP}-- +goose Down\n-- +goose ENVSUB ON\n{DOWN}"},
     "line 4: 1_a.sql: ENVSUB puts environment variables into the SQL: give the rollback by --rollback"),
    ("sql-migrate", "1_a", {"1_a.sql": "-- +migrate Up\n"},
     "1_a.sql: there is no +migrate Down section: the migration is irreversible"),
    ("tern", "1", {"001_a.sql": "x;"},
     "001_a.sql: there is no line `---- create above / drop below ----`: the migration is irreversible"),
    ("tern", "1", {"001_a.sql": "x;\n---- create above / drop below ----\n\nDROP TABLE {{.name}};\n"},
     "line 4: 001_a.sql: a template can't be filled in here: render the SQL and give it by --rollback"),
    ("node-pg-migrate", "1_a", {"1_a.sql": "-- Up Migration\nx;"},
     "1_a.sql: there is no Down Migration section: the migration is irreversible"),
    ("flyway", "1", {"V1__a.sql": ""}, "U1__a.sql: there is no such file: this migration has no down SQL"),
    ("flyway", "1", {"V1__a.sql": "", "U1__a.sql": "SELECT 1;\nDROP TABLE ${t};"},
     "line 2: U1__a.sql: a placeholder can't be filled in here: render the SQL and give it by --rollback"),
    ("liquibase", "1", {"c.sql": "--liquibase formatted sql\n\n--changeset a:1\nx;\n"},
     "line 3: c.sql: changeset a:1 has no --rollback: it is irreversible"),
    ("liquibase", "1", {"c.sql": "--liquibase formatted sql\n--changeset a:1\nx;\n--rollback not required\n"},
     "line 4: c.sql: the changeset says that it needs no rollback: there is nothing to execute"),
    ("liquibase", "1", {"c.sql": "--liquibase formatted sql\n--changeset a:1\n--rollback changesetId:0 changesetAuthor:a\n"},
     "line 3: c.sql: the rollback runs another changeset again: give its SQL by --rollback"),
    ("liquibase", "1", {"c.sql": "--liquibase formatted sql\n--changeset a:1\n--rollback A\n--rollback ${b}\n"},
     "line 4: c.sql: a property can't be filled in here: render the SQL and give it by --rollback"),
    ("liquibase", "1", {"b.sql": "--liquibase formatted sql\n--changeset a:1\n--rollback A\n",
                        "c.sql": "--liquibase formatted sql\n--changeset a:1\n--rollback A\n"},
     "'1' is the name of 2 migrations: give one of b.sql::1::a, c.sql::1::a"),
    ("sqitch", "x", {"a.sql": ""}, "there is no sqitch.plan in DIR: `dir` is the folder that holds it"),
    ("sqitch", "x", {"sqitch.plan": "%project=p\nx 2026-01-01T00:00:00Z A <a@b> # n\n"},
     "revert/x.sql: there is no such file: this migration has no down SQL"),
    ("golang-migrate", "1", {"1_a.up.sql": "", "1_a.down.sql": DOWN, "1_a.down.sql~": "DROP TABLE old"},
     "1_a.down.sql~: 1_a.down.sql goes back from the same version"),
    ("flyway", "1", {"V1__a.sql": "", "U1__a.sql": DOWN, "U1__b.sql": DOWN},
     "U1__b.sql: U1__a.sql undoes the same version"),
    ("liquibase", "b::1", {"c.sql": "--liquibase formatted sql\n--changeset a:b::1\n--rollback A\n"},
     "c.sql: c.sql::b::1::a has more than two `::`: give the rollback by --rollback"),
    ("rails", "1", {}, "rails keeps no SQL to go back: render it, and give it by --rollback FILE"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "migration", "files", "said"), BAD)
def test_what_can_not_be_used_is_refused_with_file_and_line(
    tmp_path: Path, tool: str, migration: str, files: dict[str, str], said: str
) -> None:
    """One clear sentence."""
    assert refusal(tmp_path, tool, migration, files) == said


BODY = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    lambda t: bool(t.strip()) and "--" not in t and t.strip("\r\n \t") != ""
)
FORMS = (
    (dbmate.down, "-- migrate:up\n", "-- migrate:down\n"),
    (goose.down, "-- +goose Up\n", "-- +goose Down\n"),
    (sql_migrate.down, "-- +migrate Up\n", "-- +migrate Down\n"),
    (tern.down, "", "---- create above / drop below ----\n"),
    (node_pg_migrate.down, "-- Up Migration\n", "-- Down Migration\n"),
)


@given(BODY, BODY)
def test_a_down_section_is_an_exact_slice(up: str, down: str) -> None:
    """Whatever stands in it, its bytes are those behind the marker, and its line is the marker's next."""
    for grammar, before, marker in FORMS:
        head = f"{before}{up}\n{marker}".encode()
        try:
            section = grammar(head + down.encode(), ANY)
        except Unusable as e:
            refused = "{{" in down and "template" in e.why
        else:
            refused = False
            assert section.sql == down.encode()
            assert section.lines == (head.count(b"\n") + 1,)
        assert refused == (grammar is tern.down and "{{" in down)


def test_transactions_inside_a_body_stay() -> None:
    """A procedure may hold lines that look like transaction control."""
    sql = b"BEGIN;\nCREATE PROCEDURE p() LANGUAGE plpgsql AS $x$\nBEGIN\nCOMMIT;\nEND $x$;\nCOMMIT;\n"
    assert wrapper.without_transactions(sql) == sql.replace(b"BEGIN;", b"      ", 1)[:-8] + b"       \n"


def test_tools_of_the_configuration_are_those_of_history() -> None:
    """A tool that the file may name is one that is known, and the other way round."""
    assert reference.schema()["$defs"]["Migrations"]["properties"]["tool"]["enum"] == [*TOOLS]


@pytest.mark.parametrize(
    ("own", "row"), [({}, "DELETE"), ({"edition": "community"}, "DELETE"), ({"edition": "teams"}, "UNDO_SQL")]
)
def test_flyways_edition_says_which_row_undoes(own: dict[str, object], row: str) -> None:
    """Community would refuse the type that the paid editions write."""
    books = history_of(TOOLS["flyway"], None, None, None, own).down("V2__b.sql", b"DROP TABLE a").bookkeeping
    assert books is not None
    assert [write.args for write in books.writes] == [("2", row)]


def test_without_a_tool_the_rollback_must_be_given() -> None:
    """The sentence says both remedies."""
    assert NoHistory().down("m", b"SQL").sql == b"SQL"
    with pytest.raises(OperatorError, match="give --rollback FILE, or configure `migrations`"):
        NoHistory().down("m", None)


def test_a_directory_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """Told by `check`, and refused by `watch`."""
    history = history_of(TOOLS["dbmate"], str(tmp_path / "no"), None, None, {})
    assert history.faults() == [
        f"dir {tmp_path / 'no'} is no directory: name the one that holds the migrations"
    ]
    with pytest.raises(OperatorError, match="can't be read: No such file or directory"):
        history.down("1", None)
    assert history_of(TOOLS["dbmate"], str(tmp_path), None, None, {}).faults() == [
        f"dir {tmp_path} holds no migration of dbmate"
    ]


RENDERED = """BEGIN;

-- Running downgrade ae3 -> ae2

DROP TABLE b;

UPDATE alembic_version SET version_num='ae2' WHERE alembic_version.version_num = 'ae3';

COMMIT;

DROP INDEX CONCURRENTLY i;

BEGIN;

-- Running downgrade ae2 ->

DROP TABLE a;

DELETE FROM alembic_version WHERE alembic_version.version_num = 'ae2';

DROP TABLE alembic_version;

COMMIT;

"""


def test_alembic_books_are_taken_out_of_the_rendered_sql() -> None:
    """Every other byte stays on its line, and what was said to the table is known."""
    down = history_of(TOOLS["alembic"], None, None, None, {}).down("x", RENDERED.encode())
    assert down.sql.decode().split() == [
        "--",
        "Running",
        "downgrade",
        "ae3",
        "->",
        "ae2",
        "DROP",
        "TABLE",
        "b;",
        "DROP",
        "INDEX",
        "CONCURRENTLY",
        "i;",
        "--",
        "Running",
        "downgrade",
        "ae2",
        "->",
        "DROP",
        "TABLE",
        "a;",
    ]
    assert down.sql.index(b"DROP TABLE a;") == RENDERED.index("DROP TABLE a;")
    assert down.bookkeeping is not None
    assert [(w.args, w.rows) for w in down.bookkeeping.writes] == [(("ae3", "ae2"), 1), (("ae2",), 1)]


def test_alembic_books_of_another_table_are_refused() -> None:
    """What is taken out of the SQL is said to the configured table, so it must be that one."""
    sql = RENDERED.replace("alembic_version", "app.versions").encode()
    with pytest.raises(PlanRefused, match="the SQL sets version_num of versions, configured is"):
        history_of(TOOLS["alembic"], None, None, None, {}).down("x", sql)
    books = history_of(TOOLS["alembic"], None, "versions", "app", {}).down("x", sql).bookkeeping
    assert books is not None
    assert books.tables[0].name == '"app"."versions"'
    down = history_of(TOOLS["alembic"], None, "versions", "app", {}).down("x", sql)
    assert b"versions" not in down.sql  # nor is the tool's table dropped under its books


REVISION = 'revision: str = "{}"\ndown_revision: str | None = {}\nimport os\nos.abort()\n'


def test_alembic_books_of_other_sql_come_from_the_revisions(tmp_path: Path) -> None:
    """Read as constants: nothing of a revision file is executed."""
    write(tmp_path, {"a.py": REVISION.format("ae1", "None"), "b.py": REVISION.format("ae2", '"ae1"'),
                     "m.py": REVISION.format("ae4", '("ae2", "ae3")')})  # fmt: skip
    history = history_of(TOOLS["alembic"], str(tmp_path), None, None, {})
    books = history.down("ae2", b"DROP TABLE a").bookkeeping
    assert books is not None
    assert [w.args for w in books.writes] == [("ae2", "ae1")]
    with pytest.raises(PlanRefused, match="ae4 merges ae2, ae3: render the SQL"):
        history.down("ae4", b"DROP TABLE a")
    with pytest.raises(PlanRefused, match="ae9 is no revision in"):
        history.down("ae9", b"DROP TABLE a")


def test_names_of_tables_are_quoted() -> None:
    """A schema and a table as configured are identifiers, whatever stands in them."""
    books = history_of(TOOLS["dbmate"], None, 'my"table', "app", {}).down("1_x", b"DROP TABLE a").bookkeeping
    assert books is not None
    assert books.tables[0].name == '"app"."my""table"'
    assert books.writes[0].args == ("1",)
