"""The files in `config/` are what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.core.thresholds import Policy
from monitor.settings import load, reference
from monitor.settings.limits import LIMITS
from monitor.sources.database import FROM_DATABASE
from monitor.sources.presets import AUTO, CHOICES, PRESETS, STATUS
from tests.pages import table

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
ENV = {"SHOP_DSN": "postgresql://db/shop", "SHOP_OWNER_DSN": "postgresql://db/shop"}
STALE = "run `uv run python -m monitor.settings.reference`"


def test_the_annotated_configuration_holds_the_defaults() -> None:
    """Every default that it shows is the code's own, and every key of `watch` and `rollback` is shown."""
    settings = load(CONFIG / "monitor.yaml", ENV)
    assert settings.policy("shop") == Policy()
    for section in (settings.watch, settings.rollback, settings.server, settings.store):
        assert section == type(section).model_validate({})
    for section in (settings.watch, settings.rollback):
        assert section.model_fields_set == set(type(section).model_fields)


def test_init_writes_the_annotated_configuration() -> None:
    """The copy in the package, which a wheel has, is the one in `config/`."""
    assert (ROOT / "monitor/settings/monitor.yaml").read_text() == (CONFIG / "monitor.yaml").read_text()


def test_the_schema_is_fresh() -> None:
    """`config/schema.json` is generated from the models."""
    assert (CONFIG / "schema.json").read_text() == reference.schema_text(), STALE


def test_the_table_of_keys_is_fresh() -> None:
    """Every key, its type, default and meaning, as the models have them."""
    _, _, rest = (CONFIG / "README.md").read_text().partition(reference.BEGIN)
    assert rest.partition(reference.END)[0].strip() == reference.table(), STALE


def test_every_key_has_a_meaning() -> None:
    """An operator need not read the code."""
    assert [key.path for key in reference.all_keys() if not key.meaning] == []


def test_the_readme_names_what_comes_from_the_database() -> None:
    """These need no source."""
    text = (CONFIG / "README.md").read_text()
    assert " and ".join(f"`{name}`" for name in FROM_DATABASE) in text


@pytest.mark.parametrize("key", ["$ref", "$defs"])
def test_the_schema_is_whole(key: str) -> None:
    """Every reference in the schema leads somewhere."""
    schema = json.loads((CONFIG / "schema.json").read_text())
    text = json.dumps(schema)
    for name in {part.split('"')[0] for part in text.split("#/$defs/")[1:]}:
        assert name in schema["$defs"]
    assert key in text


def test_limits_are_keys_of_a_threshold() -> None:
    """The three limits are in the table."""
    paths = {key.path for key in reference.all_keys()}
    assert {f"thresholds.<name>.{limit}" for limit in LIMITS} <= paths


def test_presets_of_the_configuration_are_those_of_the_probe() -> None:
    """A preset that the file may name is one that can be read, and the other way round."""
    assert sorted(CHOICES) == sorted((AUTO, *PRESETS))
    preset = reference.schema()["$defs"]["PrometheusSource"]["properties"]["preset"]
    assert preset["anyOf"][0]["enum"] == [*CHOICES]


def test_the_table_of_presets_is_fresh() -> None:
    """What is read of which library, and how that is known, as presets and collected pages have it."""
    _, _, rest = (CONFIG / "README.md").read_text().partition(table.BEGIN)
    assert rest.partition(table.END)[0].strip() == table.table(), "run `uv run python -m tests.pages.table`"


def test_the_readme_names_the_labels_of_a_status() -> None:
    """Those that `generic` tries."""
    text = " ".join((CONFIG / "README.md").read_text().split())
    assert ", ".join(f"`{label}`" for label in STATUS) in text
