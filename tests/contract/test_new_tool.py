"""A migration tool that nobody knows: one file and one line in a registry.

It goes all the way: from the configuration, its schema and its problems to its row, taken out by a rollback.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.app import check, register
from monitor.errors import ConfigError, PlanRefused, Problem
from monitor.history import TOOLS
from monitor.ports import OutcomeKind, WatchRequest
from monitor.settings import Settings, load, reference, settings_with
from tests.conftest import Database
from tests.quill import QUILL
from tests.rollbacks import build, columns, connected, executing, rolled_back
from tests.rollbacks import load as stored

MODEL = settings_with(tools={**TOOLS, "quill": QUILL})

CONFIG = """targets:
  shop:
    database: {{dsn: "{dsn}", allow_superuser: postgres}}
    migrations: {{{keys}}}
    metrics:
      error_rate: {{json: {{url: "http://127.0.0.1:9/", errors: errors, requests: requests}}}}
    thresholds: {{response_time: null}}
"""
FILE = "ALTER TABLE contacts RENAME COLUMN email TO email_address;\n~~~\n{down};\n"
BACK = "ALTER TABLE contacts RENAME COLUMN email_address TO email"
PAGES = """
CREATE TABLE quill_pages (feather text, page text, PRIMARY KEY (feather, page));
INSERT INTO quill_pages VALUES ('raven', '0041'), ('raven', '0042'), ('goose', '0042'), ('goose', '0043')
"""


def settings(folder: Path, keys: str, dsn: str = "postgresql://127.0.0.1:9/shop") -> Settings:
    path = folder / "monitor.yaml"
    path.write_text(CONFIG.format(dsn=dsn, keys=keys))
    return load(path, {}, model=MODEL)


def problems(folder: Path, keys: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        settings(folder, keys)
    return list(caught.value.problems)


def test_the_schema_and_the_table_of_keys_have_it() -> None:
    """Its name among the others, its own keys after theirs; every other key is as it was."""
    section = reference.schema(MODEL)["$defs"]["Migrations"]["properties"]
    assert section["tool"]["enum"] == [*TOOLS, "quill"]
    plain = reference.schema()["$defs"]["Migrations"]["properties"]
    assert [*section] == [*plain, "feather"]
    keys = {key.path: (key.type, key.default, key.meaning) for key in reference.all_keys(MODEL)}
    own = "targets.<name>.migrations."
    assert keys[f"{own}feather"] == ("text", "goose", "of quill: whose rows are ours")
    others = [key for key in reference.all_keys(MODEL) if key.path not in {f"{own}feather", f"{own}tool"}]
    assert others == [key for key in reference.all_keys() if key.path != f"{own}tool"]


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_no_tool_has_a_key_of_its_own_that_every_tool_has(tool: object) -> None:
    """One of both would be hidden by the other."""
    shared = {"tool", "dir", "table", "schema", "schema_name", "own", "tools"}
    assert shared.isdisjoint(getattr(tool, "keys").model_fields)  # noqa: B009


@pytest.mark.parametrize(
    ("keys", "where", "says"),
    [
        ("tool: quil", ".tool", "'diesel', 'yoyo' or 'quill'; did you mean `quill`?"),
        ("tool: quill, feathr: x", ".feathr", "did you mean `feather`?"),
        ("tool: quill, feather: ' '", ".feather", "is empty: write a value, or remove the key"),
        ("dir: x", ".tool", "is missing: add it"),
    ],
)
def test_a_mistake_in_it_is_told_as_in_any_other(tmp_path: Path, keys: str, where: str, says: str) -> None:
    """One problem, at its place, on its line."""
    (problem,) = problems(tmp_path, keys)
    assert (problem.where, problem.line) == (f"targets.shop.migrations{where}", 4)
    assert says in problem.what


async def test_check_tells_what_is_wrong_with_its_table(database: Database, tmp_path: Path) -> None:
    """By its own name, until another is configured."""
    keys = f"tool: quill, dir: '{tmp_path}'"
    told = [f.text for f in await check(settings(tmp_path, keys, database.dsn)) if "migrations" in f.where]
    assert told == [
        f"dir {tmp_path} holds no migration of quill",
        'the migration tool\'s table "public"."quill_pages" does not exist: '
        "set `migrations.schema` and `migrations.table`",
    ]


@pytest.mark.corner
async def test_a_rollback_is_read_from_its_files_and_its_row_is_taken_out(
    database: Database, tmp_path: Path
) -> None:
    """The one that its own key means: of another feather the row stays, and is no later migration."""
    await build(database.dsn)
    (tmp_path / "0042_rename.quill").write_text(FILE.format(down=BACK))
    async with connected(database.dsn) as c:
        await c.execute(PAGES)
    given = settings(tmp_path, f"tool: quill, dir: '{tmp_path}', feather: raven", database.dsn)
    registered = await register(given, WatchRequest("rename", None))
    watch = await stored(database.dsn, str(registered.view["id"]))
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert "email" in await columns(database.dsn)
    async with connected(database.dsn) as c:
        left = [tuple(row) for row in await c.fetch("SELECT * FROM quill_pages ORDER BY feather, page")]
    assert left == [("goose", "0042"), ("goose", "0043"), ("raven", "0041")]


async def test_what_its_files_do_not_say_is_refused_with_the_file(database: Database, tmp_path: Path) -> None:
    """Before anything is stored."""
    await build(database.dsn)
    file = tmp_path / "0042_rename.quill"
    file.write_text(FILE.format(down=BACK).replace("~~~", ""))
    given = settings(tmp_path, f"tool: quill, dir: '{tmp_path}'", database.dsn)
    with pytest.raises(PlanRefused, match="no line ~~~ parts the way back") as caught:
        await register(given, WatchRequest("0042", None))
    assert str(file) in str(caught.value)
